"""Correlations and intervals of measured numbers, the same on every run."""

from collections.abc import Callable

import numpy as np
from scipy.stats import binomtest, rankdata

Statistic = Callable[..., float]

SEED = 0
RESAMPLES = 1000


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two `(pairs,)` arrays; 0 if either is constant and so tells no pair apart."""
    if not (np.ptp(first) and np.ptp(second)):
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two `(pairs,)` arrays, ties at their mean rank; 0 if either is constant."""
    return pearson(rankdata(first), rankdata(second))


def bootstrap_interval(statistic: Statistic, *samples: np.ndarray, seed: int = SEED) -> tuple[float, float]:
    """95% percentile interval of a statistic over resamples of the items (Efron 1979, "Bootstrap methods").

    `samples` are the arguments of `statistic`, `(items,)` each; all are resampled in the same way.
    """
    generator, count = np.random.default_rng(seed), len(samples[0])
    drawn = (generator.integers(count, size=count) for _ in range(RESAMPLES))
    low, high = np.percentile([statistic(*(sample[rows] for sample in samples)) for rows in drawn], [2.5, 97.5])
    return float(low), float(high)


def share_interval(hits: np.ndarray) -> tuple[float, float]:
    """95% score interval of the share of hits, `(items,)` bool (Wilson 1927, "Probable inference, the law of
    succession, and statistical inference")."""
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
