import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.distill import noise
from training.distill.noise import misspell


def test_rules_do_what_their_names_say():
    random = Random(0)
    assert noise.drop_accents("pingüino", random=random) == "pinguino"
    assert noise.drop_accents("añádelo", random=random) == "añadelo"
    assert noise.add_silent_h("echar", random=random) == "hechar"
    assert noise.drop_weak_sound("cansado", random=random) == "cansao"
    assert noise.drop_weak_sound("verdad", random=random) == "verda"
    assert noise.drop_vowels("mensaje", random=random) == "mnsj"
    assert noise.drop_vowels("abuela", random=random) == "abl"
    assert {noise.sound_alike("vaca", random=Random(seed)) for seed in range(50)} >= {"baca", "vaka"}
    assert {noise.swap_letters("sol", random=Random(seed)) for seed in range(20)} == {"osl", "slo"}
    assert {noise.misplace_accent("casa", random=Random(seed)) for seed in range(20)} == {"cása", "casá"}
    assert all(noise.hit_neighbour("a", random=Random(seed)) in "qwszx" for seed in range(20))


@given(st.text("abcdefghijklmnñopqrstuvwxyzáéíóúü", max_size=12), st.integers(0, 1000))
def test_noise_is_reproducible_and_never_another_real_word(word, seed):
    noisy = misspell(word, random=Random(seed))
    assert noisy == misspell(word, random=Random(seed))
    assert misspell(word, random=Random(seed), real_words={noisy}) in (word, noisy) and (
        misspell(word, random=Random(seed), real_words={noisy}) == word
    )
    assert bool(noisy) == bool(word)


@pytest.mark.parametrize(("word", "spellings"), [("y", "y{2,6}"), ("sí", "sí{2,6}"), ("al", "a{2,6}l|al{2,6}")])
def test_short_words_are_lengthened_only(word, spellings):
    drawn = {misspell(word, random=Random(seed)) for seed in range(50)}
    assert len(drawn) >= 5 and all(re.fullmatch(spellings, each) for each in drawn)


def test_most_words_change_and_keep_their_length_about():
    words = ["trabajo", "canción", "hacer", "pequeño", "desarrollo"] * 40
    noisy = [misspell(word, random=Random(index)) for index, word in enumerate(words)]
    changed = sum(a != b for a, b in zip(words, noisy, strict=True)) / len(words)
    assert 0.7 < changed < 1
    assert all(abs(len(a) - len(b)) <= 12 for a, b in zip(words, noisy, strict=True))
