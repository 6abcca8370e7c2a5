"""The codec without progression: one block, one rate a checkpoint.

Block: all base channels at the finest step of the start, so that the latent is the start's finest
one. λ and weight of the preset's last stage.
"""

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines._stages import as_last_stage
from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "ONE_RATE", "one_block"]

ONE_RATE = as_last_stage(1)
"""Rate and distortion at the preset's last λ."""


def one_block(model: ProgressiveModel) -> ProgressiveModel:
    """The warm start with all channels in one block: a mean and scale hyperprior."""
    return reblock(model, (model.config.base_channels,), stage_conditioning=False)


METHODS = (
    Method(
        name="single-rate",
        source="Minnen, Ballé & Toderici 2018 (mean and scale hyperprior, no context)",
        idea="nothing: the whole file is one stage; other rates by --set phases.0.lambdas=[…]",
        departures="compact transforms",
        convert=one_block,
        overrides=ONE_RATE,
        progressive=False,
    ),
)
