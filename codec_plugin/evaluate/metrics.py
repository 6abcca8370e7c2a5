"""Quality of a decoded picture and intervals of means."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Interval", "bootstrap_mean", "ms_ssim", "paired_difference", "psnr_db"]

MS_SSIM_SIDE = 161
"""Shortest side for five scales of an 11 × 11 window."""


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds that hold 95 % of its bootstrap distribution."""

    mean: float
    low: float
    high: float


def psnr_db(image: Tensor, decoded: Tensor) -> float:
    """Peak signal to noise of 8-bit pictures: `image`, `decoded` (3, H, W) in 0..1; cap 100 dB."""
    mse = (image.double() - decoded.double()).square().mean()
    return min(100.0, float(-10 * torch.log10(mse.clamp_min(1e-10))))


def ms_ssim(image: Tensor, decoded: Tensor) -> float:
    """Multi-scale structural similarity in 0..1; not a number where a side is below 161.

    Source: Wang, Simoncelli & Bovik 2003.
    """
    if min(image.shape[-2:]) < MS_SSIM_SIDE:
        return float("nan")
    from pytorch_msssim import ms_ssim as five_scales

    return float(five_scales(image[None], decoded[None], data_range=1.0))


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
    rng = np.random.default_rng(seed)
    means = array[rng.integers(len(array), size=(draws, len(array)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(array.mean()), float(low), float(high))


def paired_difference(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0
) -> Interval:
    """Mean of first - second over the same photographs, with its 95 % interval."""
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return bootstrap_mean(difference, seed=seed)
