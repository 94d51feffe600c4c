import doctest
import math
from itertools import islice

import pytest

from training.common.errors import InputError
from training.resources import frequencies as module
from training.resources.frequencies import count_words, read_counts, read_frequencies
from training.resources.lookups import find_tables, read_table


def test_examples_in_the_documentation_are_true():
    results = doctest.testmod(module)
    assert results.attempted and not results.failed


def test_frequencies_are_on_the_zipf_scale():
    frequencies = read_frequencies("sv")
    assert 7 < frequencies["och"] < 8 and len(frequencies) > 300_000
    assert min(frequencies.values()) > 1


@pytest.mark.parametrize("language", ["xx", "german", "DE", ""])
def test_a_language_without_a_list_is_told(language):
    with pytest.raises(InputError, match=f"no list of words of '{language}', only of ar, bg,"):
        read_frequencies(language)


def test_the_spelling_that_is_met_most_often_is_how_a_word_is_written():
    counts = count_words({word: math.log(share) for word, share in {
        "Weg": 3e-4, "weg": 2e-4, "WEG": 1e-6, "iPad": 2e-6, "Ipad": 1e-6, "rot": 1e-5, "Rot": 1e-5,
    }.items()})  # fmt: skip
    assert {word: count.written for word, count in counts.items()} == {"weg": "Weg", "ipad": "iPad", "rot": "rot"}


def test_counts_of_the_installed_package_are_on_the_scale_of_the_frequencies():
    frequencies = read_frequencies("es")
    counts = count_words(dict(islice(read_table("es", name="lexeme_prob").items(), 200_000)))
    assert counts["madrid"].capitalised > 0.8 > 0.2 > counts["perro"].capitalised
    assert counts["otan"].capitals > 0.9 and counts["otan"].written == "OTAN"
    both = [word for word in frequencies if word in counts]
    assert len(both) > 70_000
    assert abs(sum(frequencies[word] - counts[word].frequency for word in both) / len(both)) < 0.1


def test_a_language_that_was_not_counted_has_no_counts():
    assert "lemma_lookup" in find_tables("nl") and find_tables("xx") == {}
    assert read_counts("nl") == read_counts("xx") == {}
