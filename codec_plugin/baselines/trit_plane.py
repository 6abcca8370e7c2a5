"""Digits of a single-rate latent, plane after plane: three methods.

All cut the one block of `single-rate`, whose step is the finest: digits are of base three, so that
planes have that step times 3, 9, … λ of the preset's last stage, from which the coarser follow.

`trit-plane`: the digits with the best gain a bit first. `task-trit-plane`: the same, trained for a
classifier at every plane. `nested-quantization`: in order of predicted deviation.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from codec_plugin.baselines._nested_model import NestedModel
from codec_plugin.baselines._plane_codec import PlaneCodec
from codec_plugin.baselines._trits import TritTable
from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE, one_block

if TYPE_CHECKING:
    from codec_plugin.train.settings import TrainSettings

__all__ = ["METHODS", "gain_first"]


def gain_first(table: TritTable, plane: int, index: int, bin_: int) -> int:
    """Rank of a run: largest expected fall of the error per bit first."""
    return -table.priority(plane, bin_)


def _widest_first(table: TritTable, plane: int, index: int, bin_: int) -> int:
    """Rank of a run: largest predicted deviation first."""
    return -index


def _through_classes(preset: TrainSettings) -> list[str]:
    """Cross-entropy over single classes, as the paper's one task has it: no hierarchy."""
    return [
        *ONE_RATE(preset),
        "phases.0.fine_gammas=[0.1]",
        "phases.0.label_share=0.5",
        "phases.0.semantic_share=1.5",
    ]


METHODS = (
    Method(
        name="trit-plane",
        source="Lee et al. 2022, DPICT: Deep progressive image compression using trit-planes "
        "(CVPR)",
        idea="digits of base three, plane after plane; in a plane by expected error per bit",
        departures=(
            "priorities are computed in integers per table and bin; the elements of a narrow "
            "table join at a lower plane; no post-processing networks. Trained as single-rate is"
        ),
        convert=one_block,
        overrides=ONE_RATE,
        codec=partial(PlaneCodec, rank=gain_first),
        trained_as="single-rate",
    ),
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
        overrides=_through_classes,
        model=NestedModel,
        codec=partial(PlaneCodec, rank=gain_first),
    ),
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
        codec=partial(PlaneCodec, rank=_widest_first),
    ),
)
