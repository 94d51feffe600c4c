"""What is looked at while a student learns: whether it still does, and how near it is to words that it never saw."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from beast_core import BeastEncoder, encode_words
from training.distill.batches import Batches
from training.distill.losses import cosine_distance
from training.distill.rates import RATES
from training.distill.settings import DistillSettings
from training.run_folder import LogLine
from training.table import TeacherTable

# A student whose variance is below this share of its teacher's says nearly the same of every word. Not looked at in
# the first steps: a fresh network begins that way.
_COLLAPSED_SHARE = 0.05
_GRACE_STEPS = 100

# The first thing that a student learns is the teacher's mean vector, and deep ones stay there for a while: they are
# given this share of the run after the warm-up, and so many steps in all, to come nearer by a share of what is left.
_PATIENCE_SHARE = 0.25
_PATIENCE_STEPS = 500
_LEAST_RISE = 0.02

# A rate that is so many times lower than the preset's own is too low rather than too high.
_FAR = 10

_WORDS_AT_ONCE = 2048


class LearningStoppedError(RuntimeError):
    """Training went wrong for good: NaN, the same vector for all words, or vectors that are no nearer than one is."""


def check_learning(*, loss: float, variance: float, teacher_variance: float, step: int) -> None:
    """Raises `LearningStoppedError` if the loss is not finite or all vectors of a batch are nearly the same.

    `variance` is that of the student's vectors of the batch, `teacher_variance` that of all vectors it learns from.
    """
    if not math.isfinite(loss):
        raise LearningStoppedError(_diverged(f"the loss is {loss} at step {step}"))
    if step >= _GRACE_STEPS and variance < _COLLAPSED_SHARE * teacher_variance:
        raise LearningStoppedError(
            f"the student collapsed at step {step}: its vectors have variance {variance:.4f}, the teacher's "
            f"{teacher_variance:.4f}; lower learning_rate or weight_decay, and check the teacher table"
        )


def constant_cosine(vectors: np.ndarray, *, weights: np.ndarray | None = None) -> float:
    """The mean cosine to unit vectors `(words, width)` that one vector for all words can have.

    It is the length of their mean. `weights` `(words,)`, which sum to one, are how much each counts.
    """
    # In the vectors' own float32: a copy of a large table in double precision would take gigabytes.
    mean = vectors.mean(axis=0) if weights is None else weights.astype(vectors.dtype) @ vectors
    return float(np.linalg.norm(mean))


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a run has to have reached after `patience` steps: more than one vector for all words would.

    `learnt` and `held_out` are the cosines of such a vector to the words that are learnt, and to those held out, if
    there are any. None of it depends on what the run was before, so that one that is resumed is judged as one that
    never stopped, and one that starts from a model has what is asked for.
    """

    learnt: float
    held_out: float | None
    patience: int
    settings: DistillSettings

    @classmethod
    def of(cls, settings: DistillSettings, *, table: TeacherTable, batches: Batches, steps: int) -> Self:
        """Of a run of so many steps."""
        return cls(
            learnt=constant_cosine(batches.targets.numpy(), weights=batches.shares),
            held_out=constant_cosine(table.vectors[table.held_out]) if table.held_out.any() else None,
            patience=max(_PATIENCE_STEPS, round((settings.warmup_share + _PATIENCE_SHARE) * steps)),
            settings=settings,
        )

    def reached(self, line: LogLine) -> bool:
        """Whether words being learnt have come nearer than one vector would, or those held out have."""
        held_out = line.held_out_cosine
        of_others = held_out is not None and self.held_out is not None and _risen(held_out, above=self.held_out)
        return of_others or _risen(line.cosine, above=self.learnt)

    def check(self, line: LogLine) -> None:
        """Raises `LearningStoppedError` if the run has had its time, and neither kind of words has come nearer."""
        if line.step < self.patience or self.reached(line):
            return
        raise LearningStoppedError(
            f"the student learns nothing: at step {line.step} its cosine to the teacher is {line.cosine:.3f}, and one "
            f"vector for all words has {self.learnt:.3f}; {self._advice()}, with --restart or another --output; if "
            "that does not help, check the teacher table"
        )

    def _advice(self) -> str:
        preset, rate, warm_up = self.settings.preset, self.settings.learning_rate, self.settings.warmup_share
        own = RATES[preset]
        too, what_to_do = "high", f"try {rate / 4:.2g} and a longer warm-up"
        if rate < own.learning_rate / _FAR:
            too, what_to_do = "low", "leave it out"
        return (
            f"learning_rate {rate:g} with warmup_share {warm_up:g} is most likely too {too} (the preset {preset!r} has "
            f"{own.learning_rate:g} and {own.warmup_share:g} of its own): {what_to_do}"
        )


def _risen(cosine: float, *, above: float) -> bool:
    return cosine > above + _LEAST_RISE * (1 - above)


def check_weights(encoder: BeastEncoder, *, step: int) -> None:
    """Raises `LearningStoppedError` if any weight is NaN or infinite: such a checkpoint would be of no use."""
    if not all(parameter.isfinite().all() for parameter in encoder.parameters()):
        raise LearningStoppedError(_diverged(f"the weights are not finite at step {step}"))


def _diverged(what: str) -> str:
    return (
        f"{what}: lower learning_rate and embedding_learning_rate, or set gradient_norm, and start anew with "
        "--restart or another --output; the checkpoint there, if there is one, is of an earlier step"
    )


@torch.no_grad()
def held_out_cosine(encoder: BeastEncoder, *, table: TeacherTable, device: torch.device) -> float | None:
    """Mean cosine between the student's and the teacher's vectors of the words held out; None if there are none.

    Leaves the encoder in evaluation mode.
    """
    rows = table.held_out.nonzero()[0]
    if not len(rows):
        return None
    encoder.eval()
    total = 0.0
    for start in range(0, len(rows), _WORDS_AT_ONCE):
        chunk = rows[start : start + _WORDS_AT_ONCE]
        words = [table.words[row] for row in chunk]
        word_bytes, lengths = map(torch.from_numpy, encode_words(words, config=encoder.config))
        targets = torch.from_numpy(table.vectors[chunk]).to(device)
        student = encoder(word_bytes.to(device), lengths.to(device))
        total += len(chunk) * (1 - float(cosine_distance(student.float(), targets)))
    return total / len(rows)
