"""A bounded first-in-first-out cache of vectors in one matrix, so that looking up many keys is one gather."""

import os
import threading
from collections.abc import Hashable, Sequence
from itertools import repeat

import numpy as np


class VectorCache:
    """Keys -> vectors `(width,)` float32, of the `size` keys that were stored last. Safe to use from several threads.

    A ring buffer over the rows of one matrix, which grows up to the bound: the key that was stored first goes first,
    however often it was looked up. All vectors have one width. `rows` says where each
    key's vector is: to be looked at only. Raises `ValueError` for a bad `size`.

    >>> cache = VectorCache(size=2)
    >>> cache.store(["sol"], vectors=np.ones((1, 3), dtype=np.float32))
    >>> vectors = np.zeros((2, 3), dtype=np.float32)
    >>> cache.fill(vectors, keys=["mar", "sol"]).tolist(), vectors.tolist()
    ([0], [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    """

    def __init__(self, *, size: int) -> None:
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError(f"cache_size is {size!r}, expected a whole number of words, 0 or more")
        self.size = size
        self.rows: dict[Hashable, int] = {}
        self._own_lock, self._process = threading.Lock(), os.getpid()
        self.clear()

    @property
    def _lock(self) -> threading.Lock:
        """Held while the cache is looked into or written to, never while vectors are computed. A forked process has one
        of its own: it may have inherited this one locked by a thread that it does not have."""
        if self._process != (process := os.getpid()):
            self._own_lock, self._process = threading.Lock(), process
        return self._own_lock

    def clear(self) -> None:
        """Forgets all vectors."""
        with self._lock:
            self.rows.clear()
            self._keys: dict[int, Hashable] = {}
            self._vectors = np.empty((0, 0), dtype=np.float32)
            self._stored = 0

    def get(self, key: Hashable) -> np.ndarray | None:
        """A copy of the vector of a key, `None` if it is not there."""
        row, vectors = self.rows.get(key), self._vectors
        if row is None or row >= len(vectors):
            return None
        # Without the lock, which is much of the time that this takes: a key leaves `rows` before its row is written to.
        vector = vectors[row].copy()
        return vector if self.rows.get(key) == row else None

    def fill(self, vectors: np.ndarray, *, keys: Sequence[Hashable]) -> np.ndarray:
        """Copies the vectors of the keys that are there into their rows of `vectors`, `(keys, width)`.

        Returns the places of the others, `(missing,)` int64, whose rows it leaves as they are.
        """
        with self._lock:
            rows = np.fromiter(map(self.rows.get, keys, repeat(-1)), dtype=np.int64, count=len(keys))
            missing = np.flatnonzero(rows < 0)
            if len(keys) and not len(missing):
                np.take(self._vectors, rows, axis=0, out=vectors, mode="clip")  # "raise" would write to a copy first
            elif len(missing) < len(keys):
                known = rows >= 0
                vectors[known] = self._vectors[rows[known]]
        return missing

    def store(self, keys: Sequence[Hashable], *, vectors: np.ndarray) -> None:
        """Keeps the vectors `(keys, width)` of distinct keys, in place of the oldest if there are too many."""
        if not (self.size and len(keys)):
            return
        with self._lock:
            keys, vectors = keys[-self.size :], vectors[-self.size :]
            fresh = [place for place, key in enumerate(keys) if key not in self.rows]
            rows = [(self._stored + number) % self.size for number in range(len(fresh))]
            self._grow(self._stored + len(fresh), width=vectors.shape[1])
            # In this order: an interrupt between two lines must not leave a key with another key's vector.
            for row in rows:
                self.rows.pop(self._keys.get(row), None)
            self._vectors[rows] = vectors[fresh]
            for row, place in zip(rows, fresh, strict=True):
                self._keys[row] = keys[place]
                self.rows[keys[place]] = row
            self._stored += len(fresh)

    def store_one(self, key: Hashable, *, vector: np.ndarray) -> None:
        """`store` of one key and its vector, `(width,)`, in a third of the time."""
        if not self.size:
            return
        with self._lock:
            if key in self.rows:
                return
            row = self._stored % self.size
            self._grow(self._stored + 1, width=len(vector))
            # In the order of `store`.
            self.rows.pop(self._keys.get(row), None)
            self._vectors[row] = vector
            self._keys[row] = key
            self.rows[key] = row
            self._stored += 1

    def _grow(self, needed: int, *, width: int) -> None:
        if needed > (rows := len(self._vectors)) < self.size:
            grown = np.empty((min(self.size, max(needed, 2 * rows)), width), dtype=np.float32)
            if rows:
                grown[:rows] = self._vectors
            self._vectors = grown
