"""One level of a hierarchy: which cluster each class is in, and what each cluster is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.classes import ClassList
from hierlab.errors import LabelMapError

__all__ = [
    "MAX_LEVELS",
    "Cluster",
    "Level",
    "canonical_labels",
    "check_level",
    "out_of_range",
]

MAX_LEVELS = 16


class Cluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One group of classes: what people call it and which class stands at its centre.

    `coverage` is the share of its classes that the name holds for, 0..1, where that is known.
    """

    name: str
    size: int
    medoid: str
    synset: str | None = None
    confidence: float | None = None
    coverage: float | None = None


@dataclass(frozen=True, eq=False)
class Level:
    """One partition of the classes; levels of one name and equal labels are equal.

    Args:
        name: such as `coarse`.
        labels: (C,) cluster number of each class, 0..K-1, numbered by first appearance.
        clusters: K descriptions, in the order of the numbers.
        class_confidence: (C,) how surely each class belongs where it is, 0..1, if known.
    """

    name: str
    labels: NDArray[np.int32]
    clusters: tuple[Cluster, ...]
    class_confidence: tuple[float, ...] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return self.name == other.name and np.array_equal(self.labels, other.labels)

    def __hash__(self) -> int:
        return hash((self.name, np.asarray(self.labels, dtype="<i4").tobytes()))

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.clusters)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(K,) number of classes in each cluster."""
        return np.bincount(self.labels, minlength=self.k)

    def members(self, cluster: int) -> NDArray[np.int64]:
        """Positions of the classes of one cluster, in class order."""
        return np.flatnonzero(self.labels == cluster)


def canonical_labels(labels: ArrayLike) -> NDArray[np.int32]:
    """Number clusters by first appearance: (C,) any integers -> (C,) int32 in 0..K-1."""
    values = np.asarray(labels)
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    result: NDArray[np.int32] = rank[inverse.reshape(values.shape)]
    result.setflags(write=False)
    return result


def out_of_range(field: str, position: int, label: int, k: int) -> LabelMapError:
    """What to raise for a label that is no cluster of its level."""
    return LabelMapError(f"{field}.labels[{position}]", f"expected 0 to {k - 1}, got {label}")


def check_level(level: Level, field: str, classes: ClassList) -> None:
    """Refuse a level that no label map may hold.

    Raises:
        LabelMapError: with `field` in front of what is wrong.
    """
    if not re.fullmatch(r"[\w.-]{1,64}", level.name):
        raise LabelMapError(
            f"{field}.name",
            f"expected 1 to 64 letters, digits, '.', '_' or '-', got {level.name[:64]!r}",
        )
    labels = np.asarray(level.labels)
    if labels.shape != (len(classes),):
        raise LabelMapError(
            f"{field}.labels",
            f"expected {len(classes)} labels, one per class, got {labels.size}",
        )
    if labels.dtype.kind not in "iu":
        raise LabelMapError(f"{field}.labels", f"expected whole numbers, got {labels.dtype}")
    if not 1 <= level.k <= len(classes):
        raise LabelMapError(
            f"{field}.k",
            f"k is {level.k} for {len(classes)} classes; LabelMap.from_labels describes clusters",
        )
    if (outside := (labels < 0) | (labels >= level.k)).any():
        position = int(outside.argmax())
        raise out_of_range(field, position, int(labels[position]), level.k)
    _check_clusters(level, labels, field, classes)
    if not np.array_equal(labels, canonical_labels(labels)):
        raise LabelMapError(f"{field}.labels", "clusters must be numbered by first appearance")
    sure = level.class_confidence
    if sure is not None and not (
        len(sure) == len(classes) and all(0 <= value <= 1 for value in sure)
    ):
        raise LabelMapError(
            f"{field}.class_confidence", f"expected {len(classes)} numbers from 0 to 1"
        )


def _check_clusters(
    level: Level, labels: NDArray[np.int32], field: str, classes: ClassList
) -> None:
    sizes = np.bincount(labels, minlength=level.k)
    for number, (cluster, size) in enumerate(zip(level.clusters, sizes.tolist(), strict=True)):
        if cluster.size != size or not size:
            raise LabelMapError(
                f"{field}.clusters[{number}].size",
                f"says {cluster.size}, the labels give it {size}",
            )
        if cluster.medoid not in classes.index or labels[classes.index[cluster.medoid]] != number:
            raise LabelMapError(
                f"{field}.clusters[{number}].medoid",
                f"{cluster.medoid!r} is no class of the cluster",
            )
