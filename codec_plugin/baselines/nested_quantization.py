"""Nested quantisers: the whole latent coarsely, then each bin in thirds, in order of deviation."""

from functools import partial

from codec_plugin.baselines._nested_model import NestedModel
from codec_plugin.baselines._plane_codec import PlaneCodec
from codec_plugin.baselines._trits import TritTable
from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE, one_block

__all__ = ["METHODS", "widest_first"]


def widest_first(table: TritTable, plane: int, index: int, bin_: int) -> int:
    """Rank of a run: largest predicted deviation first."""
    return -index


METHODS = (
    Method(
        name="nested-quantization",
        source="Lu et al. 2021, Progressive neural image compression with nested quantization and "
        "latent ordering (ICIP)",
        idea="quantiser steps 9, 3, 1 nested; inside a level in order of falling predicted σ",
        departures=(
            "steps fall by three at every level (dead zones are not learned); trained with a "
            "random level a step instead of level after level"
        ),
        convert=one_block,
        overrides=ONE_RATE,
        model=NestedModel,
        codec=partial(PlaneCodec, rank=widest_first),
    ),
)
