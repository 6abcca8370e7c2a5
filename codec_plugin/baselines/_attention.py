"""Where a classifier looks, as a coarse map that is sent, and the order of symbols it gives.

    picture ─► classifier's last maps ─► energy of 32 × 32 pixels ─► rank ─► level 0 … 3, 2 bits
    key of a symbol = rung of its σ + 4 · level of its place; the largest key first

Source of the map: Zagoruyko & Komodakis 2017 (activation-based attention).
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from codec_plugin.bitstream.range_coder import PRECISION_BITS, Row
from codec_plugin.classifiers import Classifier, load_classifier
from codec_plugin.entropy.scale_table import N_SCALES

__all__ = ["LEVELS", "MAP_ROW", "attention_levels", "frozen_classifier", "importance"]

LEVELS = 4
_BOOST = 4  # rungs of the σ ladder (each a factor 1.12) that a level is worth
_SHARE = (1 << PRECISION_BITS) // LEVELS
MAP_ROW = Row(np.array([_SHARE] * (LEVELS - 1) + [_SHARE - 1, 1]), 0)
"""Coder's table of a level: all alike, since ranks are; the escape is unused."""


@cache
def frozen_classifier() -> Classifier:
    """Whose attention is sent: the one that all methods may train with; encoders need it only.

    Raises:
        ClassifierError: its weights are not installed.
    """
    return load_classifier()


@torch.no_grad()
def attention_levels(classifier: Classifier, images: Tensor) -> Tensor:
    """Levels 0..3 (B, 1, H/32, W/32) int64, each for a quarter of the places, 3 the most looked at.

    Args:
        classifier: with inner features.
        images: (B, 3, H, W) in 0..1, sides multiples of 64.
    """
    _, maps = classifier.logits_and_features(images)
    energy = maps[-1].float().square().mean(1, keepdim=True)
    grid = (images.shape[-2] // 32, images.shape[-1] // 32)
    if energy.shape[-2:] != grid:
        energy = functional.interpolate(energy, grid, mode="bilinear", align_corners=False)
    rank = energy.flatten(1).argsort(dim=1, stable=True).argsort(dim=1, stable=True)
    return (rank * LEVELS // rank.shape[1]).reshape(energy.shape)


def importance(index: NDArray[np.uint8] | Tensor, levels: NDArray[np.int64] | Tensor) -> Tensor:
    """Key of each symbol, the largest sent first; equal keys share their table `key % 64`.

    Args:
        index: (B, C, h, w) rungs 0..63.
        levels: (B, 1, h/2, w/2).
    Returns:
        (B, C·h·w) int64.
    """
    rungs = torch.as_tensor(index).long()
    places = torch.as_tensor(levels).repeat_interleave(2, 2).repeat_interleave(2, 3)
    return ((rungs + _BOOST * places) * N_SCALES + rungs).flatten(1)
