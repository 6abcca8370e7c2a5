"""What a step of a phase is made with: its learning rate, and what each picture is decoded from."""

import math

import numpy as np
import torch
from torch import Tensor

from codec_plugin.train.settings import Phase

__all__ = ["draw_stages", "learning_rate"]


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


def draw_stages(
    phase: Phase, n_stages: int, rng: np.random.Generator
) -> list[tuple[int | Tensor, float | Tensor, bool | Tensor]]:
    """What is decoded in a step: stage, share of its block that arrives, whether that is all.

    One entry a decoding; with `each`, one entry of tensors (B,) on the host, a stage a picture.
    """
    size = phase.batch_size if phase.stages == "each" else 1
    cut = rng.random(size) < phase.cut_probability
    keep = np.where(cut, rng.random(size) ** phase.cut_exponent, 1.0)
    if phase.stages == "all":
        return [(stage, float(keep[0]), not cut[0]) for stage in range(n_stages)]
    chances = np.array(phase.per_stage("stage_probability", 1.0))
    stages = rng.choice(n_stages, size=size, p=chances / chances.sum())
    if phase.stages == "one":
        return [(int(stages[0]), float(keep[0]), not cut[0])]
    return [(torch.from_numpy(stages), torch.from_numpy(keep).float(), torch.from_numpy(~cut))]
