"""Learning rate of a step."""

import math

from codec_plugin.train.settings import Phase

__all__ = ["learning_rate"]


def learning_rate(phase: Phase, step: int) -> float:
    """Rate at a step of a phase (counted from 0): linear rise, then cosine or trapezoid.

    Source: Loshchilov & Hutter 2017 (cosine); Hu et al. 2024 (constant, then a short decay).
    """
    rise = min(1.0, (step + 1) / max(1, phase.warmup))
    if phase.schedule == "cosine":
        share = min(1.0, step / phase.steps)
        shape = 0.5 * (1 + math.cos(math.pi * share))
    else:
        left = phase.steps - step
        shape = min(1.0, left / phase.cooldown) if phase.cooldown else 1.0
    return phase.learning_rate * rise * (phase.floor + (1 - phase.floor) * shape)
