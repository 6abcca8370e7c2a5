"""Task-trained trit-planes: digits as in `trit_plane`, trained for a classifier at every plane."""

from functools import partial

from codec_plugin.baselines._nested_model import NestedModel
from codec_plugin.baselines._plane_codec import PlaneCodec
from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE, one_block
from codec_plugin.baselines.trit_plane import gain_first

__all__ = ["METHODS"]

_TASK = ("phases.0.fine_gammas=[0.1]",)
"""Cross-entropy over single classes, as the paper's one task has it: no hierarchy."""

METHODS = (
    Method(
        name="task-trit-plane",
        source="Kim, Kim & Lee 2025, Progressive learned image compression for machine perception "
        "(arXiv 2512.20070)",
        idea="trit-planes of a codec trained through the classifier; a controller stops reading",
        departures=(
            "rate and distortion stay in the objective, so that pictures can be looked at; trained "
            "with the latent at a random plane; priorities are those of `trit-plane`. The "
            "controller is `c2f classify --until` for every codec alike"
        ),
        convert=one_block,
        overrides=(*ONE_RATE, *_TASK),
        model=NestedModel,
        codec=partial(PlaneCodec, rank=gain_first),
    ),
)
