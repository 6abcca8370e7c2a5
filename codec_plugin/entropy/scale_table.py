"""The ladder of standard deviations that symbols may be coded with."""

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "N_SCALES",
    "SCALE_MAX",
    "SCALE_MIN",
    "inverse_softplus",
    "raw_thresholds",
    "scale_index",
    "scale_ladder",
    "sigma_from_raw",
]

N_SCALES = 64
SCALE_MIN = 0.11
SCALE_MAX = 128.0


def sigma_from_raw(raw: Tensor) -> Tensor:
    """Standard deviation of a raw scale: softplus(raw) + 0.11, in quantiser steps."""
    return functional.softplus(raw) + SCALE_MIN


def inverse_softplus(sigma: Tensor) -> Tensor:
    """Raw scale whose standard deviation is `sigma` (> 0.11): what `sigma_from_raw` undoes."""
    excess = (sigma - SCALE_MIN).clamp_min(1e-6)
    return excess + torch.log(-torch.expm1(-excess))


def scale_ladder() -> Tensor:
    """The 64 standard deviations, log-spaced over 0.11..128: (64,) float64."""
    low, high = math.log(SCALE_MIN), math.log(SCALE_MAX)
    return torch.exp(torch.linspace(low, high, N_SCALES, dtype=torch.float64))


def raw_thresholds() -> Tensor:
    """Raw scales at which the next scale index begins, half-way in the logarithm: (63,) float64."""
    ladder = scale_ladder()
    return inverse_softplus(torch.sqrt(ladder[:-1] * ladder[1:]))


def scale_index(sigma: Tensor) -> Tensor:
    """Index of the nearest scale to each standard deviation, int16 in 0..63."""
    step = (math.log(SCALE_MAX) - math.log(SCALE_MIN)) / (N_SCALES - 1)
    position = (torch.log(sigma) - math.log(SCALE_MIN)) / step
    return position.round().clamp(0, N_SCALES - 1).to(torch.int16)
