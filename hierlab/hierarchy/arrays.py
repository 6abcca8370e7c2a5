"""Levels from arrays of labels, and levels as a pandas table or a scipy linkage matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import given_classes
from hierlab.errors import LabelMapError
from hierlab.hierarchy.description import TOOL, MapParts, describe, reading_provenance, with_names
from hierlab.hierarchy.level import MAX_LEVELS, Level, canonical_labels
from hierlab.wordnet.taxonomy import resolved

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_labels", "to_frame", "to_linkage"]


def from_labels(
    classes: ClassList | Sequence[str] | str | Path, levels: Mapping[str, ArrayLike], name: str
) -> MapParts:
    """See `LabelMap.from_labels`."""
    listed = given_classes(classes)
    if not levels:
        raise LabelMapError("levels", f"expected 1 to {MAX_LEVELS} levels, got none")
    numbered = [(title, *_numbered(title, values, len(listed))) for title, values in levels.items()]
    numbered.sort(key=lambda level: int(level[1].max()))
    titles, labels, names = zip(*numbered, strict=True)
    listed, taxonomy = resolved(listed)
    described = tuple(
        with_names(level, own) if own else level
        for level, own in zip(
            describe(listed, labels, titles, taxonomy=taxonomy), names, strict=True
        )
    )
    provenance = {"method": "labels", "tool": TOOL, **reading_provenance(listed, taxonomy)}
    return MapParts(name, listed, described, provenance)


def _numbered(
    title: str, values: ArrayLike, count: int
) -> tuple[NDArray[np.int32], list[str] | None]:
    """Labels by first appearance; where the values are words, the names of the clusters."""
    array = np.asarray(values)
    if array.shape != (count,):
        raise LabelMapError(
            f"levels.{title}", f"expected {count} labels, one per class, got shape {array.shape}"
        )
    if array.dtype.kind in "fc":
        if not np.isfinite(array).all() or (array != array.round()).any():
            raise LabelMapError(f"levels.{title}", "expected whole numbers or names as labels")
        array = array.astype(np.int64)
    if array.dtype.kind in "iub":
        return canonical_labels(array), None
    words = [str(value) for value in array.tolist()]
    if any(value is None or value != value for value in array.tolist()):
        raise LabelMapError(f"levels.{title}", "a label is missing (None or NaN)")
    labels = canonical_labels(np.array(words))
    first = np.unique(labels, return_index=True)[1]
    return labels, [words[row] for row in first]


def to_frame(classes: ClassList, levels: Sequence[Level], *, names: bool) -> pd.DataFrame:
    """See `LabelMap.to_frame`."""
    import pandas as pd

    columns: dict[str, Any] = {"name": list(classes.names)}
    for level in levels:
        title = level.name if level.name != "name" else "level name"
        if names:
            cluster_names = [cluster.name for cluster in level.clusters]
            columns[title] = np.array(cluster_names, dtype=object)[level.labels]
        else:
            columns[title] = level.labels.astype(np.int64)
    return pd.DataFrame(columns, index=pd.Index(classes.ids, name="key"))


def to_linkage(levels: Sequence[Level], count: int) -> NDArray[np.float64]:
    """See `LabelMap.to_linkage`; of nested levels over `count` classes."""
    # The level below all others is each class alone, the one above all is everything together.
    partitions = [np.zeros(count, dtype=np.int64)]
    partitions += [level.labels.astype(np.int64) for level in levels if 1 < level.k < count]
    partitions.append(np.arange(count))
    rows: list[tuple[int, int, float, int]] = []
    cluster = np.arange(count)  # number in the matrix of the group that each class is in
    size = dict.fromkeys(range(count), 1)
    for height, coarse in enumerate(partitions[-2::-1], start=1):
        order = np.argsort(coarse, kind="stable")
        starts = np.flatnonzero(np.diff(coarse[order], prepend=-1))
        for members in np.split(order, starts[1:]):
            inside = list(dict.fromkeys(cluster[members].tolist()))
            last = inside[0]
            for other in inside[1:]:
                made = count + len(rows)
                size[made] = size[last] + size[other]
                rows.append((min(last, other), max(last, other), float(height), size[made]))
                last = made
            cluster[members] = last
    return np.array(rows, dtype=np.float64).reshape(-1, 4)
