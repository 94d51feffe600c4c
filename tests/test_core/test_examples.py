import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "config",
        "credits",
        "encoding",
        "inference",
        "network.encoder",
        "packing",
        "positions",
        "space",
        "spelling",
        "stock",
        "texts",
        "threads",
    ],
)
def test_the_examples_in_the_docstrings_are_true(module):
    results = doctest.testmod(importlib.import_module(f"beast_core.{module}"))
    assert results.attempted > 0
    assert results.failed == 0
