"""Settings of a method's own stages, derived from the stages of a preset.

Each block of a method stands for a stage of the preset: it gets that one's λ, weight in the
objective and search γ, so that all methods aim at the same rates with the same weights.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codec_plugin.train.settings import TrainSettings

__all__ = ["as_last_stage", "as_stages", "scaled_semantics", "stage_nearest", "without_classifier"]

_PER_STAGE = (
    "lambdas", "rate_weights", "stage_weights", "stage_probability", "gammas", "fine_gammas",
    "feature_weights",
)  # fmt: skip
_SEMANTIC = _PER_STAGE[-3:]


def as_stages(
    preset: TrainSettings, stages: Sequence[int], probability: Sequence[float] = ()
) -> list[str]:
    """Rate and distortion at some of a preset's stages, one a block of the method.

    No random cut inside a block (methods draw what arrives themselves), no classifier in the
    objective, and levels end with the first blocks in turn.

    Args:
        stages: number of the preset's stage for each block.
        probability: of each block's stage; empty means equal.
    """
    phase = preset.phases[0]

    def taken(values: Sequence[float]) -> list[float]:
        return [values[stage] for stage in stages] if values else []

    lists: dict[str, list[float]] = {name: [] for name in _PER_STAGE}
    lists |= {name: taken(getattr(phase, name)) for name in _PER_STAGE[:3]}
    lists["stage_probability"] = list(probability)
    return [
        *(f"phases.0.{name}={values}" for name, values in lists.items()),
        "phases.0.cut_probability=0.0",
        "level_blocks=[]",
        f"search_gammas={taken(preset.search_gammas)}",
        f"search_fine_gammas={taken(preset.search_fine_gammas)}",
    ]


def as_last_stage(blocks: int) -> Callable[[TrainSettings], list[str]]:
    """Rate and distortion at the preset's last λ, for all of so many blocks."""
    return partial(_as_last_stage, blocks)


def stage_nearest(preset: TrainSettings, value: float) -> int:
    """The preset's stage whose λ is nearest to `value`, in the logarithm."""
    lambdas = preset.phases[0].lambdas
    return min(range(len(lambdas)), key=lambda stage: abs(math.log(lambdas[stage] / value)))


def without_classifier(preset: TrainSettings) -> list[str]:
    """Rate and distortion alone."""
    return [f"phases.0.{name}=[]" for name in _SEMANTIC]


def scaled_semantics(factor: float) -> Callable[[TrainSettings], list[str]]:
    """The preset's weights of what classifiers see, all times `factor`."""
    return partial(_scaled, factor)


def _as_last_stage(blocks: int, preset: TrainSettings) -> list[str]:
    return as_stages(preset, [len(preset.phases[0].lambdas) - 1] * blocks)


def _scaled(factor: float, preset: TrainSettings) -> list[str]:
    phase = preset.phases[0]
    return [
        f"phases.0.{name}={[factor * value for value in getattr(phase, name)]}"
        for name in _SEMANTIC
    ]
