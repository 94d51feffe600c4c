"""Which words are near a vector."""

from collections.abc import Callable
from typing import Any

import numpy as np
from thinc.backends import get_array_ops

from beast_core import WordEncoder
from spacy_beast.words import has_vector

# float32 has seven digits: a word's cosine to itself is then 1, as it should be.
_DECIMALS = 6


class KnownWords:
    """The vectors of a growing list of words, each computed once and all of them kept."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._vectors = np.empty((0, 0), dtype=np.float32)

    def vectors(self, words: list[str], *, encoder: WordEncoder) -> np.ndarray:
        """`(words, width)` float32: of a list that begins with that of last time, only the new words are computed."""
        known = len(self._words)
        if known and words[:known] == self._words:
            vectors = np.concatenate([self._vectors, encoder.encode(words[known:])]) if words[known:] else self._vectors
        else:
            vectors = encoder.encode(words)
        self._words, self._vectors = list(words), vectors
        return vectors


def check_queries(queries: Any, *, width: int) -> np.ndarray:
    """Queries as `(queries, width)` float32. Raises `ValueError` for another shape, for NaN and for infinity."""
    found: np.ndarray = get_array_ops(queries).to_numpy(queries).astype(np.float32)
    if found.ndim != 2 or found.shape[1] != width or not np.isfinite(found).all():
        raise ValueError(
            f"queries have shape {found.shape}, expected (queries, {width}) without NaN; for a single vector pass "
            "vector[None]"
        )
    return found


def nearest_words(
    queries: np.ndarray,
    *,
    words: list[str],
    vectors_of: Callable[[list[str]], np.ndarray],
    n: int,
    sort: bool,
    batch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the `n` words of highest cosine for each query, int32, and the cosines: both `(queries, n)`.

    `queries` is `(queries, width)` of any length; `vectors_of` gives words their unit vectors. Words without vectors
    are no neighbours. Raises `ValueError` if there are fewer than `n` others, and for a bad `batch_size`.
    """
    places = np.array([place for place, word in enumerate(words) if has_vector(word)], dtype=np.int32)
    if not 1 <= n <= len(places):
        raise ValueError(f"n is {n}, expected 1 to {len(places)}, the number of words there are to choose from")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, expected a whole number of queries, 1 or more")
    candidates = vectors_of([words[place] for place in places])
    best = np.zeros((len(queries), n), dtype=np.int64)
    scores = np.zeros((len(queries), n), dtype=np.float32)
    for start in range(0, len(queries), batch_size):
        batch = slice(start, start + batch_size)
        best[batch], scores[batch] = _nearest(queries[batch], candidates=candidates, n=n, sort=sort)
    return places[best], scores


def _nearest(queries: np.ndarray, *, candidates: np.ndarray, n: int, sort: bool) -> tuple[np.ndarray, np.ndarray]:
    norms = np.linalg.norm(queries, axis=1, keepdims=True)
    cosines = (queries / np.where(norms == 0, 1, norms)) @ candidates.T
    rows = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
    scores = np.take_along_axis(cosines, rows, axis=1).round(_DECIMALS).clip(-1, 1)
    if sort:
        order = np.argsort(-scores, axis=1, kind="stable")
        rows, scores = np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)
    return rows, scores
