"""The measures: how well vectors rank pairs, form classes, find a word by another spelling, and follow the teacher."""

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from threadpoolctl import threadpool_limits

from training.evalsets import ClusteringSet, EvaluationSets, RetrievalSet, SimilaritySet
from training.models import WordVectors
from training.table import TeacherTable

SEED = 0
RESAMPLES = 1000
CLUSTERING_SEEDS = (0, 1, 2, 3, 4)

_FREQUENT_WORDS = 10_000
_SPEED_WORDS = 20_000
_LONGEST_RUN = 1.5  # seconds; a model that would take longer is timed on fewer words

# Candidates closer than this are a tie: a matrix product may round two equal vectors differently.
_TIE = 1e-6

_AGREEMENT = {"ari": adjusted_rand_score, "nmi": normalized_mutual_info_score, "v_measure": v_measure_score}


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows `(words, width)` scaled to unit length, float64; a zero row, that of an unknown word, stays zero."""
    vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def row_cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine of each row of one matrix with the same row of the other, `(words,)`; 0 where either row is zero."""
    return np.einsum("ij,ij->i", unit_rows(first), unit_rows(second))


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two `(pairs,)` arrays; 0 if either is constant and so tells no pair apart."""
    return float(_row_correlations(first[None], second[None])[0])


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two `(pairs,)` arrays, ties at their mean rank; 0 if either is constant."""
    return pearson(rankdata(first), rankdata(second))


def spearman_interval(
    first: np.ndarray, second: np.ndarray, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """95% percentile interval of Spearman's correlation over resamples of the pairs (Efron's bootstrap)."""
    drawn = np.random.default_rng(seed).integers(len(first), size=(resamples, len(first)))
    correlations = _row_correlations(rankdata(first[drawn], axis=1), rankdata(second[drawn], axis=1))
    low, high = np.percentile(correlations, [2.5, 97.5])
    return float(low), float(high)


def _row_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    product = np.einsum("ij,ij->i", first, second)
    scale = np.sqrt(np.einsum("ij,ij->i", first, first) * np.einsum("ij,ij->i", second, second))
    return np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)


def cluster_agreement(
    vectors: np.ndarray, classes: Sequence[str], *, seeds: Sequence[int] = CLUSTERING_SEEDS
) -> dict[str, float]:
    """Agreement of k-means clusters of unit vectors with the classes, k = number of classes, mean over seeds.

    `ari` is the adjusted Rand index: 0 for random clusters. `nmi` is normalised mutual information, which is well above
    0 for random clusters of a small set; with the arithmetic mean it equals `v_measure`. One thread, so that sums are
    added up in the same order every time.
    """
    unit = unit_rows(vectors)
    scores = []
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct points than classes: unknown words all lie at zero.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for seed in seeds:
            found = KMeans(n_clusters=len(set(classes)), n_init=4, random_state=seed).fit_predict(unit)
            scores.append([agreement(classes, found) for agreement in _AGREEMENT.values()])
    return dict(zip(_AGREEMENT, np.mean(scores, axis=0).tolist(), strict=True))


def retrieval_at_1(queries: np.ndarray, *, candidates: np.ndarray, answers: Sequence[int]) -> float:
    """Share of queries whose nearest candidate by cosine is the right one.

    `queries` is `(queries, width)`, `candidates` `(candidates, width)`, `answers` the right candidate's row for each
    query. A tie with a wrong candidate is a miss, and so is a query or an answer with a zero vector.
    """
    queries, candidates, rows = unit_rows(queries), unit_rows(candidates), np.arange(len(queries))
    cosines = queries @ candidates.T
    right = cosines[rows, answers]
    cosines[rows, answers] = -np.inf
    known = queries.any(axis=1) & candidates[list(answers)].any(axis=1)
    return float(np.mean((right > cosines.max(axis=1) + _TIE) & known))


def measure(model: WordVectors, *, sets: EvaluationSets, teacher: TeacherTable | None = None) -> dict[str, Any]:
    """All measures of a model but its size and speed, by kind and set; closeness only to a teacher of its width."""
    closeness = _closeness(model, teacher) if teacher is not None and teacher.width == model.width else {}
    return {
        "similarity": {each.name: _similarity(model, each) for each in sets.similarity},
        "clustering": {each.name: _clustering(model, each) for each in sets.clustering},
        "retrieval": {each.name: _retrieval(model, each) for each in sets.retrieval},
        "closeness": closeness,
    }


def _similarity(model: WordVectors, given: SimilaritySet) -> dict[str, Any]:
    (first, first_known), (second, second_known) = (model.lookup(words) for words in zip(*given.pairs, strict=True))
    cosines = row_cosines(first, second)
    return {
        "pairs": len(given.pairs),
        "coverage": float((first_known & second_known).mean()),
        "spearman": spearman(cosines, given.scores),
        "spearman_interval": spearman_interval(cosines, given.scores),
        "pearson": pearson(cosines, given.scores),
    }


def _clustering(model: WordVectors, given: ClusteringSet) -> dict[str, Any]:
    vectors, known = model.lookup(given.words)
    counts = {"words": len(given.words), "classes": len(set(given.classes)), "coverage": float(known.mean())}
    return counts | cluster_agreement(vectors, given.classes)


def _retrieval(model: WordVectors, given: RetrievalSet) -> dict[str, Any]:
    (queries, query_known), (candidates, candidate_known) = model.lookup(given.queries), model.lookup(given.candidates)
    return {
        "queries": len(given.queries),
        "candidates": len(given.candidates),
        "coverage": float((query_known & candidate_known[given.answers]).mean()),
        "retrieval_at_1": retrieval_at_1(queries, candidates=candidates, answers=given.answers),
    }


def _closeness(model: WordVectors, teacher: TeacherTable) -> dict[str, Any]:
    by_frequency = np.argsort(-teacher.frequencies, kind="stable")
    seen = by_frequency[~teacher.held_out[by_frequency]][:_FREQUENT_WORDS]
    report = {}
    for name, rows in (("frequent seen words", seen), ("held-out words", np.flatnonzero(teacher.held_out))):
        if len(rows):
            vectors, known = model.lookup([teacher.words[row] for row in rows])
            cosine = float(row_cosines(vectors, teacher.vectors[rows]).mean())
            report[name] = {"words": len(rows), "coverage": float(known.mean()), "cosine": cosine}
    return report


def words_per_second(model: WordVectors) -> float:
    """Distinct made-up words embedded in a second, best of three runs. Rough: it counts other work on the machine."""
    words = _made_up_words(_SPEED_WORDS)
    pace = _pace(model, words[:500])
    words = words[: max(500, int(pace * _LONGEST_RUN))]
    return max(_pace(model, words) for _ in range(3))


def _pace(model: WordVectors, words: Sequence[str]) -> float:
    start = time.perf_counter()
    model.lookup(words)
    return len(words) / (time.perf_counter() - start)


def _made_up_words(count: int) -> list[str]:
    """Distinct strings of two to five Spanish syllables, the same every time."""
    generator = np.random.default_rng(SEED)
    syllables = np.array([onset + vowel for onset in (*"bcdflmnprstv", "ch", "tr") for vowel in "aeiouó"])
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(generator.choice(syllables, size=generator.integers(2, 6)))] = None
    return list(words)
