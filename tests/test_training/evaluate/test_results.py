import doctest

import pytest

from training.evaluate import results
from training.evaluate.results import ResultRow, rows_to_markdown, rows_to_text

LONG = "0.400" + " known" * 11
ROWS = [
    ResultRow("similarity", "all pairs", "1,000", [0.5, 0.25, None], [LONG, "0.250", "-"]),
    ResultRow("similarity", "few", "20", [0.5, 0.5, 0.4], ["0.500", "0.500", LONG]),
    ResultRow("size", "", "", [], ["1 MB", "2 MB", "3 MB"]),
]
MODELS = ["one", "two", "three"]


def test_models_that_do_not_fit_into_a_line_follow_below():
    first, second = rows_to_text(ROWS, models=MODELS).split("\n\n")
    assert [line.split() for line in first.splitlines()[::3]] == [
        ["measure", "set", "n", "one", "two"],
        ["size", "1", "MB", "2", "MB"],
    ]
    assert second.splitlines() == [
        "measure     set            n  three",
        "similarity  all pairs  1,000  -",
        f"            few           20  {LONG}",
        "size                          3 MB",
    ]


def test_in_markdown_they_stay_in_one_table():
    lines = rows_to_markdown(ROWS, models=MODELS).splitlines()
    assert lines[0] == "| measure | set | n | one | two | three |"
    assert {line.count("|") for line in lines} == {7}


@pytest.mark.parametrize("module", [results])
def test_the_examples_in_the_docstrings_are_true(module):
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0
