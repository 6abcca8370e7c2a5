"""Consensus: one nested hierarchy of several text encoders, with how sure each class is of it."""

from hierlab.consensus._confidence import class_confidence
from hierlab.consensus._diffusion import (
    MAX_CLASSES,
    closeness,
    diffused,
    neighbour_ranks,
    rank_affinity,
)
from hierlab.consensus._likeness import mean_cosines
from hierlab.consensus._nested import coarsest_level, nested_levels
from hierlab.consensus._settings import ConsensusSettings

__all__ = [
    "MAX_CLASSES",
    "ConsensusSettings",
    "class_confidence",
    "closeness",
    "coarsest_level",
    "diffused",
    "mean_cosines",
    "neighbour_ranks",
    "nested_levels",
    "rank_affinity",
]
