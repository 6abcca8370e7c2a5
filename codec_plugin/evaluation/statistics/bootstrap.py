"""Intervals of means over photographs, by the bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "bootstrap_mean", "paired_difference"]


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds that hold 95 % of its bootstrap distribution."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: Sequence[float] | NDArray[np.float64], *, seed: int = 0, draws: int = 2000
) -> Interval:
    """Mean of values (numbers only; others are left out) with its 95 % interval.

    Source: Efron 1979 (percentile bootstrap over photographs).
    """
    array = np.asarray(values, dtype=np.float64)
    array = array[np.isfinite(array)]
    if not len(array):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(_counts(len(array), draws, seed) @ array / len(array), (0.025, 0.975))
    return Interval(float(array.mean()), float(low), float(high))


@lru_cache(maxsize=1)  # a table has hundreds of measures of the same photographs
def _counts(count: int, draws: int, seed: int) -> NDArray[np.float64]:
    """How often each value is in each resample: (draws, count), rows sum to count."""
    drawn = np.random.default_rng(seed).integers(count, size=(draws, count))
    drawn += count * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * count).reshape(draws, count)
    return counts.astype(np.float64)


def paired_difference(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0
) -> Interval:
    """Mean of first - second over the same photographs, with its 95 % interval."""
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return bootstrap_mean(difference, seed=seed)
