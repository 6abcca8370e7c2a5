"""The codec without progression: one block, one rate a checkpoint."""

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "ONE_RATE", "one_block"]

ONE_RATE = (
    "phases.0.lambdas=[{last}]",
    "phases.0.gammas=[]",
    "phases.0.fine_gammas=[]",
    "phases.0.rate_weights=[]",
    "phases.0.stage_probability=[]",
    "phases.0.cut_probability=0.0",
)
"""Rate and distortion at our last stage's λ."""


def one_block(model: ProgressiveModel) -> ProgressiveModel:
    """The warm start with all channels in one block: a mean and scale hyperprior."""
    return reblock(model, (model.config.channels,), stage_conditioning=False)


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
