"""Ours, and two controls that train our network otherwise.

`coarse2fine`: blocks from coarse to fine, each trained for its level of the hierarchy. `plain`: the
same order without a classifier in the objective. `channel-wise`: no progression, our blocks as
channel slices; what an order of bytes costs.
"""

from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS"]


def _as_it_is(model: ProgressiveModel) -> ProgressiveModel:
    return model


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
        overrides=("phases.0.gammas=[]", "phases.0.fine_gammas=[]"),
    ),
    Method(
        name="channel-wise",
        source="Minnen & Singh 2020 (channel-wise autoregressive entropy model)",
        idea="nothing: the whole file is one stage; other rates by --set phases.0.lambdas=[…]",
        departures="compact transforms; our three blocks are the slices, and the latent residual "
        "prediction is left to the conditional mean",
        convert=_as_it_is,
        overrides=(
            "phases.0.stages=one",
            "phases.0.stage_probability=[0.0, 0.0, 1.0]",
            "phases.0.cut_probability=0.0",
            "phases.0.gammas=[]",
            "phases.0.fine_gammas=[]",
        ),
        progressive=False,
    ),
)
