"""Closeness: how near are the vectors to those of the teacher, of words that were learnt and of others?"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge

from training.common.rows import row_cosines, unit_rows
from training.common.statistics import bootstrap_interval
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.scores import Score
from training.evaluate.sources import Sources
from training.table import TeacherTable
from training.vectors import WordVectors

FREQUENT_SEEN = "frequent seen words"
HELD_OUT = "held-out words"
HELD_OUT_BY_REGRESSION = "held-out words, by regression"

_FREQUENT_WORDS = 10_000


@dataclass(frozen=True, kw_only=True)
class TeacherCosines(Observation):
    """The cosine of each word's vector to the teacher's, `(words,)`."""

    cosines: np.ndarray


def _find(sources: Sources) -> list[TeacherTable]:
    """The teacher's table, if one is given."""
    return [sources.teacher] if sources.teacher else []


def _observe(model: WordVectors, teacher: TeacherTable) -> dict[str, TeacherCosines]:
    """Cosines of frequent words seen in training and of held-out words, if there are any.

    The latter also after a linear map to the teacher's vectors, ridge regression on those frequent words, which tells
    how much any model knows of what the teacher says. The plain cosines are there only for models of its width.
    """
    by_frequency = np.argsort(-teacher.frequencies, kind="stable")
    seen, held_out = by_frequency[~teacher.held_out[by_frequency]][:_FREQUENT_WORDS], np.flatnonzero(teacher.held_out)
    (images, seen_known), (unseen, unseen_known) = (
        model.lookup([teacher.words[row] for row in rows]) for rows in (seen, held_out)
    )
    observed = {}
    if model.width == teacher.width:
        observed[FREQUENT_SEEN] = _observation(images, known=seen_known, targets=teacher.vectors[seen])
    if len(held_out):
        targets = teacher.vectors[held_out]
        if model.width == teacher.width:
            observed[HELD_OUT] = _observation(unseen, known=unseen_known, targets=targets)
        linear = Ridge().fit(unit_rows(images.astype(np.float64)), teacher.vectors[seen])
        mapped = linear.predict(unit_rows(unseen.astype(np.float64))) * unseen_known[:, None]
        observed[HELD_OUT_BY_REGRESSION] = _observation(mapped, known=unseen_known, targets=targets)
    return observed


def _observation(vectors: np.ndarray, *, known: np.ndarray, targets: np.ndarray) -> TeacherCosines:
    cosines = row_cosines(vectors, targets)
    return TeacherCosines(counts={"words": len(vectors)}, coverage=float(known.mean()), cosines=cosines)


def _mean(observed: TeacherCosines) -> Score:
    low, high = bootstrap_interval(np.mean, observed.cosines)
    return Score(value=float(observed.cosines.mean()), low=low, high=high)


CLOSENESS = Kind(
    name="closeness",
    find=_find,
    observe=_observe,
    measures=(Measure(key="cosine", title="cosine to the teacher", score=_mean),),
)
