"""Vectors that were paid for, in one SQLite file that a kill or a power cut leaves whole."""

import json
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from training.common.settings import differences

_TEXTS_A_QUERY = 1000
# Vectors are kilobytes: on SQLite's pages of 4096 bytes a third of the file would be empty.
_PAGE_BYTES = 16384


class PaidVectors:
    """Texts and their vectors, looked up by the exact text; only what is asked for is in memory.

    `made_by` says where the vectors come from, in JSON types. The file is created where there is none, and locked
    until `close`, or the end of the process however it ends.

    Entries are kept as float16 shares of the largest of their vector, which is float32: the error of an entry is at
    most 1/2048 of itself or, for very small ones, 1/30,000,000 of the largest.

    Raises `ValueError` if the file was `made_by` something else, `OSError` if another process uses it, or if it is
    damaged or cannot be written.
    """

    def __init__(self, file: Path, *, made_by: dict[str, Any]) -> None:
        self.file = file.resolve()
        with self._explained():
            self._connection = sqlite3.connect(self.file, timeout=0, isolation_level=None, check_same_thread=False)
        self.close = weakref.finalize(self, self._connection.close)
        try:
            with self._explained():
                found = self._prepare(made_by)
            if changes := differences(found, now=made_by):
                raise ValueError(
                    f"{self.file} holds vectors of another teacher ({'; '.join(changes)}); set that back, or name "
                    "another folder and pay anew"
                )
        except BaseException:
            self.close()
            raise

    def _prepare(self, made_by: dict[str, Any]) -> dict[str, Any]:
        self._connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # the lock outlives each transaction
        self._connection.execute("PRAGMA synchronous = FULL")
        with self._connection as connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("CREATE TABLE IF NOT EXISTS made_by (settings TEXT NOT NULL)")
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB NOT NULL)")
            rows = connection.execute("SELECT settings FROM made_by").fetchall()
            if not rows:
                connection.execute("INSERT INTO made_by VALUES (?)", [json.dumps(made_by)])
        return json.loads(rows[0][0]) if rows else made_by

    @property
    def width(self) -> int | None:
        """Entries of a vector; None before the first."""
        with self._explained():
            row = self._connection.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone()
        return (row[0] - _record(0).itemsize) // 2 if row else None

    def __len__(self) -> int:
        with self._explained():
            return int(self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts that have no vector yet, each once, in their order."""
        distinct = list(dict.fromkeys(texts))
        found = {text for part in _parts(distinct) for (text,) in self._select("text", part)}
        return [text for text in distinct if text not in found]

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors `(texts, width)` float32. Raises `KeyError` for a text that is missing."""
        width = self.width or 0
        vectors = np.empty((len(texts), width), dtype=np.float32)
        done = 0
        for part in _parts(texts):
            blobs = dict(self._select("text, vector", part))
            records = np.frombuffer(b"".join(blobs[text] for text in part), dtype=_record(width))
            vectors[done : done + len(part)] = records["entries"] * records["scale"][:, None]
            done += len(part)
        return vectors

    def store(self, texts: Sequence[str], *, vectors: np.ndarray) -> None:
        """Adds `(texts, width)` finite vectors in one transaction, which is on the disk when this returns."""
        largest = np.abs(vectors).max(axis=1, keepdims=True).astype(np.float32)
        records = np.empty(len(vectors), dtype=_record(vectors.shape[1]))
        records["scale"] = largest[:, 0]
        records["entries"] = vectors / np.where(largest == 0, 1, largest)
        rows = [(text, row.tobytes()) for text, row in zip(texts, records, strict=True)]
        with self._explained(), self._connection as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    def _select(self, columns: str, texts: Sequence[str]) -> list[tuple[Any, ...]]:
        places = ", ".join("?" * len(texts))
        with self._explained():
            query = f"SELECT {columns} FROM vectors WHERE text IN ({places})"
            return self._connection.execute(query, texts).fetchall()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise OSError(
                    f"{self.file} is in use by another process; wait until that ends, or end it: two would pay twice"
                ) from error
            raise OSError(
                f"{self.file} cannot be read or written ({error}); make sure the folder is writable and the disk has "
                "room; if the file is damaged, move it away and pay anew"
            ) from error


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _TEXTS_A_QUERY] for start in range(0, len(texts), _TEXTS_A_QUERY))


def _record(width: int) -> np.dtype:
    return np.dtype([("scale", "<f4"), ("entries", "<f2", (width,))])
