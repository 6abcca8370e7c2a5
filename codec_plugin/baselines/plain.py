"""The control: our codec, our order, without a classifier in its objective."""

from codec_plugin.baselines.coarse2fine import as_it_is
from codec_plugin.baselines.registry import Method

__all__ = ["METHODS"]

METHODS = (
    Method(
        name="plain",
        source="the control",
        idea="as coarse2fine, trained on rate and distortion alone",
        departures="none: everything but the objective is equal",
        convert=as_it_is,
        overrides=("phases.0.gammas=[]", "phases.0.fine_gammas=[]"),
    ),
)
