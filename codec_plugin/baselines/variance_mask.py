"""Variance-aware masking: a base, then what refines it in order of predicted deviation.

Blocks: all base channels three times, at 9 times the start's finest step, 3 times, and once: the
steps of the shipped start. The first is the base, trained whole at the preset's first λ; the other
two are the top, cut at a random quantile of their scales, at the λ half-way in the logarithm and at
the last one. A file nests steps by three, so that a top nine times as fine as its base takes two
blocks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines._stages import as_stages, stage_nearest
from codec_plugin.baselines.registry import Method
from codec_plugin.channel_layout import ChannelLayout
from codec_plugin.models.progressive import ModelOutput, ProgressiveModel

if TYPE_CHECKING:
    from codec_plugin.train.settings import TrainSettings

__all__ = ["METHODS", "VarianceMaskModel"]

LAYERS = 3
"""Base, and two blocks of the top."""


class VarianceMaskModel(ProgressiveModel):
    """The base is always whole while training; the top is cut at a random quantile of its scales.

    base (block 0)    ─► whole ─┐
    top  (blocks 1, 2) ─► whole up to a block, of it the share of largest σ ─┴─► x̂
    """

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W); while training, the top is cut where it happens to be."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if self.training:
            keep = 1.0 if stage == 0 else float(torch.rand(()))
        return super().forward(x, stage, keep)


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    return reblock(model, ChannelLayout(((0, model.config.base_channels),) * LAYERS))


def _overrides(preset: TrainSettings) -> list[str]:
    lambdas = preset.phases[0].lambdas
    middle = stage_nearest(preset, math.sqrt(lambdas[0] * lambdas[-1]))
    return as_stages(preset, (0, middle, len(lambdas) - 1), (0.3, 0.35, 0.35))


METHODS = (
    Method(
        name="variance-mask",
        source="Presta et al. 2025, Efficient progressive image compression with variance-aware "
        "masking (WACV)",
        idea="a base, then single elements of the top latent in order of falling predicted σ",
        departures=(
            "base and top are quantisations of one latent, the top in two steps of a third each; "
            "the fine order is by scale index; no rate enhancement modules"
        ),
        convert=_convert,
        overrides=_overrides,
        model=VarianceMaskModel,
    ),
)
