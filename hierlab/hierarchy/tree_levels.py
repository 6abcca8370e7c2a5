"""Levels cut by depth from a tree, or from any rooted graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import FormatError
from hierlab.hierarchy.imported import ImportedHierarchy, ImportedLevel, make_classes
from hierlab.hierarchy.level import MAX_LEVELS

__all__ = ["safe_level_name", "tree_hierarchy"]

MAX_NODES = 2_000_000
MAX_TABLE_CELLS = 50_000_000
_OF_LEVEL = re.compile(r"([\w.-]{1,64})/(.+)", re.DOTALL)


def safe_level_name(text: str) -> str | None:
    """A level name like `text`; None where no letter or digit is left."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-")[:64] or None


def tree_hierarchy(
    source: object,
    edges: Sequence[tuple[str, str]],
    *,
    classes: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    ordered: bool = False,
    read_as: str = "",
    alone: Sequence[str] = (),
) -> ImportedHierarchy:
    """What a file that holds a tree says; inner nodes may be classes too, where asked for.

    Args:
        source: what to call the file in a message.
        edges: (child, parent) pairs.
        classes: the nodes that are classes, in order; the leaves, as they appear, if not given.
        names: of nodes; a node that is not here goes by its id, one with an empty name has none.
        keys: of classes, where they do not go by their node's id.
        ordered: whether the file says the order of the classes.
        read_as: how the file was read.
        alone: nodes that may stand in no edge: classes beside the groups.

    Raises:
        FormatError: empty, too large, a cycle, or a class that is no node.
    """
    names, keys = names or {}, keys or {}
    nodes, levels = _cut(source, edges, classes, names, alone)
    ids = [keys.get(node, node) for node in nodes]
    shown = [names.get(node) or key for node, key in zip(nodes, ids, strict=True)]
    if len(levels) > MAX_LEVELS - 1:
        kept = np.linspace(0, len(levels) - 1, MAX_LEVELS - 1).round().astype(int)
        read_as += f", {MAX_LEVELS - 1} of {len(levels)} levels kept"
        levels = tuple(levels[number] for number in kept)
    node_of = {key: node for node, key in keys.items()}

    def recut(wanted: Sequence[str]) -> tuple[ImportedLevel, ...]:
        return _cut(source, edges, [node_of.get(key, key) for key in wanted], names, alone)[1]

    classes_found = make_classes(source, ids, shown)
    return ImportedHierarchy(classes_found, levels, ordered, read_as, recut=recut)


def _cut(
    source: object,
    edges: Iterable[tuple[str, str]],
    classes: Sequence[str] | None,
    names: Mapping[str, str],
    alone: Sequence[str],
) -> tuple[list[str], tuple[ImportedLevel, ...]]:
    """Classes, and levels cut from a rooted graph by depth, from coarse to fine.

    A node with several parents goes with the one farthest from a root (ties: the first listed);
    a class above the cut stands alone or with what is below it. Depths that split nothing are
    left out.
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
    return list(classes), _levels(ancestors[::-1], ids, names)


def _graph(
    source: object, edges: Iterable[tuple[str, str]]
) -> tuple[dict[str, int], list[list[int]]]:
    """Numbers of the nodes by first appearance, and the parents of each."""
    number: dict[str, int] = {}
    parents: list[list[int]] = []
    for edge in edges:
        for key in edge:
            if key not in number:
                number[key] = len(number)
                parents.append([])
        child, parent = map(number.__getitem__, edge)
        if parent not in parents[child]:
            parents[child].append(parent)
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
    ancestors: list[NDArray[np.int64]], ids: list[str], names: Mapping[str, str]
) -> tuple[ImportedLevel, ...]:
    """Levels from (D, C) ancestors by depth; the last, the classes themselves, is left out."""
    levels: list[ImportedLevel] = []
    before = 0
    for labels in ancestors:
        clusters = np.unique(labels)
        title = _level_name([ids[node] for node in clusters])
        # A single root says nothing, unless the file calls it a level.
        if max(before, 1 if title is None else 0) < len(clusters) < len(labels):
            own = {int(node): _cluster_name(ids[node], names, title) for node in clusters}
            levels.append(
                ImportedLevel(labels, title, {node: name for node, name in own.items() if name})
            )
            before = len(clusters)
    return tuple(levels)


def _level_name(clusters: list[str]) -> str | None:
    """The level that all ids of the form `level/...` agree on."""
    matches = [_OF_LEVEL.fullmatch(key) for key in clusters]
    titles = {match.group(1) if match else None for match in matches}
    return titles.pop() if len(titles) == 1 else None


def _cluster_name(key: str, names: Mapping[str, str], title: str | None) -> str:
    if key in names:
        return names[key]
    return key[len(title) + 1 :] if title is not None else key
