"""Anything that gives vectors to words, behind one protocol and found by one name: what can teach can be measured."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class WordVectors(Protocol):
    """Anything that gives vectors to words."""

    width: int

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors `(words, width)` float32, zeros for a word it does not know, and which it knows, `(words,)` bool."""
