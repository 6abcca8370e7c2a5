"""Ours, and two controls that train our network otherwise.

`coarse2fine`: blocks from coarse to fine, each trained for its level of the hierarchy. `plain`: the
same order without a classifier in the objective. Both keep the start's blocks.

`channel-wise`: no progression; what an order of bytes costs. Blocks: ten equal slices of the base
channels at the start's finest step, each given those before it, as in the paper; all are decoded,
at the preset's last λ.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines._stages import as_last_stage, without_classifier
from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

if TYPE_CHECKING:
    from codec_plugin.train.settings import TrainSettings

__all__ = ["METHODS"]

SLICES = 10
"""Of `channel-wise`, as in its paper."""


def _as_it_is(model: ProgressiveModel) -> ProgressiveModel:
    return model


def _slices(model: ProgressiveModel) -> ProgressiveModel:
    channels = model.config.base_channels
    ends = [channels * k // SLICES for k in range(SLICES + 1)]
    return reblock(model, tuple(b - a for a, b in pairwise(ends)), stage_conditioning=False)


def _whole_files(preset: TrainSettings) -> list[str]:
    """The last block's stage alone."""
    last_only = [0.0] * (SLICES - 1) + [1.0]
    return [*as_last_stage(SLICES)(preset), f"phases.0.stage_probability={last_only}"]


METHODS = (
    Method(
        name="coarse2fine",
        source="Kim, Kim & Lee 2026 (arXiv 2605.08266), made causal and exact",
        idea="blocks in order, each stage trained for its level; falling scale inside a block",
        departures="see docs/architecture.md",
        convert=_as_it_is,
    ),
    Method(
        name="plain",
        source="the control",
        idea="as coarse2fine, trained on rate and distortion alone",
        departures="none: everything but the objective is equal",
        convert=_as_it_is,
        overrides=without_classifier,
    ),
    Method(
        name="channel-wise",
        source="Minnen & Singh 2020 (channel-wise autoregressive entropy model)",
        idea="nothing: the whole file is one stage; other rates by --set phases.0.lambdas=[…]",
        departures="compact transforms; the latent residual prediction is left to the conditional "
        "mean",
        convert=_slices,
        overrides=_whole_files,
        progressive=False,
    ),
)
