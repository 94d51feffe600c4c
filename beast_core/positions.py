"""Positions that are computed, not learnt."""

import numpy as np


def sinusoidal_positions(length: int, *, width: int) -> np.ndarray:
    """Fixed sine and cosine position vectors, `(length, width)` float32.

    Vaswani et al. 2017, Attention Is All You Need, https://arxiv.org/abs/1706.03762.

    >>> sinusoidal_positions(2, width=4).round(2).astype(str).tolist()
    [['0.0', '1.0', '0.0', '1.0'], ['0.84', '0.54', '0.01', '1.0']]
    """
    angles = np.arange(length)[:, None] * 10_000.0 ** (-np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width).astype(np.float32)
