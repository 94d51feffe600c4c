"""Linear maps between spaces of vectors: principal components with a damped spectrum, and ridge regression."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from training.common.rows import fix_signs, pieces

# Directions with less than this share of the largest variance are noise, and are not blown up.
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Projection:
    """`(rows - mean) @ basis`: rows `(rows, width)` -> `(rows, components)`."""

    mean: np.ndarray
    basis: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, *, damping: float = 0.0, components: int | None = None) -> Self:
        """The principal components of `rows` `(rows, width)`, each divided by its variance to the power `damping`.

        0 keeps the spectrum, 0.5 would whiten it: a little damping takes weight from the few directions that all words
        share. The images of `rows` have a mean square length of 1. The sign of a component is that of its largest
        entry, so that equal rows give equal projections. Raises `ValueError` if there are not two different rows.
        """
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} rows, expected two or more to find principal components")
        mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        covariance = np.zeros((rows.shape[1],) * 2)
        for piece in pieces(len(rows)):
            centred = rows[piece] - mean
            covariance += centred.T @ centred
        variances, vectors = np.linalg.eigh(covariance / (len(rows) - 1))
        if not variances.max() > 0:
            raise ValueError(f"{len(rows)} rows that are all the same, expected different ones")
        order = np.argsort(-variances, kind="stable")[:components]
        variances, vectors = variances[order].clip(_LEAST_VARIANCE * variances.max()), vectors[:, order]
        basis = (fix_signs(vectors) / variances**damping).astype(np.float32)
        squares = sum(np.square((rows[piece] - mean) @ basis).sum(dtype=np.float64) for piece in pieces(len(rows)))
        return cls(mean, (basis / np.sqrt(squares / len(rows))).astype(np.float32))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """The images of `rows` `(rows, width)`: `(rows, components)` float32."""
        return (rows - self.mean) @ self.basis


def fit_ridge(batches: Iterable[tuple[np.ndarray, np.ndarray]], *, strength: float = 3e-3) -> np.ndarray:
    """The matrix `(inputs width + 1, targets width)` that predicts targets from inputs and a constant.

    `batches` are one or more pairs of inputs `(rows, width)` and targets `(rows, width)`. Ridge regression (Hoerl &
    Kennard 1970); `strength` is in shares of the mean variance of an input.
    """
    gram, products = np.zeros(()), np.zeros(())
    for inputs, targets in batches:
        extended = _with_constant(inputs)
        gram = gram + (extended.T @ extended).astype(np.float64)
        products = products + (extended.T @ targets).astype(np.float64)
    gram += strength * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram, products).astype(np.float32)


def predict(inputs: np.ndarray, *, ridge: np.ndarray) -> np.ndarray:
    """What a matrix of `fit_ridge` predicts for `inputs` `(rows, width)`."""
    return _with_constant(inputs) @ ridge


def _with_constant(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.ones((len(rows), 1), dtype=rows.dtype)], axis=1)
