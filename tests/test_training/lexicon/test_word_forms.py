import doctest
import importlib

import pytest

from training.lexicon.word_forms import bare, conjugations, enclitics, has_misplaced_accent, is_formed, prevailing
from training.lexicon.word_list import Pair
from training.resources.hunspell import read_affixes


def words(text):
    return text.split()


WELL_WRITTEN = words(
    """árbol árboles álbum bíceps canción canciones cárcel caída ataúdes baúl búho prohíbe país reímos día abríais
    búsqueda averigüéis cigüeña estudiáis huésped jóvenes lingüística línea óleo océano período raíz régimen regímenes
    tórax vehículo ahínco también dámelo habérsenos fácilmente éxtasis tú fe ñandú guión guion"""
)
MISWRITTEN = words(
    """condiciónes jóven exámen imágenés dáme fuímos felíz animál azúl papél vírus série contínuo órden mésa cásas quéso
    guíso árbolés quiéres pingüíno"""
)


@pytest.mark.parametrize("module", ["resources.hunspell", "lexicon.word_forms", "lexicon.spelling", "common.words"])
def test_examples_in_the_documentation_are_true(module):
    results = doctest.testmod(importlib.import_module(f"training.{module}"))
    assert results.attempted and not results.failed


def test_the_rules_of_accentuation_find_what_is_wrong_and_nothing_else():
    assert [word for word in WELL_WRITTEN if has_misplaced_accent(word)] == []
    assert [word for word in MISWRITTEN if not has_misplaced_accent(word)] == []


def test_pronouns_are_put_on_what_takes_a_reflexive_one():
    assert len(enclitics("lavarse", lemma="lavar")) == len(enclitics("lavándose", lemma="lavar")) == 10
    assert "lavarte" in enclitics("lavarse", lemma="lavar") and "lavándonos" in enclitics("lavándose", lemma="lavar")
    assert enclitics("oírse", lemma="oír")[4] == "oírlo"
    for word, lemma in (("clase", "clase"), ("lavase", "lavar"), ("lávese", "lavar"), ("torse", "torsar")):
        assert enclitics(word, lemma=lemma) == []


ENDINGS = {
    "ar": ["ar", "o", "as", "a", "amos", "é", "ó", "ará", "ándose"],
    "er": ["er", "o", "es", "e", "emos", "í", "ió"],
}


@pytest.fixture
def affixes(tmp_path):
    rules = [f"SFX R 0 {ending[len(verb):]} {verb}" if ending.startswith(verb) else f"SFX R {verb} {ending} {verb}"
             for verb, endings in ENDINGS.items() for ending in endings[1:]]  # fmt: skip
    (tmp_path / "es.aff").write_text("\n".join([f"SFX R Y {len(rules)}", *rules]), encoding="utf-8")
    return read_affixes(tmp_path / "es.aff")


def conjugated(stem, verb):
    return {stem + ending for ending in ENDINGS[verb]}


def test_verbs_of_a_list_without_accents_get_them_back(affixes):
    listed = {bare(form) for form in conjugated("tip", "ar") if not form.endswith("se")} | {"mar", "casa", "taller"}
    found = list(conjugations(listed, affixes=affixes, flags="R", known=set()))
    assert found == [Pair(form, "tipar") for form in sorted(conjugated("tip", "ar") - {"tipándose"})]
    assert list(conjugations(listed, affixes=affixes, flags="R", known={"tipar"})) == []
    assert list(conjugations(set(), affixes=affixes, flags="R", known=set())) == []


def test_a_word_that_only_ends_like_a_verb_or_hides_its_stress_is_left_alone(affixes):
    half = {bare(form) for form in sorted(conjugated("alt", "ar"))[:4]} | {"altar"}
    envied = {bare(form) for form in conjugated("envi", "ar")}
    assert list(conjugations(half | envied, affixes=affixes, flags="R", known=set())) == []


def test_the_longest_word_of_a_list_does_not_spoil_a_verb(affixes):
    listed = {bare(form) for form in conjugated("resint", "er") if len(form) <= 8}
    forms = {pair.word for pair in conjugations(listed, affixes=affixes, flags="R", known=set())}
    assert forms == {form for form in conjugated("resint", "er") if len(form) <= 8}


def test_words_are_formed_of_known_ones_only():
    known = set(words("abuela poder real realidad claro clara loco barco largo feliz reala flor taza"))
    formed = words("abuelita superpoder microrrealidad claramente realmente loquísima barquito larguísimo felizmente")
    formed += words("florecita tacitas")
    not_formed = words("realamente superflor claromente locamente buelita superabuelo locisimo itas mente")
    assert [word for word in formed if not is_formed(word, known=known)] == []
    assert [word for word in not_formed if is_formed(word, known=known)] == []


def test_of_spellings_that_differ_in_accents_the_most_frequent_prevails():
    frequencies = {"haití": 3.9, "haiti": 3.0, "perú": 4.0, "peru": 4.0, "año": 6.0, "ano": 3.0}
    assert prevailing(frequencies, frequencies=frequencies) == ["ano", "año", "haití", "peru"]
