"""What a study finds: its report and the rows of each table, as frozen types.

The names of the fields are those of `report.json` and of `hierlab report --json`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.measures.bootstrap import Interval
from hierlab.study.grid import StudyGrid

__all__ = [
    "REST",
    "AxisAgreement",
    "Consistency",
    "Heatmap",
    "IncoherentCluster",
    "PeopleAgreement",
    "ReferenceAgreement",
    "SimilarityCorrelation",
    "StudyReport",
    "VarianceShare",
]

REST = "seed and interplay"


@dataclass(frozen=True)
class AxisAgreement:
    """Mean agreement of partitions that differ on one axis only.

    Args:
        axis: one of `grid.AXES`, or `halves`.
        method, preprocessing, k: what the partitions share; `any` where the axis is that one.
        ari: mean over the pairs, with its interval over classes.
        ari_min: of the worst pair.
        pairs: how many were compared.
    """

    axis: str
    method: str
    preprocessing: str
    k: int
    ari: Interval
    ari_min: float
    pairs: int


@dataclass(frozen=True)
class VarianceShare:
    """Share (ω², 0..1) of the spread of partitions that one axis explains.

    Args:
        method: whose partitions; `all` for the methods together.
        k: at this number of clusters.
        axis: one of `grid.AXES`, or `REST`: seeds, which mean something else in every other cell,
            and the interplay of the axes.
        levels: how many values the axis takes; 0 for the rest.
        share: with its interval over classes.
        cells: how many partitions were compared.
    """

    method: str
    k: int
    axis: str
    levels: int
    share: Interval
    cells: int


@dataclass(frozen=True)
class Consistency:
    """Wu-Palmer (nltk policy) in the clusters of one method, mean over its encoders.

    Args:
        method, k: whose partitions.
        encoders: how many were averaged, or the name of the one control.
        by_class: mean over classes of the mean with their companions: the figure to quote.
        within: mean over pairs in one cluster, which the largest clusters own.
        random: the same for random partitions of equal sizes.
        lift: by_class less random.
        largest: classes in the largest cluster, mean over the partitions.
        effective: as many equal clusters would be as even, mean over the partitions.
    """

    method: str
    k: int
    encoders: str
    by_class: float
    within: float
    random: float
    lift: float
    largest: float
    effective: float


@dataclass(frozen=True)
class PeopleAgreement:
    """Agreement of one method with groups that people made, mean over its encoders.

    Args:
        grouping: name of what people made.
        method, k, encoders: as of `Consistency`.
        ari: over the classes that the grouping covers.
    """

    grouping: str
    method: str
    k: int
    encoders: str
    ari: Interval


@dataclass(frozen=True)
class Heatmap:
    """Agreement of all pairs of encoders: (N, N) ARI."""

    method: str
    k: int
    names: tuple[str, ...]
    ari: NDArray[np.float64]


@dataclass(frozen=True)
class SimilarityCorrelation:
    """How closely the cosines of an encoder follow a target over pairs of classes.

    Args:
        encoder: whose cosines.
        target: such as `Wu-Palmer`.
        controls: what was held fixed, by name.
        raw: Spearman correlation over pairs of classes.
        partial: the same with the controls held fixed.
        p: that the partial correlation is not above zero, from the bootstrap, after Holm.
    """

    encoder: str
    target: str
    controls: tuple[str, ...]
    raw: Interval
    partial: Interval
    p: float


@dataclass(frozen=True)
class IncoherentCluster:
    """A cluster whose classes are far apart in WordNet.

    Args:
        k: level it stands at.
        size: its classes.
        within: mean Wu-Palmer of its pairs.
        members: names, at most twelve.
    """

    k: int
    size: int
    within: float
    members: tuple[str, ...]


@dataclass(frozen=True)
class ReferenceAgreement:
    """Agreement of a given label map with the study's partitions of as many clusters."""

    reference: str
    method: str
    k: int
    ari: Interval


@dataclass(frozen=True)
class StudyReport:
    """All figures of a study; `answer` in words comes first."""

    answer: tuple[str, ...]
    grid: StudyGrid
    cells: int
    agreements: tuple[AxisAgreement, ...]
    shares: tuple[VarianceShare, ...]
    consistency: tuple[Consistency, ...]
    people: tuple[PeopleAgreement, ...]
    heatmaps: tuple[Heatmap, ...]
    likeness: tuple[SimilarityCorrelation, ...]
    discords: tuple[IncoherentCluster, ...]
    references: tuple[ReferenceAgreement, ...]
    left_out: tuple[str, ...]
