"""Which model is meant: a language that a model comes for, a path, or neither."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beast_core import (
    BeastEncoder,
    ModelFolderError,
    UnknownLanguageError,
    check_same_space,
    load_encoder,
    read_encoder,
    shipped,
    shipped_languages,
    write_encoder,
)

WORDS = ["Haus", "casa", ""]


@pytest.fixture
def german(ngram, tmp_path, monkeypatch):
    """A package with two models, in whose folder of models other things lie too; an empty folder is the current one."""
    models = tmp_path / "pretrained"
    models.mkdir()
    (models / "es").symlink_to(shipped.PRETRAINED / "es")
    named = BeastEncoder(replace(ngram.config, language="de"))
    named.load_state_dict(ngram.state_dict())
    folder = write_encoder(named, models / "de")
    (models / "notes").mkdir()
    (models / "README.md").write_text("none")
    monkeypatch.setattr(shipped, "PRETRAINED", models)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


def test_the_models_are_the_folders_that_hold_one(german):
    assert shipped_languages() == ("de", "es")


def test_a_name_of_a_language_is_that_language_and_anything_else_a_path(german, make_encoder):
    for loaded in (load_encoder("de"), load_encoder(language="de"), load_encoder(german), load_encoder(str(german))):
        assert loaded.language == "de"
    assert load_encoder().language == load_encoder("es").language == "es"
    other = write_encoder(make_encoder("ngram", seed=9), Path("pl"))
    np.testing.assert_array_equal(load_encoder("pl").encode(WORDS), load_encoder(other).encode(WORDS))
    for path in ("./de", "notes", "../pretrained/de/", "DE", Path("de"), Path("es")):
        if path != "../pretrained/de/":
            with pytest.raises(FileNotFoundError, match="a language that a model comes for: de, es"):
                read_encoder(path)
        else:
            assert read_encoder(path).config.language == "de"


def test_a_language_that_a_folder_is_called_by_too_must_be_said(german, make_encoder):
    other = write_encoder(make_encoder("ngram", seed=9), Path("de"))
    with pytest.raises(ValueError, match=r'folder .*here/de too: say language="de" for the language, or "\./de" for'):
        load_encoder("de")
    assert load_encoder(language="de").language == "de"
    for path in ("./de", Path("de"), str(other)):
        assert load_encoder(path).language == ""


def test_a_language_that_no_model_comes_for_is_told_with_those_that_there_are(german):
    train = r"to train one, in a clone of the repository: python -m spacy project run train \. --vars\.language pl$"
    with pytest.raises(UnknownLanguageError, match=f"language 'pl' comes with the package, .*: de, es; .*{train}"):
        load_encoder(language="pl")
    with pytest.raises(FileNotFoundError, match=rf"no model at .*here/pl \(given: 'pl'\): .*: de, es; {train}"):
        load_encoder("pl")
    with pytest.raises(
        UnknownLanguageError, match=r"'tr' comes .*; fi, pl, ru, sv can be trained in a clone .* needs$"
    ):
        load_encoder(language="tr")
    with pytest.raises(FileNotFoundError, match=r"comes for: de, es$"):
        load_encoder("beast")
    with pytest.raises(
        FileNotFoundError, match=r'folder that huggingface_hub\.snapshot_download\("ana/beast"\) returns$'
    ):
        load_encoder("ana/beast")
    for language in ("", "../es", "DE"):
        with pytest.raises(UnknownLanguageError, match="expected one of: de, es"):
            load_encoder(language=language)


def test_what_says_no_model_or_two_is_refused(german):
    with pytest.raises(ValueError, match="got the model 'es' and the language 'de', expected one of them"):
        load_encoder("es", language="de")
    for path in ("", 5, ["es"]):
        with pytest.raises(TypeError, match=r"path is .*expected the path of a model folder, a language"):
            load_encoder(path)
    with pytest.raises(TypeError, match="language is 5, expected the name of one: de, es"):
        load_encoder(language=5)


def test_a_package_without_models_says_so(german, monkeypatch):
    monkeypatch.setattr(shipped, "PRETRAINED", german / "nowhere")
    with pytest.raises(UnknownLanguageError, match=r"'es' comes .*: none, so the package is not whole: install it"):
        load_encoder()


def test_a_damaged_shipped_model_is_named(german):
    (german / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelFolderError, match=r"pretrained/de/model.safetensors"):
        load_encoder("de")


FRESH = """
import sys
from pathlib import Path
from beast_core import load_encoder, shipped, shipped_languages

shipped.PRETRAINED = Path(sys.argv[1])
assert shipped_languages() == ("de", "es")
print(load_encoder("de").width, load_encoder().width)
"""


def test_in_a_fresh_process(german, run_python, ngram):
    assert run_python(FRESH, german.parent).split() == [str(ngram.config.output_width), "256"]


def test_vectors_of_known_and_different_spaces_are_not_compared():
    check_same_space({})
    check_same_space({"es": "joint 1", "de": "joint 1", "table": ""})
    with pytest.raises(ValueError, match=r"different spaces .*: es is of 'joint 1', de is of 'joint 2'; give"):
        check_same_space({"es": "joint 1", "mine": "", "de": "joint 2"})
