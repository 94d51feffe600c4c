"""What is known of words, in files: of the words of each language, and of all words to each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse

from training.vectors.lexical.encoded import load_arrays, save_arrays

_SEPARATOR = "\n"
_SPARSE_FIELDS = ("data", "indices", "indptr")


@dataclass(frozen=True)
class Profiles:
    """Words of one language and what each source says of them.

    `own` `(words, width)` float16 are the words' own vectors; `parts` are `(words, width)` float16 by the source's
    name. Zeros where nothing is known.
    """

    words: list[str]
    own: np.ndarray
    parts: dict[str, np.ndarray]

    def save(self, path: Path) -> None:
        """Writes them to a file, whole or not at all."""
        parts = {f"part {name}": part for name, part in self.parts.items()}
        save_arrays(path, words=np.array(_SEPARATOR.join(self.words)), own=self.own, **parts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises `ValueError` for a file that is not whole."""
        arrays = load_arrays(path)
        parts = {name.removeprefix("part "): part for name, part in arrays.items() if name.startswith("part ")}
        words = str(arrays["words"])
        return cls(words.split(_SEPARATOR) if words else [], arrays["own"], parts)


@dataclass(frozen=True)
class WordGraph:
    """How the words of all languages lie to each other, one language after the other.

    `near` and `opposite` are `(words, words)`; their rows sum to 1 or are empty.
    """

    near: sparse.csr_array
    opposite: sparse.csr_array

    def save(self, path: Path) -> None:
        """Writes it to a file, whole or not at all."""
        graphs = {"near": self.near, "opposite": self.opposite}
        arrays = {
            f"{name} {field}": getattr(graph, field) for name, graph in graphs.items() for field in _SPARSE_FIELDS
        }
        save_arrays(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises `ValueError` for a file that is not whole."""
        arrays = load_arrays(path)
        size = len(arrays["near indptr"]) - 1
        near, opposite = (
            sparse.csr_array(tuple(arrays[f"{name} {field}"] for field in _SPARSE_FIELDS), shape=(size, size))
            for name in ("near", "opposite")
        )
        return cls(near, opposite)
