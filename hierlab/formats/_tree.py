"""A nested label map as a tree of nodes, and the names and keys of nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hierlab.classes import numbered
from hierlab.errors import FormatError
from hierlab.hierarchy.level import Level
from hierlab.labelmap import LabelMap

__all__ = ["Node", "inner_levels", "leaf_keys", "line_names", "nodes_of"]


@dataclass(frozen=True)
class Node:
    """A cluster or a class of a label map as a node.

    Args:
        id: the class key, or `level/number` for a cluster.
        name: for people.
        level: of a cluster; None for a class.
        parent: id of the cluster above; None at the top.
    """

    id: str
    name: str
    level: str | None
    parent: str | None


def inner_levels(label_map: LabelMap) -> tuple[Level, ...]:
    """The levels above the classes: all but an identity, whose clusters are the classes."""
    return tuple(level for level in label_map.levels if level.k < len(label_map.classes))


def nodes_of(label_map: LabelMap, format: str) -> list[Node]:
    """Clusters from coarse to fine, then classes in order.

    Raises:
        FormatError: the map is not nested, or a class key is also the id of a cluster.
    """
    if not label_map.nested:
        raise FormatError(
            f"{format} holds trees, and {label_map.name!r} is not nested; "
            "export to csv, graphml or networkx-json, or build with a nested method"
        )
    nodes: list[Node] = []
    above: Level | None = None
    for level in inner_levels(label_map):
        first = np.unique(level.labels, return_index=True)[1]
        for number, cluster in enumerate(level.clusters):
            parent = f"{above.name}/{above.labels[first[number]]}" if above else None
            nodes.append(Node(f"{level.name}/{number}", cluster.name, level.name, parent))
        above = level
    taken = {node.id for node in nodes}
    classes = label_map.classes
    for row, (key, name) in enumerate(zip(classes.ids, classes.names, strict=True)):
        if key in taken:
            raise FormatError(f"class key {key!r} is also the id of a cluster; rename the class")
        nodes.append(Node(key, name, None, f"{above.name}/{above.labels[row]}" if above else None))
    return nodes


def line_names(nodes: Sequence[Node]) -> dict[str, str]:
    """Names by node id, each on one line; classes that share one carry their key as well."""
    times = Counter(node.name for node in nodes if node.level is None)
    return {
        node.id: " ".join(
            (
                f"{node.name} {node.id}"
                if node.level is None and times[node.name] > 1
                else node.name
            ).split()
        )
        for node in nodes
    }


def leaf_keys(
    names: Mapping[str, str], given: Mapping[str, str] | None = None
) -> tuple[dict[str, str], str]:
    """Keys of classes that go by their names: the second crane is `crane (2)`.

    Args:
        names: of the leaves, by node.
        given: keys that the file itself gives, by node.

    Returns:
        Keys by node, and a clause for people on names that stand several times, else empty.
    """
    given = given or {}
    keys, _ = numbered(
        [given.get(node, name) for node, name in names.items()],
        [node not in given for node in names],
    )
    repeated = [name for name, times in Counter(names.values()).items() if times > 1]
    clause = (
        f", {len(repeated)} names such as {repeated[0]!r} stand at several places: a class at each"
        if repeated
        else ""
    )
    return dict(zip(names, keys, strict=True)), clause
