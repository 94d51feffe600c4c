"""How often words are used, and how they are written: wordfreq's lists, and counts of spacy-lookups-data.

Speer 2022, wordfreq, https://doi.org/10.5281/zenodo.7199437; https://github.com/explosion/spacy-lookups-data.
"""

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.common.errors import InputError
from training.resources.lookups import find_tables, read_table

_COUNTS = "lexeme_prob"


@dataclass(frozen=True)
class Counts:
    """How often a word was counted in any case (Zipf), which share of it as in `Madrid`, which as in `OTAN`.

    `written` is the spelling that was counted most often.
    """

    frequency: float
    capitalised: float
    capitals: float
    written: str


def find_frequencies(language: str) -> Path:
    """The file of wordfreq's largest list of a language (ISO 639-1).

    Raises `ImportError` if wordfreq is not installed, `InputError` for a language that it has no list of.
    """
    try:
        import wordfreq  # here, so that what is missing is told in one line
    except ImportError as error:
        raise ImportError("not installed: wordfreq; pip install '.[teach]'") from error

    if language not in (known := wordfreq.available_languages("best")):
        raise InputError(f"wordfreq has no list of words of {language!r:.40}, only of {', '.join(sorted(known))}")
    return Path(known[language])


def read_frequencies(language: str) -> dict[str, float]:
    """That list: words -> Zipf frequency, to wordfreq's own precision of two places. Raises the same."""
    find_frequencies(language)
    import wordfreq

    listed = wordfreq.get_frequency_dict(language, "best")
    return {word: round(math.log10(share * 1e9), 2) for word, share in listed.items()}


def most_frequent(frequencies: Mapping[str, float], *, count: int) -> list[str]:
    """The `count` most frequent words, the most frequent first; of equals the first in the alphabet."""
    return heapq.nsmallest(count, frequencies, key=lambda word: (-frequencies[word], word))


def read_counts(language: str) -> dict[str, Counts]:
    """Counts of lower-cased words in running text, of spacy-lookups-data; none for most languages.

    Raises `ImportError` if it is not installed.
    """
    return count_words(read_table(language, name=_COUNTS)) if _COUNTS in find_tables(language) else {}


def count_words(log_probabilities: Mapping[str, float]) -> dict[str, Counts]:
    """Natural logarithms of the probabilities of words as written -> counts of lower-cased words.

    >>> count_words({"rosa": math.log(3e-6), "Rosa": math.log(1e-6)})["rosa"]
    Counts(frequency=3.6, capitalised=0.25, capitals=0.0, written='rosa')
    """
    shares: dict[str, list[float]] = {}
    written: dict[str, tuple[float, str]] = {}
    for word, logarithm in log_probabilities.items():
        lower = word.lower()
        share = shares.setdefault(lower, [0.0, 0.0, 0.0])
        case = 0 if not word[:1].isupper() else 2 if word.isupper() and len(word) > 1 else 1
        share[case] += math.exp(logarithm)
        # Of equals the later one in the alphabet, where lower case follows capitals.
        written[lower] = max(written.get(lower, (-math.inf, "")), (logarithm, word))
    counts = {}
    for word, share in shares.items():
        capitalised, capitals = (round(part / sum(share), 4) for part in share[1:])
        counts[word] = Counts(round(math.log10(sum(share) * 1e9), 2), capitalised, capitals, written[word][1])
    return counts
