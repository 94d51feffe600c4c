"""Words as the nodes of a graph: synonyms, their neighbours in WordNet, antonyms; and moving vectors along it.

Retrofitting: Faruqui et al. 2015, https://arxiv.org/abs/1411.4166; pushing antonyms apart as in counter-fitting:
Mrkšić et al. 2016, https://arxiv.org/abs/1603.00892.
"""

from collections.abc import Iterable

import numpy as np
from scipy import sparse

from training.common.rows import pieces, unit_rows

_PULL, _PUSH = 0.35, 0.15  # the neighbours' and the opposites' shares, against the anchor's
_STEPS = 8  # after which nothing moves any more


def incidence(pairs: Iterable[tuple[int, int, float]], *, shape: tuple[int, int]) -> sparse.csr_array:
    """A matrix of `shape` from (row, column, weight); the weights of equal places add up."""
    rows, columns, weights = zip(*pairs, strict=True) if (pairs := list(pairs)) else ((), (), ())
    indices = np.array(rows, dtype=np.int32), np.array(columns, dtype=np.int32)
    return sparse.csr_array(sparse.coo_array((np.array(weights, dtype=np.float32), indices), shape=shape))


def row_shares(matrix: sparse.csr_array) -> sparse.csr_array:
    """The same matrix with rows that sum to 1, or to 0 where they are empty."""
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    shares = np.divide(1, sums, out=np.zeros_like(sums, dtype=np.float32), where=sums > 0)
    return sparse.csr_array(sparse.diags_array(shares) @ matrix)


def has_entries(matrix: sparse.csr_array) -> np.ndarray:
    """Which rows are not empty, `(rows,)` bool."""
    return np.diff(matrix.indptr) > 0


def neighbours(
    senses: sparse.csr_array, *, influence: np.ndarray, links: sparse.csr_array | None = None
) -> sparse.csr_array:
    """How near words are to each other, `(words, words)`, rows that sum to 1.

    `senses` `(words, senses)` says how much of a word each sense is. Two words are as near as they have senses in
    common or, with `links` `(senses, senses)`, as their senses are linked in either direction; a word counts by its
    `influence` `(words,)` on others.
    """
    joined = senses @ (senses.T if links is None else links @ senses.T)
    return symmetric_shares(joined, influence=influence)


def symmetric_shares(weights: sparse.csr_array, *, influence: np.ndarray) -> sparse.csr_array:
    """Weights in either direction added up, times the influence of the other word, rows that sum to 1."""
    both = sparse.coo_array(weights + weights.T)
    rows, columns = both.coords
    off = rows != columns
    rows, columns, data = rows[off], columns[off], both.data[off]
    data = data * influence[columns]
    return row_shares(sparse.csr_array(sparse.coo_array((data, (rows, columns)), shape=both.shape)))


def retrofit(anchors: np.ndarray, *, near: sparse.csr_array, opposite: sparse.csr_array) -> np.ndarray:
    """Unit vectors `(words, width)` between their anchors, their neighbours' mean, and away from their opposites'.

    `near` and `opposite` are `(words, words)` with rows that sum to 1 or are empty; a word without neighbours and
    opposites stays at its anchor. `anchors` are unit vectors `(words, width)`.
    """
    share = _PULL * has_entries(near)[:, None].astype(np.float32)
    vectors = anchors
    for _ in range(_STEPS):
        moved = np.empty_like(anchors)
        for rows in pieces(len(anchors)):
            pulled = (1 - share[rows]) * anchors[rows] + share[rows] * unit_rows(near[rows] @ vectors)
            moved[rows] = unit_rows(pulled - _PUSH * (opposite[rows] @ vectors))
        vectors = moved
    return vectors
