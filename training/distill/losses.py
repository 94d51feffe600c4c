"""What the student minimises, and the variance that shows whether it still tells words apart."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.distill.settings import DistillSettings


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of `1 - cosine` over a batch of unit vectors, `(words, width)` twice -> a scalar. The published loss."""
    return 1 - (student * teacher).sum(dim=-1).mean()


def squared_error(student: Tensor, *, teacher: Tensor) -> Tensor:
    """Mean squared error over all entries of a batch, `(words, width)` twice -> a scalar.

    Asterisk* adds it to the cosine distance (Semenov 2024, https://arxiv.org/abs/2411.05691). Of unit vectors, as ours
    are, it is twice that distance over the width: it scales the loss and moves its minimum nowhere.
    """
    return functional.mse_loss(student, teacher)


def nested_distance(student: Tensor, teacher: Tensor, *, widths: Sequence[int]) -> Tensor:
    """Mean cosine distance of the first `widths` entries, so that vectors cut short are good vectors of their own.

    Takes `(words, width)` twice and gives a scalar, to which every width counts the same. Kusupati et al. 2022,
    Matryoshka Representation Learning, https://arxiv.org/abs/2205.13147.
    """
    cosines = [functional.cosine_similarity(student[:, :width], teacher[:, :width]) for width in widths]
    return 1 - torch.stack(cosines).mean()


def contrast(student: Tensor, *, candidates: Tensor, answers: Tensor, temperature: float) -> Tensor:
    """How badly student vectors tell their teacher vector among others: mean cross-entropy of the scaled cosines.

    `student` is `(words, width)`, `candidates` the teacher's `(candidates, width)`, both of unit length, and `answers`
    `(words,)` the candidate that is right for each word. A misspelt word must come nearest to the word that was meant,
    not only near it. InfoNCE: van den Oord et al. 2018, Representation Learning with Contrastive Predictive Coding,
    https://arxiv.org/abs/1807.03748.
    """
    return functional.cross_entropy(student @ candidates.T / temperature, answers)


def distillation_losses(
    student: Tensor, *, candidates: Tensor, rows: Tensor, settings: DistillSettings
) -> tuple[Tensor, Tensor]:
    """The cosine distance, and what the settings add to it, of a part of a batch.

    `student` is `(words, width)`, `candidates` the teacher's vectors of the whole batch, `rows` `(words,)` which of
    them are the words' own.
    """
    distance, other = cosine_distance(student, candidates[rows]), student.new_zeros(())
    if settings.squared_error_weight:
        other = other + settings.squared_error_weight * squared_error(student, teacher=candidates[rows])
    if settings.nested_widths:
        other = other + nested_distance(student, candidates[rows], widths=settings.nested_widths)
    if settings.contrast_weight:
        contrasted = contrast(student, candidates=candidates, answers=rows, temperature=settings.temperature)
        other = other + settings.contrast_weight * contrasted
    return distance, other


def variance(vectors: Tensor) -> Tensor:
    """Spread of unit vectors, `(words, width)` -> a scalar from 0 (all the same) to 1 (no common direction).

    It is one minus the squared length of their mean.
    """
    return 1 - vectors.mean(dim=0).square().sum()
