"""The most frequent words of a language, among which translations and neighbours are looked for."""

from functools import cache

from training.common.words import is_single, normalise
from training.resources.frequencies import most_frequent, read_frequencies

MOST_FREQUENT_WORDS = 50_000


@cache
def frequent_words(language: str) -> tuple[str, ...]:
    """The 50,000 most frequent single words of a language in the lists of wordfreq, normalised, most frequent first.

    Words of one frequency are in the order of the alphabet. Raises `ImportError` without wordfreq.
    """
    frequencies: dict[str, float] = {}
    for word, frequency in read_frequencies(language).items():
        if is_single(spelled := normalise(word)):
            frequencies[spelled] = max(frequency, frequencies.get(spelled, 0.0))
    return tuple(most_frequent(frequencies, count=MOST_FREQUENT_WORDS))
