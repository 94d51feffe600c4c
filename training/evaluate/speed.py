"""How fast a model embeds new words: rough, as it counts other work on the machine."""

import time
from collections.abc import Sequence

import numpy as np

from training.common.statistics import SEED
from training.vectors import WordVectors

MEMORY_WORDS = 1000
_SPEED_WORDS = 20_000
_LONGEST_RUN = 1.5  # seconds; a model that would take longer is timed on fewer words


def words_per_second(model: WordVectors) -> float:
    """Distinct made-up words embedded in a second, best of three runs. Rough: it counts other work on the machine."""
    words = made_up_words(_SPEED_WORDS)
    pace = _pace(model, words[:500])
    words = words[: max(500, int(pace * _LONGEST_RUN))]
    return max(_pace(model, words) for _ in range(3))


def _pace(model: WordVectors, words: Sequence[str]) -> float:
    start = time.perf_counter()
    model.lookup(words)
    return len(words) / (time.perf_counter() - start)


def made_up_words(count: int) -> list[str]:
    """Distinct strings of two to five Spanish syllables, the same every time."""
    generator = np.random.default_rng(SEED)
    syllables = np.array([onset + vowel for onset in (*"bcdflmnprstv", "ch", "tr") for vowel in "aeiouó"])
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(generator.choice(syllables, size=generator.integers(2, 6)))] = None
    return list(words)
