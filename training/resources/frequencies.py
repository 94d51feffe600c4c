"""How frequent words are: the lists of wordfreq."""

import math


def read_frequencies(language: str) -> dict[str, float]:
    """wordfreq's large list of a language, words -> Zipf frequency to its own precision of two places."""
    import wordfreq  # here, so that what is missing is told in one line

    listed = wordfreq.get_frequency_dict(language, "large")
    return {word: round(math.log10(share * 1e9), 2) for word, share in listed.items()}
