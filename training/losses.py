"""What the student minimises, and the signs that it has stopped learning."""

from torch import Tensor


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of `1 - cosine` over a batch of unit vectors, `(words, width)` twice -> a scalar. The published loss."""
    return 1 - (student * teacher).sum(dim=-1).mean()


def variance(vectors: Tensor) -> Tensor:
    """Spread of unit vectors, `(words, width)` -> a scalar from 0 (all the same) to 1 (no common direction).

    It is one minus the squared length of their mean.
    """
    return 1 - vectors.mean(dim=0).square().sum()
