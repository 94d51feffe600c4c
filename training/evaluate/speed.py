"""How fast a model embeds new words: rough, as it counts other work on the machine."""

import time
from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from training.common.statistics import SEED
from training.common.words import without_accents
from training.vectors import WordVectors

MEMORY_WORDS = 1000
_SPEED_WORDS = 20_000
_LONGEST_RUN = 1.5  # seconds; a model that would take longer is timed on fewer words


def words_per_second(model: WordVectors, *, alphabet: str) -> float:
    """Made-up words of an alphabet embedded in a second, best of three runs. Rough: other work slows it."""
    words = made_up_words(_SPEED_WORDS, alphabet=alphabet)
    pace = _pace(model, words[:500])
    words = words[: max(500, int(pace * _LONGEST_RUN))]
    return max(_pace(model, words) for _ in range(3))


def _pace(model: WordVectors, words: Sequence[str]) -> float:
    start = time.perf_counter()
    model.lookup(words)
    return len(words) / (time.perf_counter() - start)


def made_up_words(count: int, *, alphabet: str = ascii_lowercase) -> list[str]:
    """Distinct strings of four to ten letters of an alphabet, without those that carry accents; always the same."""
    generator = np.random.default_rng(SEED)
    letters = np.array([letter for letter in alphabet if without_accents(letter) == letter])
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(generator.choice(letters, size=generator.integers(4, 11)))] = None
    return list(words)
