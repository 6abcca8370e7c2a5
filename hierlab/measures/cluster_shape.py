"""Shape: how even the clusters are, whether they nest, and how far apart they stand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import PrototypeError

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = [
    "LevelShape",
    "Nesting",
    "ShapeReport",
    "effective_number",
    "nesting",
    "shape",
    "silhouette",
]


@dataclass(frozen=True)
class LevelShape:
    """Sizes of one level's clusters.

    Args:
        size_effective: exp of the entropy of the sizes: as many equal clusters would be as even.
        largest_share: share of all classes in the largest cluster, 0..1.
        singletons: clusters of one class.
        silhouette: mean over classes, -1..1, on Euclidean distances of the prototypes; None
            without prototypes, or where K is 1 or the number of classes.
    """

    level: str
    k: int
    size_min: int
    size_median: float
    size_max: int
    size_effective: float
    largest_share: float
    singletons: int
    silhouette: float | None


@dataclass(frozen=True)
class Nesting:
    """How far one level refines the level above; a nested pair has no stray and no straddler.

    Args:
        strays: classes outside the coarse cluster that holds most of their fine cluster.
        stray_share: of all classes, 0..1.
        straddling: fine clusters with classes in several coarse ones.
    """

    coarse: str
    fine: str
    strays: int
    stray_share: float
    straddling: int


@dataclass(frozen=True)
class ShapeReport:
    """Shape of a hierarchy: its levels, and each with the next."""

    nested: bool
    levels: tuple[LevelShape, ...]
    nesting: tuple[Nesting, ...]


def shape(label_map: LabelMap, vectors: NDArray[np.float64] | None = None) -> ShapeReport:
    """Measure sizes, nesting and, given (C, D) prototypes, silhouettes.

    Raises:
        PrototypeError: not one vector a class.
    """
    if vectors is not None and (vectors.ndim != 2 or len(vectors) != len(label_map.classes)):
        raise PrototypeError(
            f"expected one vector for each of the {len(label_map.classes)} classes, "
            f"got an array of shape {vectors.shape}"
        )
    return ShapeReport(
        nested=label_map.nested,
        levels=tuple(_level(level, vectors) for level in label_map.levels),
        nesting=tuple(nesting(coarse, fine) for coarse, fine in pairwise(label_map.levels)),
    )


def nesting(coarse: Level, fine: Level) -> Nesting:
    """Count what keeps `fine` from being a refinement of `coarse`."""
    cells, counts = np.unique(
        fine.labels.astype(np.int64) * coarse.k + coarse.labels, return_counts=True
    )
    parents = cells // coarse.k
    majority = np.zeros(fine.k, dtype=np.int64)
    np.maximum.at(majority, parents, counts)
    strays = len(fine.labels) - int(majority.sum())
    return Nesting(
        coarse=coarse.name,
        fine=fine.name,
        strays=strays,
        stray_share=strays / len(fine.labels),
        straddling=int((np.bincount(parents, minlength=fine.k) > 1).sum()),
    )


def effective_number(sizes: NDArray[np.int64]) -> float:
    """Exp of the entropy of (K,) sizes, none zero: as many equal clusters would be as even."""
    shares = sizes / sizes.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def silhouette(labels: NDArray[np.int32], vectors: NDArray[np.float64]) -> float | None:
    """Mean silhouette of (C,) labels on Euclidean distances between (C, D) vectors.

    A class alone in its cluster counts as 0. None where K is 1 or C.

    Source: Rousseeuw 1987, "Silhouettes".
    """
    if len(np.unique(labels)) in (1, len(labels)):
        return None
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(vectors, labels))


def _level(level: Level, vectors: NDArray[np.float64] | None) -> LevelShape:
    shares = level.sizes / len(level.labels)
    return LevelShape(
        level=level.name,
        k=level.k,
        size_min=int(level.sizes.min()),
        size_median=float(np.median(level.sizes)),
        size_max=int(level.sizes.max()),
        size_effective=effective_number(level.sizes),
        largest_share=float(shares.max()),
        singletons=int((level.sizes == 1).sum()),
        silhouette=None if vectors is None else silhouette(level.labels, vectors),
    )
