"""Similarity: does the cosine of two words rank pairs as people do?"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from training.common.rows import row_cosines
from training.common.statistics import Statistic, bootstrap_interval, pearson, spearman
from training.common.words import is_single, normalise
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.scores import Score
from training.evaluate.sources import SetFile, Sources
from training.vectors import WordVectors


@dataclass(frozen=True)
class SimilaritySet:
    """Pairs of words with a human score, `(pairs,)` float64."""

    name: str
    pairs: list[tuple[str, str]]
    scores: np.ndarray


@dataclass(frozen=True, kw_only=True)
class PairCosines(Observation):
    """The cosines of the pairs beside their human scores, `(pairs,)` each."""

    cosines: np.ndarray
    human: np.ndarray


def read_pairs(file: SetFile, *, sources: Sources) -> SimilaritySet:
    """Reads `word1`, `word2`, `score` (more is more similar), without pairs of several words or of a word with itself.

    Raises `InputError` for a score that is none, and for fewer than three pairs.
    """
    pairs, scores = [], []
    for number, row in enumerate(sources.rows(file, columns=("word1", "word2", "score")), start=2):
        score = read_score(row["score"], file=file, line=number)
        first, second = normalise(row["word1"]), normalise(row["word2"])
        if first != second and is_single(first) and is_single(second):
            pairs.append((first, second))
            scores.append(score)
    file.require(len(pairs) >= 3, found=f"{len(pairs)} usable pairs", expected="three or more")
    return SimilaritySet(file.stem, pairs, np.array(scores))


def read_score(text: str, *, file: SetFile, line: int) -> float:
    """A human score. Raises `InputError` for one that is no finite number."""
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    file.require(math.isfinite(score), found=f"score {text!r}", expected="a number", line=line)
    return score


def _find(sources: Sources) -> list[SimilaritySet]:
    """Reads `similarity/*.tsv`, see `read_pairs`."""
    return [read_pairs(file, sources=sources) for file in sources.files("similarity/*.tsv")]


def observe_pairs(given: SimilaritySet, *, first: WordVectors, second: WordVectors) -> PairCosines:
    """The cosines of the first words of the pairs, by one model, and the second words by another or the same."""
    words, others = zip(*given.pairs, strict=True)
    (vectors, known), (other_vectors, other_known) = first.lookup(words), second.lookup(others)
    return PairCosines(
        counts={"pairs": len(given.pairs)},
        coverage=float((known & other_known).mean()),
        cosines=row_cosines(vectors, other_vectors),
        human=given.scores,
    )


def _observe(model: WordVectors, given: SimilaritySet) -> dict[str, PairCosines]:
    """The cosines of a model."""
    return {given.name: observe_pairs(given, first=model, second=model)}


def _correlation(statistic: Statistic, observed: PairCosines) -> Score:
    low, high = bootstrap_interval(statistic, observed.cosines, observed.human)
    return Score(value=statistic(observed.cosines, observed.human), low=low, high=high)


CORRELATIONS = (
    Measure(key="spearman", title="similarity, Spearman", score=partial(_correlation, spearman)),
    Measure(key="pearson", title="similarity, Pearson", score=partial(_correlation, pearson)),
)

SIMILARITY = Kind(
    name="similarity",
    find=_find,
    observe=_observe,
    measures=CORRELATIONS,
    note="Similarity: correlation of cosine and human score over pairs of different single words.",
)
