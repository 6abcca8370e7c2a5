"""Trees: a nested label map as nodes and parents, and levels cut from any rooted graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import FormatError
from hierlab.formats._foreign import ForeignLevel
from hierlab.labelmap import MAX_LEVELS, LabelMap, Level

__all__ = ["LEVEL_NAME", "Node", "cut", "inner_levels", "nodes_of", "require_nested"]

LEVEL_NAME = re.compile(r"[\w.-]{1,64}")
MAX_NODES = 2_000_000
MAX_TABLE_CELLS = 50_000_000
_OF_LEVEL = re.compile(r"([\w.-]{1,64})/(.+)", re.DOTALL)


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


def cut(
    source: object,
    edges: Iterable[tuple[str, str]],
    classes: Sequence[str] | None = None,
    names: dict[str, str] | None = None,
) -> tuple[list[str], tuple[ForeignLevel, ...]]:
    """Cut levels from a rooted graph by depth.

    A node with several parents goes with the one farthest from a root (ties: the first listed);
    a class above the cut stands alone or with what is below it. Depths that split nothing are
    left out, and of more than 15 levels 15 are kept, evenly spaced.

    Args:
        edges: (child, parent) pairs.
        classes: the nodes that are classes, in order; the leaves, as they appear, if not given.
        names: of nodes, where they have one.
    Returns:
        The classes, and the levels above them from coarse to fine.
    Raises:
        FormatError: empty, too large, a cycle, or a class that is no node.
    """
    number, parents = _graph(source, edges)
    ids = list(number)
    depth, best = _longest_paths(source, ids, parents)
    if classes is None:
        inner = {parent for above in parents for parent in above}
        classes = [key for key in ids if number[key] not in inner]
    if unknown := next((key for key in classes if key not in number), None):
        raise FormatError(f"{source}: class {unknown!r} is no node of the tree")
    if (int(depth.max()) + 1) * len(classes) > MAX_TABLE_CELLS:
        raise FormatError(f"{source}: {int(depth.max())} levels of nodes are too deep a tree")
    current = np.array([number[key] for key in classes], dtype=np.int64)
    ancestors: list[NDArray[np.int64]] = []
    for level in range(int(depth[current].max()), -1, -1):
        current = np.where(depth[current] > level, best[current], current)
        ancestors.append(current)
    levels = _levels(ancestors[::-1], ids, names or {})
    return list(classes), levels


def _graph(
    source: object, edges: Iterable[tuple[str, str]]
) -> tuple[dict[str, int], list[list[int]]]:
    number: dict[str, int] = {}
    parents: list[list[int]] = []
    for child, parent in edges:
        pair = []
        for key in (child, parent):
            if key not in number:
                number[key] = len(number)
                parents.append([])
            pair.append(number[key])
        if pair[1] not in parents[pair[0]]:
            parents[pair[0]].append(pair[1])
        if len(number) > MAX_NODES:
            raise FormatError(f"{source}: more than {MAX_NODES} nodes")
    if not number:
        raise FormatError(f"{source}: expected lines with a child and its parent, found none")
    return number, parents


def _longest_paths(
    source: object, ids: list[str], parents: list[list[int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) depth, roots 0, and (N,) the parent on the longest way up, -1 for roots."""
    children: list[list[int]] = [[] for _ in ids]
    for child, above in enumerate(parents):
        for parent in above:
            children[parent].append(child)
    waiting = [len(above) for above in parents]
    ready = [node for node, count in enumerate(waiting) if not count]
    depth = [0] * len(ids)
    best = [-1] * len(ids)
    for node in ready:
        above = parents[node]
        if above:
            best[node] = max(above, key=depth.__getitem__)
            depth[node] = depth[best[node]] + 1
        for child in children[node]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    if len(ready) < len(ids):
        stuck = next(node for node, count in enumerate(waiting) if count)
        raise FormatError(f"{source}: node {ids[stuck]!r} is its own ancestor or below one that is")
    return np.array(depth, dtype=np.int64), np.array(best, dtype=np.int64)


def _levels(
    ancestors: list[NDArray[np.int64]], ids: list[str], names: dict[str, str]
) -> tuple[ForeignLevel, ...]:
    """Levels from (D, C) ancestors by depth; the last, the classes themselves, is left out."""
    found: list[ForeignLevel] = []
    before = 0
    for labels in ancestors:
        clusters = np.unique(labels)
        title = _level_name([ids[node] for node in clusters])
        # A single root says nothing, unless the file calls it a level.
        if len(clusters) > max(before, 1 if title is None else 0) and len(clusters) < len(labels):
            found.append(
                ForeignLevel(
                    labels,
                    title,
                    {int(node): _cluster_name(ids[node], names, title) for node in clusters},
                )
            )
            before = len(clusters)
    if len(found) > MAX_LEVELS - 1:
        kept = np.linspace(0, len(found) - 1, MAX_LEVELS - 1).round().astype(int)
        found = [found[number] for number in kept]
    return tuple(found)


def _level_name(clusters: list[str]) -> str | None:
    """The level that all ids of the form `level/...` agree on."""
    matches = [_OF_LEVEL.fullmatch(key) for key in clusters]
    titles = {match.group(1) if match else None for match in matches}
    return titles.pop() if len(titles) == 1 else None


def _cluster_name(key: str, names: dict[str, str], title: str | None) -> str:
    if key in names:
        return names[key]
    return key[len(title) + 1 :] if title is not None else key
