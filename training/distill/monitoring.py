"""What is looked at while a student learns: whether it still does, and how near it is to words that it never saw."""

import math

import torch

from beast_core import BeastEncoder, encode_words
from training.distill.losses import cosine_distance
from training.table import TeacherTable

# A student whose variance is below this share of its teacher's says nearly the same of every word. Not looked at in
# the first steps: a fresh network begins that way.
_COLLAPSED_SHARE = 0.05
_GRACE_STEPS = 100
_WORDS_AT_ONCE = 2048


class LearningStoppedError(RuntimeError):
    """Training went wrong for good: NaN, or the same vector for all words."""


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
