"""The place of the right answer among a query's nearest neighbours, which retrieval and analogies come down to."""

from collections.abc import Sequence

import numpy as np

from training.common.rows import pieces, unit_rows

# Candidates closer than this are a tie: a matrix product may round two equal vectors differently.
TIE = 1e-6
_QUERIES = 4096  # at a time: all cosines of a large set at once would take gigabytes


def answer_ranks(
    queries: np.ndarray,
    *,
    candidates: np.ndarray,
    answers: Sequence[int] | np.ndarray,
    excluded: np.ndarray | None = None,
) -> np.ndarray:
    """The rank of the right candidate of each query by cosine, `(queries,)` float64: 1 if it is the nearest.

    `queries` is `(queries, width)`, `candidates` `(candidates, width)`, `answers` the right candidate's row for each
    query, and `excluded` the rows of candidates that do not count for it, `(queries, any)`. Of a tie the right one is
    last; infinity if the query or its answer has a zero vector.
    """
    candidates, rows = unit_rows(candidates.astype(np.float64)), np.asarray(answers)
    ranks = np.full(len(queries), np.inf)
    for part in pieces(len(queries), size=_QUERIES):
        asked = unit_rows(queries[part].astype(np.float64))
        cosines, own = asked @ candidates.T, np.arange(len(asked))
        of_answers = cosines[own, rows[part]]
        cosines[own, rows[part]] = -np.inf
        if excluded is not None:
            cosines[own[:, None], excluded[part]] = -np.inf
        cosines += TIE
        known = asked.any(axis=1) & candidates[rows[part]].any(axis=1)
        ranks[part] = np.where(known, 1 + (cosines >= of_answers[:, None]).sum(axis=1), np.inf)
    return ranks


def nearest_is_right(queries: np.ndarray, *, candidates: np.ndarray, answers: Sequence[int]) -> np.ndarray:
    """Whether the right candidate of each query is the nearest of all, `(queries,)` bool; see `answer_ranks`."""
    ranks = answer_ranks(queries, candidates=candidates, answers=answers)
    return np.asarray(ranks == 1)
