"""Clustering of vectors and similarities: Ward, nested partitions, diffusion, confidence."""

from hierlab.clustering.confidence import class_confidence
from hierlab.clustering.consensus_settings import ConsensusSettings
from hierlab.clustering.diffusion import (
    MAX_CLASSES,
    closeness,
    diffused,
    neighbour_ranks,
    rank_affinity,
)
from hierlab.clustering.nested import coarsest_level, nested_levels
from hierlab.clustering.vectors import mean_cosines

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
