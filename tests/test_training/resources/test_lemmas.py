import sys

import pytest

from training.common.errors import InputError
from training.languages import known_languages, read_language
from training.resources.lemmas import read_lemmas


def test_every_table_that_a_record_names_is_there():
    named = {(code, package) for code in known_languages() for package in read_language(code).lexicon.lemmas}
    assert {code for code, _ in named} == set(known_languages())
    with pytest.raises(InputError, match=r"spacy-lookups-data 1\S+ has no table of lemmas of 'fi'"):
        read_lemmas("fi", package="spacy-lookups-data")


@pytest.mark.parametrize(
    ("language", "package", "pairs"),
    [
        ("nl", "spacy-lookups-data", {("honden", "hond"), ("liep", "lopen")}),
        ("fr", "spacy-lookups-data", {("chevaux", "cheval")}),  # a list of lemmas for each form
        ("it", "spacy-lookups-data", {("andavo", "andare"), ("case", "casa")}),  # a table for each part of speech
        ("nl", "simplemma", {("honden", "hond")}),
    ],
)
def test_forms_have_their_lemmas(language, package, pairs):
    assert pairs <= set(read_lemmas(language, package=package))


@pytest.mark.parametrize(
    ("language", "package", "message"),
    [
        ("xx", "spacy-lookups-data", "has no table of lemmas of 'xx'"),
        ("xx", "simplemma", "has no table of lemmas of 'xx'"),
        ("nl", "simplema", "no tables of lemmas from 'simplema', expected one of spacy-lookups-data, simplemma"),
    ],
)
def test_what_is_not_there_is_told(language, package, message):
    with pytest.raises(InputError, match=message):
        read_lemmas(language, package=package)


@pytest.mark.parametrize(
    ("package", "module"),
    [("spacy-lookups-data", "spacy_lookups_data"), ("simplemma", "simplemma.strategies.dictionaries")],
)
def test_a_package_that_is_not_installed_is_told(monkeypatch, package, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"^not installed: {package}; pip install '\.\[teach\]'$"):
        read_lemmas("nl", package=package)
