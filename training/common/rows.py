"""Rows of numbers: a vector a row, taken piece by piece where all at once would take too much memory."""

from collections.abc import Iterator

import numpy as np

_PIECE = 8192
DOUBLE_PRECISION_ROWS = 4096  # so many are in double precision at a time


def pieces(count: int, *, size: int = _PIECE) -> Iterator[slice]:
    """Slices of `size` rows, one at least, for what would take too much memory at once."""
    return (slice(start, start + size) for start in range(0, max(count, 1), size))


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """`(rows, width)` scaled to unit length, of the same dtype; a row of zeros, as of an unknown word, stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1).astype(rows.dtype, copy=False)


def row_cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine of each row with the same row of the other matrix, `(rows,)` float64; 0 where either row is zero."""
    return np.einsum("ij,ij->i", unit_rows(first.astype(np.float64)), unit_rows(second.astype(np.float64)))


def fix_signs(components: np.ndarray) -> np.ndarray:
    """Principal components `(width, components)` with the entry of each that is furthest from zero made positive.

    A component and its negative are equally right, and which of them a solver gives differs between machines.
    """
    furthest = components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])]
    return components * np.sign(furthest)
