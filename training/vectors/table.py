"""Vectors that are in a table already: word2vec, fastText, GloVe, NumPy, Parquet, spaCy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from training.common.files import digest
from training.common.parquet import read_metadata
from training.common.settings import CHECKED
from training.vectors import Free, Way
from training.vectors.files import files_of, is_vector_file, read_vectors


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """Where the table is (see `training/vectors/files.py` for what can be read) and how words are found in it.

    With `lowercase` a word is looked up in lower case; where the table has only other spellings of it, the first of
    those is taken. Without, it must be spelt as it is in the table. Raises `ValueError` listing every problem at once.
    """

    path: str
    lowercase: bool = True


class TableVectors(Free):
    """The vectors in a table. Raises `FileNotFoundError`, and `InputError` for a file that cannot be read."""

    def __init__(self, options: Options) -> None:
        self._path, self._lowercase = Path(options.path), options.lowercase
        if not self._path.exists():
            raise FileNotFoundError(f"no table of vectors at {self._path.resolve()} (path = {options.path!r})")
        self._vectors = read_vectors(self._path, lowercase=self._lowercase)
        self.width = self._vectors.width
        if self._path.suffix.lower() == ".parquet":
            said = read_metadata(self._path)
            self.language, self.space = said.get("language", ""), said.get("space", "")

    def identity(self) -> dict[str, Any]:
        """The digests of the files, not their names: a table may be moved."""
        return {"files": [digest(file) for file in files_of(self._path)], "lowercase": self._lowercase}

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.WordVectors`."""
        return self._vectors.lookup(words)


def _recognise(path: Path) -> Options | None:
    return Options(path=str(path)) if is_vector_file(path) else None


def _libraries(options: Options) -> tuple[str, ...]:
    return ("spacy",) if Path(options.path).is_dir() else ("pandas",)  # pyarrow imports pandas


WAY = Way(
    options=Options,
    open=TableVectors,
    recognise=_recognise,
    path=lambda options: Path(options.path),
    libraries=_libraries,
)
