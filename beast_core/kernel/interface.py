"""What both kernels have in common: their weights, and what is checked before anything is computed."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from beast_core.config import LONGEST_WINDOW
from beast_core.families.ngram import NGRAM_TABLE, NgramConfig

_FLOATS = (np.float32, np.float16)


class Kernel(ABC):
    """Bytes of words to vectors, of one model.

    All weights but the table are copied, as float32; the table stays where it is. Raises `ValueError`, see
    `make_kernel`.
    """

    name: str

    def __init__(self, config: NgramConfig, *, weights: Mapping[str, np.ndarray]) -> None:
        self.config = config
        table_shapes = {NGRAM_TABLE: config.quantised_tables[NGRAM_TABLE]}
        for name, shape in config.weight_shapes.items():
            value = weights.get(name)
            packed = value is not None and value.dtype == np.uint8 and value.shape == table_shapes.get(name)
            if not packed and (value is None or value.dtype not in _FLOATS or value.shape != shape):
                found = "nothing" if value is None else f"{value.dtype} {value.shape}"
                raise ValueError(f"{name} is {found}, expected float32 or float16 {shape}, or a packed table")
        table = weights[NGRAM_TABLE]
        self.table = np.ascontiguousarray(table, dtype=np.uint8 if table.dtype == np.uint8 else np.float32)
        self.is_packed = table.dtype == np.uint8
        self.letters = np.array(weights["byte_embedding.weight"], dtype=np.float32)
        # Of each linear layer, in their order, its weight as `(inputs, outputs)` and its bias.
        self.linear = [
            (
                np.array(weights[f"{name}.weight"].T, dtype=np.float32),
                np.array(weights[f"{name}.bias"], dtype=np.float32),
            )
            for name in config.linear_layers
        ]
        if config.window > LONGEST_WINDOW:
            raise ValueError(f"window is {config.window}, expected at most {LONGEST_WINDOW}")

    def encode(self, text: np.ndarray, *, starts: np.ndarray, lengths: np.ndarray, vectors: np.ndarray) -> int | None:
        """Writes the unit vectors of words, which are `lengths` bytes from `starts` on of `text`, each `(words,)` int64
        and `(bytes,)` uint8, to `vectors`, `(words, output width)` float32.

        Returns the place of the first word whose vector is not finite: it is NaN. Raises `ValueError` for arrays that
        are not so, words longer than the window, and what is not within `text`.
        """
        words, width = len(lengths), self.config.output_width
        _check("text", text, dtype=np.uint8, shape=(len(text),))
        _check("starts", starts, dtype=np.int64, shape=(words,))
        _check("lengths", lengths, dtype=np.int64, shape=(words,))
        _check("vectors", vectors, dtype=np.float32, shape=(words, width))
        if not vectors.flags.writeable:
            raise ValueError("vectors may not be written to, expected an array for the answer")
        if not words:
            return None
        least, longest = int(lengths.min()), int(lengths.max())
        # No sum of what was given, which may be too large for 64 bits, before it is known to be small.
        within = least >= 0 and longest <= self.config.window and starts.min() >= 0
        if not within or (starts > len(text) - lengths).any():
            raise ValueError(
                f"words of {least} to {longest} bytes that begin at {starts.min()} to {starts.max()}, expected 0 to "
                f"{self.config.window} bytes within a text of {len(text)}"
            )
        return self._encode(text, starts, lengths, vectors)

    def encode_padded(self, word_bytes: np.ndarray, *, lengths: np.ndarray, vectors: np.ndarray) -> int | None:
        """The same of words that are rows of `(words, bytes)` uint8, each padded at its end."""
        starts = np.arange(len(word_bytes), dtype=np.int64) * word_bytes.shape[1]
        return self.encode(word_bytes.reshape(-1), starts=starts, lengths=lengths, vectors=vectors)

    def encode_word(self, word: bytes) -> np.ndarray:
        """The vector of one word, `(output width,)` float32, the same to the bit as `encode` gives; NaN if it is not
        finite.

        Raises `ValueError` if the word is longer than the window.
        """
        if len(word) > self.config.window:
            raise ValueError(f"a word of {len(word)} bytes, expected at most {self.config.window}")
        return self._encode_word(word)

    @abstractmethod
    def _encode(self, text: np.ndarray, starts: np.ndarray, lengths: np.ndarray, vectors: np.ndarray) -> int | None: ...

    @abstractmethod
    def _encode_word(self, word: bytes) -> np.ndarray: ...


def _check(name: str, array: np.ndarray, *, dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape or not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(
            f"{name} are {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}, contiguous in memory"
        )
