"""Levels as a networkx graph of clusters and classes, and the hierarchy in such a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hierlab.classes import ClassList
from hierlab.errors import FormatError
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.level import Level
from hierlab.hierarchy.tree_levels import tree_hierarchy

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["graph_from", "hierarchy_from"]

_NAMES = ("label", "name", "title")


def graph_from(
    classes: ClassList,
    levels: Sequence[Level],
    *,
    name: str,
    id: str,
    clean: Callable[[str], str] = lambda text: text,
) -> nx.DiGraph[Any]:
    """Clusters (`level/number`) and classes (`class/key`) as nodes, from coarse to fine.

    Nodes have `label`, `kind` (cluster or class), `level`, `size` and `key` (a cluster's synset);
    edges have `classes`, how many their ends share. A node has several parents where levels cross.

    Args:
        name, id: of the label map.
        clean: applied to all text of the map.
    """
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph(name=clean(name), label_map=id, made_by="hierlab")

    def add(id: str, label: str, kind: str, level: str, size: int, key: str) -> None:
        label, key = clean(label), clean(key)
        graph.add_node(clean(id), label=label, kind=kind, level=level, size=size, key=key)

    levels = [level for level in levels if level.k < len(classes)]
    for level in levels:
        for number, cluster in enumerate(level.clusters):
            own = (cluster.name, "cluster", level.name, cluster.size, cluster.synset or "")
            add(f"{level.name}/{number}", *own)
    for coarse, fine in pairwise(levels):
        pairs = coarse.labels.astype(np.int64) * fine.k + fine.labels
        for pair, count in zip(
            *(part.tolist() for part in np.unique(pairs, return_counts=True)), strict=True
        ):
            ends = (f"{coarse.name}/{pair // fine.k}", f"{fine.name}/{pair % fine.k}")
            graph.add_edge(*ends, classes=count)
    for row, (key, label) in enumerate(zip(classes.ids, classes.names, strict=True)):
        add(f"class/{key}", label, "class", "class", 1, key)
        if levels:
            above = f"{levels[-1].name}/{levels[-1].labels[row]}"
            graph.add_edge(above, clean(f"class/{key}"), classes=1)
    return graph


def hierarchy_from(
    graph: nx.DiGraph[Any], source: object, *, parent_first: bool | None = None
) -> ImportedHierarchy:
    """The hierarchy in a directed graph; nodes without children are the classes.

    Args:
        graph: with edges from parent to child or from child to parent.
        source: what to call it in a message.
        parent_first: which of the two; found out if None: a node has one parent.

    Raises:
        FormatError: no directed graph, no edge, or a cycle.
    """
    if not graph.is_directed():
        raise FormatError(f"{source}: the edges have no direction, so none says what is above what")
    if not graph.number_of_edges():
        raise FormatError(f"{source}: expected edges between parents and children, found none")
    down = _points_down(graph) if parent_first is None else parent_first
    ids: dict[Hashable, str] = {node: str(node) for node in graph}
    if len(set(ids.values())) < len(ids):
        raise FormatError(f"{source}: two nodes have one id as text")
    edges = [(ids[b], ids[a]) if down else (ids[a], ids[b]) for a, b in graph.edges()]
    inner = {parent for _, parent in edges}
    nodes = [(ids[node], data) for node, data in graph.nodes(data=True)]
    classes = [node for node, _ in nodes if node not in inner]
    if graph.graph.get("made_by") == "hierlab" or "label_map" in graph.graph:
        _refuse_crossing_levels(dict(nodes), edges, source)
    order = "parent to child" if down else "child to parent"
    return tree_hierarchy(
        source,
        edges,
        classes=classes,
        names={node: name for node, data in nodes if (name := _name(data))},
        keys={
            node: str(data["key"])
            for node, data in nodes
            if data.get("kind") == "class" and data.get("key")
        },
        ordered=True,
        read_as=f"a graph of {len(ids)} nodes, edges from {order}",
        alone=classes,
    )


def _points_down(graph: nx.DiGraph[Any]) -> bool:
    into = sum(degree > 1 for _, degree in graph.in_degree())
    out = sum(degree > 1 for _, degree in graph.out_degree())
    # In a tree from parent to child no node has two edges into it; else fewer of its nodes have.
    return bool(into <= out)


def _name(data: dict[str, Any]) -> str:
    return next((str(data[key]) for key in _NAMES if data.get(key) not in (None, "")), "")


def _refuse_crossing_levels(
    nodes: dict[str, dict[str, Any]], edges: list[tuple[str, str]], source: object
) -> None:
    """Our own graph of crossing levels says how many classes two clusters share, not which."""
    parents = Counter(child for child, _ in edges)
    if crossing := next((child for child, count in parents.items() if count > 1), None):
        raise FormatError(
            f"{source}: the levels cross (cluster {crossing!r} of level "
            f"{nodes[crossing].get('level')!r} has two parents), and a graph does not say which "
            "classes they share; export to csv"
        )
