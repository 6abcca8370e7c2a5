"""Levels cut from a tree, or from any rooted graph, by depth or into given numbers of clusters."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import FormatError
from hierlab.hierarchy.imported import Foreign, ForeignLevel, make_classes
from hierlab.hierarchy.level import MAX_LEVELS

__all__ = ["cut", "foreign_tree", "opened", "safe_level_name"]

MAX_NODES = 2_000_000
MAX_TABLE_CELLS = 50_000_000
_OF_LEVEL = re.compile(r"([\w.-]{1,64})/(.+)", re.DOTALL)


def safe_level_name(text: str) -> str | None:
    """A level name like `text`; None where no letter or digit is left."""
    plain = re.sub(r"[^\w.-]+", "-", text).strip("-")[:64]
    return plain or None


def foreign_tree(
    source: object,
    edges: Sequence[tuple[str, str]],
    *,
    classes: Sequence[str] | None = None,
    names: dict[str, str] | None = None,
    keys: dict[str, str] | None = None,
    ordered: bool = False,
    told: str = "",
    alone: Sequence[str] = (),
) -> Foreign:
    """What a file that holds a tree says; inner nodes may be classes too, where asked for.

    Args:
        edges: (child, parent) pairs.
        classes: the nodes that are classes, in order; the leaves, as they appear, if not given.
        names: of nodes; a node that is not here goes by its id, one with an empty name has none.
        keys: of classes, where they do not go by their node's id.
        ordered: whether the file says the order of the classes.
        told: how the file was read.
        alone: nodes that may stand in no edge: classes beside the groups.
    """
    found, levels = cut(source, edges, classes, names, alone)
    ids = [(keys or {}).get(node, node) for node in found]
    shown = [(names or {}).get(node) or key for node, key in zip(found, ids, strict=True)]
    if len(levels) > MAX_LEVELS - 1:
        kept = np.linspace(0, len(levels) - 1, MAX_LEVELS - 1).round().astype(int)
        told += f", {MAX_LEVELS - 1} of {len(levels)} levels kept"
        levels = tuple(levels[number] for number in kept)
    node_of = {key: node for node, key in (keys or {}).items()}

    def recut(wanted: Sequence[str]) -> tuple[ForeignLevel, ...]:
        return cut(source, edges, [node_of.get(key, key) for key in wanted], names, alone)[1]

    return Foreign(make_classes(source, ids, shown), levels, ordered, told, recut=recut)


def cut(
    source: object,
    edges: Iterable[tuple[str, str]],
    classes: Sequence[str] | None = None,
    names: dict[str, str] | None = None,
    alone: Sequence[str] = (),
) -> tuple[list[str], tuple[ForeignLevel, ...]]:
    """Cut levels from a rooted graph by depth.

    A node with several parents goes with the one farthest from a root (ties: the first listed);
    a class above the cut stands alone or with what is below it. Depths that split nothing are
    left out.

    Args:
        edges: (child, parent) pairs.
        classes: the nodes that are classes, in order; the leaves, as they appear, if not given.
        names: of nodes, where they have one.
        alone: nodes that may stand in no edge.
    Returns:
        The classes, and the levels above them from coarse to fine.
    Raises:
        FormatError: empty, too large, a cycle, or a class that is no node.
    """
    number, parents = _graph(source, edges)
    for node in alone:
        if node not in number:
            number[node] = len(number)
            parents.append([])
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
    depth = np.zeros(len(ids), dtype=np.int64)
    best = np.full(len(ids), -1, dtype=np.int64)
    try:
        for node in TopologicalSorter(dict(enumerate(parents))).static_order():
            if parents[node]:
                best[node] = max(parents[node], key=depth.__getitem__)
                depth[node] = depth[best[node]] + 1
    except CycleError as error:
        cycle = error.args[1][::-1]  # from child to parent
        shown = " → ".join(repr(ids[node]) for node in cycle[:6])
        more = " → …" if len(cycle) > 6 else ""
        raise FormatError(
            f"{source}: {ids[cycle[0]]!r} is its own ancestor: {shown}{more}"
        ) from None
    return depth, best


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
                    {
                        int(node): name
                        for node in clusters
                        if (name := _cluster_name(ids[node], names, title))
                    },
                )
            )
            before = len(clusters)
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


def opened(
    source: object,
    edges: Sequence[tuple[str, str]],
    classes: Sequence[str],
    lengths: dict[str, float],
    counts: Sequence[int],
    names: dict[str, str],
) -> tuple[tuple[ForeignLevel, ...], list[int]]:
    """Cut a tree into given numbers of clusters: the node nearest to its root is opened first.

    A node of many children may lead past a number; the cut then has the first number above it.

    Args:
        lengths: of the branch above each node; 1 where none is given.
        counts: rising numbers of clusters.
        names: of nodes.
    Returns:
        The levels, and their numbers of clusters.
    Raises:
        FormatError: a number that the tree cannot reach, or a number that does not rise.
    """
    children: dict[str, list[str]] = {}
    below = set()
    for child, parent in edges:
        children.setdefault(parent, []).append(child)
        below.add(child)
    heap = [(0.0, rank, root) for rank, root in enumerate(children) if root not in below]
    heapq.heapify(heap)
    groups = {root for _, _, root in heap}
    number = len(children)
    levels: list[ForeignLevel] = []
    sizes: list[int] = []
    for count in counts:
        if count > len(classes) or (sizes and count <= sizes[-1]):
            raise FormatError(
                f"{source}: k must rise and be at most the {len(classes)} classes, got {count}"
            )
        while len(groups) < count and heap:
            distance, _, node = heapq.heappop(heap)
            groups.discard(node)
            for child in children[node]:
                groups.add(child)
                if child in children:
                    number += 1
                    heapq.heappush(heap, (distance + lengths.get(child, 1.0), number, child))
        levels.append(_grouped(groups, children, classes, names))
        sizes.append(len(groups))
    return tuple(levels), sizes


def _grouped(
    groups: set[str], children: dict[str, list[str]], classes: Sequence[str], names: dict[str, str]
) -> ForeignLevel:
    row = {key: place for place, key in enumerate(classes)}
    labels = np.zeros(len(classes), dtype=np.int64)
    titles: dict[int, str] = {}
    for label, group in enumerate(sorted(groups)):
        waiting = [group]
        for node in waiting:
            if node in row:
                labels[row[node]] = label
            waiting.extend(children.get(node, ()))
        if names.get(group):
            titles[label] = names[group]
    return ForeignLevel(labels, None, titles)
