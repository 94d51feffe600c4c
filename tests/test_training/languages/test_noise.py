import re
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.common.errors import InputError
from training.common.settings import build
from training.common.words import without_accents
from training.languages import known_languages, read_language
from training.languages.noise import CasedMisspeller, Misspeller
from training.languages.record import Noise

SPANISH = Misspeller(read_language("es").noise)


def only(rule, *, language="es", **changes):
    """A misspeller of that language with no other rule."""
    noise = read_language(language).noise
    others = dict.fromkeys(Noise.__dataclass_fields__["weights"].type.__args__[0].__args__, 0.0)
    return Misspeller(build(Noise, values={**vars(noise), "weights": {**others, rule: 1.0}, **changes}, source="test"))


def drawn(misspeller, word):
    return {misspeller(word, random=Random(seed)) for seed in range(100)}


def test_rules_do_what_their_names_say():
    assert SPANISH.without_accents("pingüino") == "pinguino" and SPANISH.without_accents("añádelo") == "añadelo"
    assert drawn(only("drop_accents"), "añádelo") == {"añadelo"}
    assert drawn(only("add_silent_letter"), "echar") == {"hechar"}
    assert drawn(only("drop_weak_sound"), "cansado") >= {"cansao"}
    assert drawn(only("drop_weak_sound"), "verdad") == {"verda"}
    assert drawn(only("drop_vowels"), "mensaje") == {"mnsj"} and drawn(only("drop_vowels"), "abuela") == {"abl"}
    assert drawn(only("sound_alike"), "vaca") >= {"baca", "vaka"}
    assert drawn(only("swap_letters"), "sol") >= {"osl", "slo"}
    assert drawn(only("misplace_accent"), "casa") == {"cása", "casá"}
    neighbours = {re.sub("^ma|la$", "", each) for each in drawn(only("hit_neighbour"), "mala")}
    assert neighbours and all(len(each) <= 4 for each in neighbours)


def test_a_record_says_what_letters_the_rules_are_about():
    assert drawn(only("drop_accents", language="sv"), "idén åt") == {"iden åt"}  # å is a letter
    assert drawn(only("drop_accents", language="pl"), "żółw") == {"zolw"}  # ł is no l with a mark to Unicode
    assert drawn(only("drop_accents", language="ru"), "мой ёж") == {"мой еж"}
    assert drawn(only("mistake_double", language="en"), "address") >= {"adress", "addres"}
    assert drawn(only("mistake_double", language="en"), "until") >= {"untill", "unttil"}
    assert drawn(only("sound_alike", language="de"), "straße") >= {"strasse", "strase"}
    assert drawn(only("hit_neighbour", language="ru"), "ёёё") == {"ёёё"}  # on no row of letters
    assert {each[0] for each in drawn(only("misplace_accent", language="fr"), "tel")} == {"t"}
    assert drawn(only("misplace_accent", language="fr"), "tel") == {"tél", "tèl", "têl", "tël"}


@pytest.mark.parametrize("language", known_languages())
def test_every_record_has_its_own_letters_only_and_slips_for_half_of_the_mistakes(language):
    record = read_language(language)
    letters = set("".join(record.noise.keyboard) + record.noise.vowels + "".join(record.noise.accents.values()))
    assert letters <= set(record.alphabet)
    words = [word for word in WORDS[language].split() for _ in range(200)]
    misspell = Misspeller(record.noise)
    changed = [misspell(word, random=Random(seed)) for seed, word in enumerate(words)]
    assert 0.7 < sum(a != b for a, b in zip(words, changed, strict=True)) / len(words) < 1
    assert sum(abs(len(a) - len(b)) > 2 for a, b in zip(words, changed, strict=True)) / len(words) < 0.2


# A few words of each, with what is particular to it.
WORDS = {
    "de": "straße mädchen schifffahrt",
    "en": "necessary believe tomorrow",
    "es": "canción trabajo pequeño",
    "fi": "yhteiskunta kävellä hyvää",
    "fr": "français théâtre connaissance",
    "it": "perché aquila palazzo",
    "nl": "tijdschrift vandaag vergadering",
    "pl": "żółty książka chrząszcz",
    "pt": "coração português excelente",
    "ru": "здравствуйте ёлка молоко",
    "sv": "sjukhus kött människa",
}


def test_spanish_is_misspelt_as_the_shipped_model_saw_it():
    random = Random(3)
    words = ["".join(Random(seed).choices("abcdefghijklmnñopqrstuvwxyzáéíóúü", k=seed % 13)) for seed in range(5000)]
    drawn = "\n".join(SPANISH(word, random=random) for word in words)
    assert sha256(drawn.encode()).hexdigest() == "1316ea3b755a00b768da589f66229675fdcd701a7cddcf97fc9c2c53d8812e6a"


@given(st.text("abcdefghijklmnñopqrstuvwxyzáéíóúüßłйё", max_size=12), st.integers(0, 1000))
def test_noise_is_reproducible_and_never_another_real_word(word, seed):
    for language in ("es", "pl", "ru"):
        misspell = Misspeller(read_language(language).noise)
        noisy = misspell(word, random=Random(seed))
        assert noisy == misspell(word, random=Random(seed))
        assert misspell(word, random=Random(seed), real_words={noisy}) == word
        assert bool(noisy) == bool(word)


@given(st.text(max_size=12))
def test_accents_are_dropped_as_unicode_says_where_the_record_says_nothing(word):
    plain = Misspeller(read_language("en").noise)
    assert plain.without_accents(word) == without_accents(word)


@pytest.mark.parametrize(("word", "spellings"), [("y", "y{2,6}"), ("sí", "sí{2,6}"), ("al", "a{2,6}l|al{2,6}")])
def test_short_words_are_lengthened_only(word, spellings):
    found = {SPANISH(word, random=Random(seed)) for seed in range(50)}
    assert len(found) >= 5 and all(re.fullmatch(spellings, each) for each in found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": {"drop_accent": 1.0}}, r"weights\.drop_accent.*is 'drop_accent', should be 'drop_accents', 'mis"),
        ({"weights": {"lengthen": -1.0}}, r"weights\.lengthen is -1\.0, should be greater than or equal to 0"),
        ({"accents": {"ae": "ä"}}, r"accents has \['ae'\], should have single letters"),
        ({"sound_alike": [["", "h"]]}, r"\('', 'h'\).*should have something written in every pair"),
        ({"sound_alike": [["b", "v", "w"]]}, r"sound_alike\.0 is \['b', 'v', 'w'\], should have at most 2 items"),
        ({"vowels": ""}, "vowels is '', should have at least 1 character"),
        ({"vowel": "a"}, "unknown key 'vowel', did you mean 'vowels'"),
    ],
)
def test_a_record_with_something_wrong_is_told(changes, message):
    with pytest.raises(InputError, match=f"mine.toml: .*{message}"):
        build(Noise, values={"keyboard": ["abc"], "vowels": "a", **changes}, source="mine.toml")


CASED = CasedMisspeller(SPANISH)


def test_capitals_are_put_and_taken_as_writers_do():
    assert {"Casa", "CASA"} <= drawn(CASED, "casa")
    assert {"madrid", "MADRID"} <= drawn(CASED, "Madrid")
    assert "Otan" in drawn(CASED, "OTAN") and "Éxito" in drawn(CASED, "éxito")


@given(st.sampled_from(["casa", "Madrid", "OTAN", "árbol"]), st.integers(0, 1000))
def test_a_misspelt_word_keeps_its_own_capitals_or_has_those_of_a_whole_word(word, seed):
    noisy = CASED(word, random=Random(seed))
    assert noisy in (noisy.lower(), noisy.upper(), noisy[:1].upper() + noisy[1:].lower())
    if noisy.lower() != word.lower() and len(noisy) > 1:
        assert (noisy.isupper(), noisy[0].isupper()) == (word.isupper(), word[0].isupper())


def test_a_capital_that_makes_another_word_is_neither_put_nor_taken():
    noisy = {CASED("rosa", random=Random(seed), real_words={"Rosa"}) for seed in range(100)}
    assert "Rosa" not in noisy and {"rosa", "ROSA"} <= noisy
    assert "rosa" not in {CASED("Rosa", random=Random(seed), real_words={"rosa"}) for seed in range(100)}
