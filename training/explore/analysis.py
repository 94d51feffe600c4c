"""What is shown of a list of words: where they lie, which are near which, clusters, and what smaller vectors keep."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from beast_core.network.tables import fake_quantise
from beast_core.packing import packed_width
from training.common.layout import lay_out
from training.common.rows import unit_rows
from training.common.statistics import SEED

NEIGHBOURS = 10
MOST_CLUSTERS = 12  # as many as there are colours that can be told apart
_WORDS_A_CLUSTER = 15  # on average, unless their number is given
_NAMING = 3
_WIDTHS = (64, 128, 256)


@dataclass(frozen=True)
class Representation:
    """A way to store vectors: bytes a word, and the share of true nearest neighbours that are among those by it.

    `first` is the share of words whose nearest neighbour is the true one.
    """

    name: str
    bytes: int
    kept: float
    first: float


@dataclass(frozen=True)
class Analysis:
    """Of `words`: `places` `(words, 2)` between 0 and 1, the rows of `neighbours` `(words, n)`, nearest first, with
    their `cosines`, the cluster of each, `(words,)`; of each cluster the words nearest to its middle."""

    words: list[str]
    places: np.ndarray
    neighbours: np.ndarray
    cosines: np.ndarray
    clusters: np.ndarray
    cluster_names: list[str]
    representations: list[Representation]


def analyse(words: Sequence[str], *, vectors: np.ndarray, clusters: int | None = None) -> Analysis:
    """Looks at `vectors` `(words, width)` of distinct words, none of them zero; the same every time.

    `clusters` is their number, by the number of words if None.
    """
    unit = unit_rows(vectors.astype(np.float32))
    count = min(NEIGHBOURS, len(words) - 1)
    cosines, neighbours = nearest(unit, count=count)
    if clusters is None:
        clusters = min(MOST_CLUSTERS, max(2, len(words) // _WORDS_A_CLUSTER))
    of_words, names = _clusters(unit, words=words, number=clusters)
    places = lay_out(unit.astype(np.float64))
    places = (places - places.min(axis=0)) / (np.ptp(places, axis=0).max() or 1.0)
    return Analysis(list(words), places, neighbours, cosines, of_words, names, _representations(unit, exact=neighbours))


def nearest(unit: np.ndarray, *, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and rows of the nearest others of each unit vector, both `(words, count)`, nearest first."""
    with threadpool_limits(limits=1):
        distances, rows = NearestNeighbors(metric="cosine", algorithm="brute").fit(unit).kneighbors(n_neighbors=count)
    return 1 - distances, rows


def _clusters(unit: np.ndarray, *, words: Sequence[str], number: int) -> tuple[np.ndarray, list[str]]:
    """k-means (Lloyd 1982), the largest cluster first."""
    with threadpool_limits(limits=1):
        found = KMeans(number, n_init=4, random_state=SEED).fit(unit)
    order = np.argsort(-np.bincount(found.labels_, minlength=number), kind="stable")
    of_words = np.argsort(order)[found.labels_]
    names = []
    for cluster, centre in enumerate(found.cluster_centers_[order]):
        own = np.flatnonzero(of_words == cluster)
        middle = own[np.argsort(-(unit[own] @ centre), kind="stable")[:_NAMING]]
        names.append(", ".join(words[row] for row in middle))
    return of_words, names


def _representations(unit: np.ndarray, *, exact: np.ndarray) -> list[Representation]:
    width = unit.shape[1]
    found = []
    for kept in (each for each in _WIDTHS if each < width):
        found.append(_measured(unit[:, :kept], name=f"first {kept} entries", size=4 * kept, exact=exact))
    if width % 4 == 0:
        rounded = fake_quantise(torch.from_numpy(unit)).numpy()
        found.append(_measured(rounded, name=f"all {width} entries in 2 bits", size=packed_width(width), exact=exact))
    found.append(
        _measured(unit.astype(np.float16), name=f"all {width} entries in 16 bits", size=2 * width, exact=exact)
    )
    found.append(_measured(unit, name=f"all {width} entries", size=4 * width, exact=exact))
    return sorted(found, key=lambda each: each.bytes)


def _measured(rows: np.ndarray, *, name: str, size: int, exact: np.ndarray) -> Representation:
    _, found = nearest(unit_rows(rows.astype(np.float32)), count=exact.shape[1])
    kept = np.mean([len(set(ours) & set(theirs)) for ours, theirs in zip(found, exact, strict=True)]) / exact.shape[1]
    return Representation(name, size, float(kept), float((found[:, 0] == exact[:, 0]).mean()))
