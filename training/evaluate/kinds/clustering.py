"""Clustering: do words of one class lie together?"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from threadpoolctl import threadpool_limits

from training.common.rows import unit_rows
from training.common.words import is_single, normalise
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.scores import Score, Spread
from training.evaluate.sources import Sources
from training.vectors import WordVectors

SEEDS = tuple(range(10))


@dataclass(frozen=True)
class ClusteringSet:
    """Distinct words with the class of each."""

    name: str
    words: list[str]
    classes: list[str]


@dataclass(frozen=True, kw_only=True)
class Clusters(Observation):
    """The classes of the words, and the cluster that each was put into with each of several seeds."""

    classes: list[str]
    clusters: list[np.ndarray]


def _find(sources: Sources) -> list[ClusteringSet]:
    """Reads `clustering/*.tsv`: `word` and its class, in a column `category` or `chapter`.

    Words that a set puts into several classes are left out: no cluster is right for them.
    """
    sets = []
    for file in sources.files("clustering/*.tsv"):
        rows = sources.rows(file, columns=("word",))
        column = next((name for name in ("category", "chapter") if rows and name in rows[0]), "")
        file.require(column, found="no column with the classes", expected="'category' or 'chapter'")
        classes: dict[str, set[str]] = {}
        for row in rows:
            word = normalise(row["word"])
            if is_single(word):
                classes.setdefault(word, set()).add(row[column])
        kept = {word: next(iter(labels)) for word, labels in classes.items() if len(labels) == 1}
        number = len(set(kept.values()))
        file.require(number >= 2, found=f"{number} classes", expected="two or more")
        sets.append(ClusteringSet(file.stem, list(kept), list(kept.values())))
    return sets


def cluster(vectors: np.ndarray, *, clusters: int, seeds: Sequence[int] = SEEDS) -> list[np.ndarray]:
    """The k-means cluster of each row of `(words, width)` scaled to unit length, `(words,)` for each seed.

    On one thread, so that sums are added up in the same order every time.
    """
    unit = unit_rows(vectors.astype(np.float64))
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct points than classes: unknown words all lie at zero.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [KMeans(n_clusters=clusters, n_init=4, random_state=seed).fit_predict(unit) for seed in seeds]


def _observe(model: WordVectors, given: ClusteringSet) -> dict[str, Clusters]:
    """The clusters that a model's vectors form, as many as there are classes."""
    vectors, known = model.lookup(given.words)
    number = len(set(given.classes))
    observation = Clusters(
        counts={"words": len(given.words), "classes": number},
        coverage=float(known.mean()),
        classes=given.classes,
        clusters=cluster(vectors, clusters=number),
    )
    return {given.name: observation}


def _agreement(statistic: Callable[..., float], observed: Clusters) -> Score:
    """The mean over the seeds, and the lowest and the highest: resampled words would make other clusters."""
    found = [statistic(observed.classes, clusters) for clusters in observed.clusters]
    return Score(value=float(np.mean(found)), low=min(found), high=max(found), spread=Spread.RANGE)


CLUSTERING = Kind(
    name="clustering",
    find=_find,
    observe=_observe,
    measures=(
        Measure(
            key="ari",
            title="clustering, ARI",
            score=partial(_agreement, adjusted_rand_score),
            note="Judge clusters by ARI, the adjusted Rand index, where chance is 0.",
        ),
        Measure(
            key="nmi",
            title="clustering, NMI",
            score=partial(_agreement, normalized_mutual_info_score),
            note="NMI, normalised mutual information, equals the V-measure; above 0 by chance, most in small sets.",
        ),
        Measure(key="v_measure", score=partial(_agreement, v_measure_score)),
    ),
    note=f"Clustering: k-means against the classes, mean of {len(SEEDS)} seeds; round brackets: the lowest and the "
    "highest of them, which tell nothing of other words.",
)
