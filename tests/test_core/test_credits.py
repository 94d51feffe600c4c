"""The licence and the credits of a model: of the shipped one, and what a model folder's README says."""

from pathlib import Path

import pytest

from beast_core import shipped_languages
from beast_core.credits import Credits, read_credits
from beast_core.shipped import model_folder

LICENCE = Path(__file__).parents[2] / "LICENSE.CC-BY-SA-4.0"


@pytest.mark.parametrize("language", shipped_languages())
def test_a_shipped_model_says_what_its_licence_file_says(language):
    text = " ".join(LICENCE.read_text(encoding="utf-8").split())
    credits = read_credits(model_folder(language=language))
    assert (credits.licence, credits.languages) == ("cc-by-sa-4.0", (language,))
    assert "CC BY-SA 4.0" in text and credits.author in text and len(credits.sources) > 5
    for source in credits.sources:
        name = source.partition(" (")[0].partition(",")[0].partition(" by ")[0]
        assert name in text, f"{name} is not credited in {LICENCE.name}"


@pytest.mark.parametrize(
    ("readme", "expected"),
    [
        ("---\nlicense: mit\nlanguage: es\n---\n# Card", Credits(licence="mit", languages=("es",))),
        (
            "---\ntags:\n- a\nlanguage:\n- es\n- \"pt\"\nlicense: 'apache-2.0'  # ours\n---",
            Credits(licence="apache-2.0", languages=("es", "pt")),
        ),
        ("---\r\nlanguage: [es, gl]\r\n---\r\nlicense: mit\r\n", Credits(languages=("es", "gl"))),
        (
            "---\nauthor: Ana\ncredits:\n- 'Ana''s list (data: CC\n  BY 3.0)'\n- a-list - B (MIT)\ntags: [x]\n---",
            Credits(author="Ana", sources=("Ana's list (data: CC BY 3.0)", "a-list - B (MIT)")),
        ),
        ("---\nlanguage:\n  - es\n  - gl\n---", Credits(languages=("es", "gl"))),
        (
            "---\nteacher:\n- words, lemmas and\n  senses\nbase_model: [ana/one, ana/two]\n---",
            Credits(teacher="words, lemmas and senses", base_models=("ana/one", "ana/two")),
        ),
        ("# Card\nlicense: mit", Credits()),
        ("---\nlicense_name: mit\n---", Credits()),
        ("", Credits()),
        (None, Credits()),
    ],
)
def test_a_model_folder_says_it_in_its_readme(tmp_path, readme, expected):
    if readme is not None:
        (tmp_path / "README.md").write_bytes(readme.encode())
    assert read_credits(tmp_path) == expected


def test_a_readme_that_is_no_text_says_nothing(tmp_path):
    (tmp_path / "README.md").write_bytes(b"---\n\xff\xfe license: mit\n" + b"x" * 10_000_000)
    assert read_credits(tmp_path) == Credits()
