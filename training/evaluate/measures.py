"""The measures: how well vectors rank pairs, form classes, find a word by another spelling, and follow the teacher."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from threadpoolctl import threadpool_limits

from training.common.rows import row_cosines, unit_rows
from training.common.statistics import bootstrap_interval, pearson, share_interval, spearman
from training.evaluate.sets import AnalogySet, ClusteringSet, EvaluationSets, RetrievalSet, SimilaritySet
from training.table import TeacherTable
from training.vectors import WordVectors

CLUSTERING_SEEDS = tuple(range(10))

_FREQUENT_WORDS = 10_000

# Candidates closer than this are a tie: a matrix product may round two equal vectors differently.
_TIE = 1e-6
_BATCH = 4096  # queries

_AGREEMENT = {"ari": adjusted_rand_score, "nmi": normalized_mutual_info_score, "v_measure": v_measure_score}


def cluster_agreement(
    vectors: np.ndarray, classes: Sequence[str], *, seeds: Sequence[int] = CLUSTERING_SEEDS
) -> dict[str, Any]:
    """Agreement of k-means clusters of unit vectors with the classes, k = number of classes, mean over seeds.

    `ari` is the adjusted Rand index: 0 for random clusters. `nmi` is normalised mutual information, which is well above
    0 for random clusters of a small set; with the arithmetic mean it equals `v_measure`. `ari_range` and the like are
    the lowest and the highest of the seeds: resampled words would make other clusters. One thread, so that sums are
    added up in the same order every time.
    """
    unit = unit_rows(vectors.astype(np.float64))
    scores = []
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct points than classes: unknown words all lie at zero.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for seed in seeds:
            found = KMeans(n_clusters=len(set(classes)), n_init=4, random_state=seed).fit_predict(unit)
            scores.append([agreement(classes, found) for agreement in _AGREEMENT.values()])
    report: dict[str, Any] = {}
    for name, found in zip(_AGREEMENT, zip(*scores, strict=True), strict=True):
        report |= {name: float(np.mean(found)), f"{name}_range": (float(min(found)), float(max(found)))}
    return report


def nearest_is_right(
    queries: np.ndarray, *, candidates: np.ndarray, answers: Sequence[int], excluded: np.ndarray | None = None
) -> np.ndarray:
    """Whether the nearest candidate of each query by cosine is the right one, `(queries,)` bool.

    `queries` is `(queries, width)`, `candidates` `(candidates, width)`, `answers` the right candidate's row for each
    query, and `excluded` the rows of candidates that do not count for it, `(queries, any)`. A tie with a wrong
    candidate is a miss, and so is a query or an answer with a zero vector.
    """
    candidates, answers = unit_rows(candidates.astype(np.float64)), np.asarray(answers)
    right = candidates[answers].any(axis=1)
    for start in range(0, len(queries), _BATCH):  # all cosines of a large set at once would take gigabytes
        part = slice(start, start + _BATCH)
        asked = unit_rows(queries[part].astype(np.float64))
        cosines, rows = asked @ candidates.T, np.arange(len(asked))
        of_answers = cosines[rows, answers[part]]
        cosines[rows, answers[part]] = -np.inf
        if excluded is not None:
            cosines[rows[:, None], excluded[part]] = -np.inf
        right[part] &= (of_answers > cosines.max(axis=1) + _TIE) & asked.any(axis=1)
    return right


def analogies_right(vectors: np.ndarray, *, questions: np.ndarray) -> np.ndarray:
    """Which questions "a is to b as c is to ?" are answered right, `(questions,)` bool.

    `vectors` is `(words, width)`, `questions` the rows of a, b, c and the right answer d, `(questions, 4)`. The answer
    is the word nearest to b - a + c of unit vectors, a, b and c not counted (Mikolov et al. 2013, "Linguistic
    regularities in continuous space word representations"; called 3CosAdd by Levy & Goldberg 2014, "Linguistic
    regularities in sparse and explicit word representations"). A tie is a miss, and so is an unknown word.
    """
    unit = unit_rows(vectors.astype(np.float64))
    first, second, third = (unit[rows] for rows in questions[:, :3].T)
    known = unit.any(axis=1)[questions].all(axis=1)
    targets = np.where(known[:, None], second - first + third, 0)
    return nearest_is_right(targets, candidates=unit, answers=questions[:, 3], excluded=questions[:, :3])


def measure(model: WordVectors, *, sets: EvaluationSets, teacher: TeacherTable | None = None) -> dict[str, Any]:
    """All measures of a model but its size and speed, by kind and set."""
    return {
        "similarity": {each.name: _similarity(model, each) for each in sets.similarity},
        "clustering": {each.name: _clustering(model, each) for each in sets.clustering},
        "retrieval": {each.name: _retrieval(model, each) for each in sets.retrieval},
        "analogies": {each.name: _analogies(model, each) for each in sets.analogies},
        "closeness": closeness(model, teacher=teacher) if teacher else {},
    }


def _similarity(model: WordVectors, given: SimilaritySet) -> dict[str, Any]:
    (first, first_known), (second, second_known) = (model.lookup(words) for words in zip(*given.pairs, strict=True))
    cosines = row_cosines(first, second)
    return {
        "pairs": len(given.pairs),
        "coverage": float((first_known & second_known).mean()),
        "spearman": spearman(cosines, given.scores),
        "spearman_interval": bootstrap_interval(spearman, cosines, given.scores),
        "pearson": pearson(cosines, given.scores),
        "pearson_interval": bootstrap_interval(pearson, cosines, given.scores),
    }


def _clustering(model: WordVectors, given: ClusteringSet) -> dict[str, Any]:
    vectors, known = model.lookup(given.words)
    counts = {"words": len(given.words), "classes": len(set(given.classes)), "coverage": float(known.mean())}
    return counts | cluster_agreement(vectors, given.classes)


def _retrieval(model: WordVectors, given: RetrievalSet) -> dict[str, Any]:
    (queries, query_known), (candidates, candidate_known) = model.lookup(given.queries), model.lookup(given.candidates)
    right = nearest_is_right(queries, candidates=candidates, answers=given.answers)
    return {
        "queries": len(given.queries),
        "candidates": len(given.candidates),
        "coverage": float((query_known & candidate_known[given.answers]).mean()),
        "retrieval_at_1": float(right.mean()),
        "retrieval_at_1_interval": share_interval(right),
    }


def _analogies(model: WordVectors, given: AnalogySet) -> dict[str, Any]:
    vectors, known = model.lookup(given.words)
    right = analogies_right(vectors, questions=given.questions)
    report = {
        "questions": len(given.questions),
        "words": len(given.words),
        "coverage": float(known[given.questions].all(axis=1).mean()),
        **_accuracy(right),
    }
    if not given.categories:
        return report
    of_category = {name: np.array(given.categories) == name for name in dict.fromkeys(given.categories)}
    categories = {
        name: {"questions": int(asked.sum()), **_accuracy(right[asked])} for name, asked in of_category.items()
    }
    return report | {"categories": categories}


def _accuracy(right: np.ndarray) -> dict[str, Any]:
    return {"accuracy": float(right.mean()), "accuracy_interval": share_interval(right)}


def closeness(model: WordVectors, *, teacher: TeacherTable) -> dict[str, Any]:
    """Mean cosine to the teacher's vectors, of frequent words seen in training and of held-out words, if there are any.

    The latter also after a linear map to the teacher's vectors, ridge regression on those frequent words, which tells
    how much any model knows of what the teacher says. The plain cosines are there only for models of its width.
    """
    by_frequency = np.argsort(-teacher.frequencies, kind="stable")
    seen, held_out = by_frequency[~teacher.held_out[by_frequency]][:_FREQUENT_WORDS], np.flatnonzero(teacher.held_out)
    (images, seen_known), (unseen, unseen_known) = (
        model.lookup([teacher.words[row] for row in rows]) for rows in (seen, held_out)
    )
    report = {}
    if model.width == teacher.width:
        report["frequent seen words"] = _cosines(images, known=seen_known, targets=teacher.vectors[seen])
    if len(held_out):
        targets = teacher.vectors[held_out]
        if model.width == teacher.width:
            report["held-out words"] = _cosines(unseen, known=unseen_known, targets=targets)
        linear = Ridge().fit(unit_rows(images.astype(np.float64)), teacher.vectors[seen])
        mapped = linear.predict(unit_rows(unseen.astype(np.float64))) * unseen_known[:, None]
        report["held-out words, by regression"] = _cosines(mapped, known=unseen_known, targets=targets)
    return report


def _cosines(vectors: np.ndarray, *, known: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    cosines = row_cosines(vectors, targets)
    return {
        "words": len(vectors),
        "coverage": float(known.mean()),
        "cosine": float(cosines.mean()),
        "cosine_interval": bootstrap_interval(np.mean, cosines),
    }
