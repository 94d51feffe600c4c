"""Reads tables, whole or piece by piece, and checks that they can teach."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from beast_core.spelling import normalise_words
from training.common.bounds import check_memory
from training.common.files import digest
from training.common.parquet import Columns, list_matrix, read_metadata, repeated_words
from training.common.words import LONGEST_WORD, check_frequencies, compose, normalise

# All words that begin with the same letters are held out together, so that few inflections of a held-out word are seen.
# Few families: the model that ships is trained without them too, and one in fifty cost it 0.03 on SimLex-999.
_HELD_OUT_PREFIX = 5
HELD_OUT_ONE_IN = 200

# What the metadata of the file says, if anything.
_METADATA = ("language", "space")

# Below this share of the variance that unit vectors can have, a table says the same of every word.
_LEAST_VARIANCE = 0.05


class TeacherTableError(ValueError):
    """A table that cannot teach; the message names the file, what is wrong where, and what to do."""


@dataclass(frozen=True)
class TeacherTable:
    """Words, frequencies `(words,)`, unit vectors `(words, width)` float32, and which are held out `(words,)` bool.

    `language` and `space` are "" where the file does not say them.
    """

    words: list[str]
    frequencies: np.ndarray
    vectors: np.ndarray
    held_out: np.ndarray
    digest: str
    language: str = ""
    space: str = ""

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.vectors.shape[1]

    def first(self, words: int) -> Self:
        """The table of its first so many words; 0 for all of them."""
        if not words:
            return self
        kept = {name: getattr(self, name)[:words] for name in ("words", "frequencies", "vectors", "held_out")}
        return replace(self, **kept)


@dataclass(frozen=True)
class TableSummary:
    """What is in a table that can teach; `mean_cosine` is that of all its vectors with each other."""

    words: int
    held_out: int
    width: int
    mean_cosine: float


def held_out_words(words: Sequence[str]) -> np.ndarray:
    """Which words a student must not see, `(words,)` bool: the same one in 200 on every machine, in every table.

    >>> bool(held_out_words(["cantar"])[0]) == bool(held_out_words(["cantaríamos"])[0])
    True
    """
    spelled = normalise_words(words, lowercase=True, spelling=1)  # the first rule for ever
    return np.array(
        [zlib.crc32(word[:_HELD_OUT_PREFIX].encode()) % HELD_OUT_ONE_IN == 0 for word in spelled], dtype=bool
    )


def read_table(path: str | Path, *, lowercase: bool = True) -> TeacherTable:
    """Reads and checks a table. Raises `FileNotFoundError`, and `TeacherTableError` for anything that cannot teach.

    With `lowercase` two words that differ in case alone are one, and cannot teach a student that lower-cases words.
    """
    file = _existing(path)
    pieces = _Pieces(file, name=str(file), lowercase=lowercase)
    words: list[str] = []
    vectors = np.empty((0, 0), dtype=np.float32)
    frequencies, held_out = np.empty(pieces.rows, dtype=np.float32), np.empty(pieces.rows, dtype=bool)
    for piece in pieces:
        if not words:
            vectors = pieces.room_for_all(piece.width)
        place = slice(len(words), len(words) + len(piece.words))
        frequencies[place], vectors[place], held_out[place] = piece.frequencies, piece.vectors, piece.held_out
        words += piece.words
    of_all = {name: pieces.metadata.get(name, "") for name in _METADATA}
    return TeacherTable(words, frequencies, vectors, held_out, digest(file), **of_all)


def table_language(path: str | Path) -> str:
    """The language that a table's metadata names, or "". Raises what `read_table` raises."""
    try:
        return read_metadata(_existing(path)).get("language", "")
    except ValueError as error:
        raise TeacherTableError(str(error)) from error


def _existing(path: str | Path) -> Path:
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no teacher table at {file} (given: {str(path)!r}), expected a Parquet file")
    return file


def check_table(path: Path, *, name: str) -> TableSummary:
    """Checks a table as `read_table` does, without holding more than a piece of it. Errors call it `name`.

    Words that differ in case alone may teach a student that keeps case. Raises `TeacherTableError` for anything that
    cannot teach.
    """
    pieces = _Pieces(path, name=name, lowercase=False)
    for _ in pieces:
        pass
    return pieces.summary()


class _Pieces:
    """A table piece by piece, each a checked table of its own; the whole is checked when the last has been taken."""

    def __init__(self, file: Path, *, name: str, lowercase: bool) -> None:
        self._name, self._lowercase = name, lowercase
        self._words = self._held_out = 0
        self._total = np.zeros(0)
        try:
            self._columns = Columns(file, needed=("word", "frequency", "vector", "scale"), perhaps=("held_out",))
            self.rows, self.metadata = self._columns.rows, read_metadata(file)
        except ValueError as error:
            raise TeacherTableError(str(error)) from error
        if self.rows < 2:
            raise TeacherTableError(f"{name} has {self.rows} words, expected two or more")

    def __iter__(self) -> Iterator[TeacherTable]:
        try:
            for batch in self._columns.batches():
                piece = self._piece(batch)
                self._add(piece)
                yield piece
            self._check_whole()
        except ValueError as error:
            raise TeacherTableError(str(error)) from error

    def room_for_all(self, width: int) -> np.ndarray:
        """An empty matrix `(rows, width)` float32. Raises `TeacherTableError` if there is no memory for it."""
        try:
            check_memory(4 * width * self.rows, name=self._name)
        except ValueError as error:
            raise TeacherTableError(str(error)) from error
        return np.empty((self.rows, width), dtype=np.float32)

    def summary(self) -> TableSummary:
        """What was found, once all pieces have been taken."""
        mean_cosine = float(np.square(self._total / self._words).sum())
        return TableSummary(self._words, self._held_out, len(self._total), mean_cosine)

    def _piece(self, batch: pa.RecordBatch) -> TeacherTable:
        words = batch["word"].to_pylist()
        if empty := [self._words + row for row, word in enumerate(words) if not word or word.isspace()]:
            raise ValueError(f"{self._name}: rows {empty[:5]} have no word; drop them")
        if long := [self._words + row for row, word in enumerate(words) if len(word) > LONGEST_WORD]:
            raise ValueError(
                f"{self._name}: rows {long[:5]} ({len(long)} here) have more than {LONGEST_WORD} letters, which no "
                "word has; drop them"
            )
        scale = batch["scale"].to_numpy(zero_copy_only=False).astype(np.float32)[:, None]
        vectors = list_matrix(batch["vector"], name=self._name, width=len(self._total) or None).astype(np.float32)
        unit = checked_unit_rows(vectors * scale, words=words, name=self._name)
        frequencies = batch["frequency"].to_numpy(zero_copy_only=False).astype(np.float32)
        check_frequencies(frequencies, words=words, name=self._name)
        given = "held_out" in self._columns.names
        held_out = batch["held_out"].to_numpy(zero_copy_only=False) if given else held_out_words(words)
        return TeacherTable(words, frequencies, unit, held_out, digest="")

    def _add(self, piece: TeacherTable) -> None:
        total = piece.vectors.sum(axis=0, dtype=np.float64)
        self._total = self._total + total if self._words else total
        self._words += len(piece.words)
        self._held_out += int(piece.held_out.sum())

    def _words_again(self) -> Iterator[list[str]]:
        return (batch["word"].to_pylist() for batch in self._columns.batches("word"))

    def _check_whole(self) -> None:
        spelling = normalise if self._lowercase else compose
        if repeated := repeated_words(self._words_again, spelling=spelling):
            raise ValueError(
                f"{self._name}: {len(repeated)} words occur more than once, for example {repeated[:5]}"
                f"{' (without regard to case)' if self._lowercase else ''}; keep one vector a word"
            )
        if (mean_cosine := self.summary().mean_cosine) > 1 - _LEAST_VARIANCE:
            raise ValueError(
                f"{self._name}: the vectors are nearly all the same (mean cosine {mean_cosine:.3f}): nothing can be "
                "learnt from them; centre them, or check the teacher"
            )
        if self._held_out == self._words:
            raise ValueError(f"{self._name}: all {self._words} words are held out, expected some to learn from")


def checked_unit_rows(vectors: np.ndarray, *, words: Sequence[str], name: str) -> np.ndarray:
    """Vectors `(words, width)` of unit length. Raises `TeacherTableError` that names words whose vectors have none."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    for wrong, what in ((~np.isfinite(norms), "NaN or infinite"), (norms == 0, "zero")):
        if wrong.any():
            named = [words[row] for row in np.flatnonzero(wrong)[:5]]
            raise TeacherTableError(f"{name}: {int(wrong.sum())} vectors are {what}, for example of {named}; drop them")
    return vectors / norms
