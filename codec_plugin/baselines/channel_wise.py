"""The codec without progression, our blocks as channel slices: what an order of bytes costs."""

from codec_plugin.baselines.coarse2fine import as_it_is
from codec_plugin.baselines.registry import Method

__all__ = ["METHODS"]

METHODS = (
    Method(
        name="channel-wise",
        source="Minnen & Singh 2020 (channel-wise autoregressive entropy model)",
        idea="nothing: the whole file is one stage; other rates by --set phases.0.lambdas=[…]",
        departures="compact transforms; our three blocks are the slices, and the latent residual "
        "prediction is left to the conditional mean",
        convert=as_it_is,
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
