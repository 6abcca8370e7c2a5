"""A nested label map as a tree of nodes, each with its parent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hierlab.errors import FormatError
from hierlab.labelmap import LabelMap, Level

__all__ = ["Node", "inner_levels", "nodes_of", "require_nested"]


@dataclass(frozen=True)
class Node:
    """A cluster or a class of a label map as a node.

    Args:
        id: the class key, or `level/number` for a cluster.
        name: for people.
        level: of a cluster; None for a class.
        parent: id of the cluster above; None at the top.
        size: number of classes.
    """

    id: str
    name: str
    level: str | None
    parent: str | None
    size: int


def require_nested(label_map: LabelMap, format: str) -> None:
    """Refuse a map that no tree can hold.

    Raises:
        FormatError: the map is not nested.
    """
    if not label_map.nested:
        raise FormatError(
            f"{format} holds trees, and {label_map.name!r} is not nested; "
            "export to csv, graphml or networkx-json, or build with a nested method"
        )


def inner_levels(label_map: LabelMap) -> tuple[Level, ...]:
    """The levels above the classes: all but an identity, whose clusters are the classes."""
    return tuple(level for level in label_map.levels if level.k < len(label_map.classes))


def nodes_of(label_map: LabelMap) -> list[Node]:
    """Clusters from coarse to fine, then classes in order; of a nested map.

    Raises:
        FormatError: a class key is also the id of a cluster.
    """
    found: list[Node] = []
    above: Level | None = None
    for level in inner_levels(label_map):
        first = np.unique(level.labels, return_index=True)[1]
        for number, cluster in enumerate(level.clusters):
            parent = f"{above.name}/{above.labels[first[number]]}" if above else None
            found.append(
                Node(f"{level.name}/{number}", cluster.name, level.name, parent, cluster.size)
            )
        above = level
    taken = {node.id for node in found}
    for row, (key, name) in enumerate(
        zip(label_map.classes.ids, label_map.classes.names, strict=True)
    ):
        if key in taken:
            raise FormatError(f"class key {key!r} is also the id of a cluster; rename the class")
        parent = f"{above.name}/{above.labels[row]}" if above else None
        found.append(Node(key, name, None, parent, 1))
    return found
