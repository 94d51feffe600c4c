"""Vectors of texts of several words: the mean of their words' vectors, which knows no order and no grammar."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Protocol

import numpy as np

from beast_core.encoding import check_words

# Letters and digits, and what joins them within a word.
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


class _Encoder(Protocol):
    @property
    def width(self) -> int: ...

    def encode(self, words: list[str]) -> np.ndarray: ...


def split_words(text: str) -> list[str]:
    """The words of a text: letters and digits, joined by apostrophes and hyphens. The rest is left out.

    >>> split_words("¿Llegó el ex-ministro a las 8?")
    ['Llegó', 'el', 'ex-ministro', 'a', 'las', '8']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text))


class TextEncoder:
    """An encoder of words behind a list of texts: `encode(texts) -> (texts, width)` float32.

    Of each text, the mean of the unit vectors of its words, each as often as it comes, brought to unit length; of a
    text without words, zeros. A text of one word has that word's vector. It is pickled with its weights.

    `FunctionTransformer(TextEncoder(load_encoder("es")).encode)` is a step of a scikit-learn pipeline.

    >>> from beast_core import load_encoder
    >>> texts = TextEncoder(load_encoder("es"))
    >>> texts.encode(["el perro ladra", "ladra el perro", "..."]).shape
    (3, 256)
    """

    def __init__(self, encoder: _Encoder) -> None:
        self.encoder = encoder

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.encoder.width

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        """One vector a text, in the order given. Raises what `WordEncoder.encode` raises."""
        words = list(map(split_words, check_words(texts)))
        totals = np.zeros((len(words), self.width), dtype=np.float32)
        distinct = list(dict.fromkeys(word for text in words for word in text))
        row_of, vectors = {word: row for row, word in enumerate(distinct)}, self.encoder.encode(distinct)
        for total, text in zip(totals, words, strict=True):
            vectors[[row_of[word] for word in text]].sum(axis=0, out=total)
        lengths = np.linalg.norm(totals, axis=1, keepdims=True)
        np.divide(totals, lengths, out=totals, where=lengths > 0)
        return totals
