"""Levels as a directed graph of clusters and classes, and the hierarchy in a networkx graph."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hierlab.classes import ClassList
from hierlab.errors import FormatError
from hierlab.hierarchy.imported import Foreign
from hierlab.hierarchy.level import Level
from hierlab.hierarchy.tree_levels import foreign_tree

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Edge", "GraphNode", "graph_from", "graph_of", "hierarchy_from"]

_NAMES = ("label", "name", "title")


@dataclass(frozen=True)
class GraphNode:
    """A cluster (`level/number`) or a class (`class/key`)."""

    id: str
    label: str
    kind: str
    level: str
    size: int
    key: str


@dataclass(frozen=True)
class Edge:
    """From a coarser node to a finer one that shares `classes` classes with it."""

    source: str
    target: str
    classes: int


def graph_of(classes: ClassList, levels: Sequence[Level]) -> tuple[list[GraphNode], list[Edge]]:
    """Nodes from coarse to fine, and edges; a node has several parents where levels cross."""
    levels = [level for level in levels if level.k < len(classes)]
    nodes = [
        GraphNode(
            f"{level.name}/{number}",
            cluster.name,
            "cluster",
            level.name,
            cluster.size,
            cluster.synset or "",
        )
        for level in levels
        for number, cluster in enumerate(level.clusters)
    ]
    edges = [edge for coarse, fine in pairwise(levels) for edge in _between(coarse, fine)]
    for row, (key, name) in enumerate(zip(classes.ids, classes.names, strict=True)):
        nodes.append(GraphNode(f"class/{key}", name, "class", "class", 1, key))
        if levels:
            edges.append(Edge(f"{levels[-1].name}/{levels[-1].labels[row]}", f"class/{key}", 1))
    return nodes, edges


def _between(coarse: Level, fine: Level) -> list[Edge]:
    cells, counts = np.unique(
        coarse.labels.astype(np.int64) * fine.k + fine.labels, return_counts=True
    )
    return [
        Edge(f"{coarse.name}/{cell // fine.k}", f"{fine.name}/{cell % fine.k}", count)
        for cell, count in zip(cells.tolist(), counts.tolist(), strict=True)
    ]


def graph_from(
    classes: ClassList, levels: Sequence[Level], *, name: str, id: str
) -> nx.DiGraph[Any]:
    """Clusters (`level/number`) and classes (`class/key`) as nodes, from coarse to fine.

    Nodes have `label`, `kind` (cluster or class), `level`, `size` and `key`; edges `classes`, how
    many their ends share.
    """
    import networkx as nx

    nodes, edges = graph_of(classes, levels)
    graph: nx.DiGraph[Any] = nx.DiGraph(name=name, label_map=id, made_by="hierlab")
    for node in nodes:
        attributes = asdict(node)
        graph.add_node(attributes.pop("id"), **attributes)
    graph.add_edges_from((edge.source, edge.target, {"classes": edge.classes}) for edge in edges)
    return graph


def hierarchy_from(
    graph: nx.DiGraph[Any], source: object, *, parent_first: bool | None = None
) -> Foreign:
    """The hierarchy in a directed graph; nodes without children are the classes.

    Args:
        graph: with edges from parent to child or from child to parent.
        source: what to call it in a message.
        parent_first: which of the two; found out if None: a node has one parent.

    Raises:
        FormatError: no directed graph, no edge, or a circle.
    """
    if not graph.is_directed():
        raise FormatError(f"{source}: the edges have no direction, so none says what is above what")
    if not graph.number_of_edges():
        raise FormatError(f"{source}: expected edges between parents and children, found none")
    down = _points_down(graph) if parent_first is None else parent_first
    ids: dict[Hashable, str] = {node: str(node) for node in graph}
    if len(set(ids.values())) < len(ids):
        raise FormatError(f"{source}: two nodes have one id as text")
    lines = ((ids[a], ids[b]) for a, b in graph.edges())
    edges = [(b, a) if down else (a, b) for a, b in lines]
    inner = {parent for _, parent in edges}
    names = {ids[node]: name for node, data in graph.nodes(data=True) if (name := _name(data))}
    classes = [key for key in ids.values() if key not in inner]
    keys = {
        ids[node]: str(data["key"])
        for node, data in graph.nodes(data=True)
        if data.get("kind") == "class" and data.get("key")
    }
    _check_levels(graph, ids, edges, source)
    order = "parent to child" if down else "child to parent"
    told = f"a graph of {len(ids)} nodes, edges from {order}"
    return foreign_tree(
        source,
        edges,
        classes=classes,
        names=names,
        keys=keys,
        ordered=True,
        told=told,
        alone=classes,
    )


def _points_down(graph: nx.DiGraph[Any]) -> bool:
    into = sum(degree > 1 for _, degree in graph.in_degree())
    out = sum(degree > 1 for _, degree in graph.out_degree())
    # In a tree from parent to child no node has two edges into it; else fewer of its nodes have.
    return bool(into <= out)


def _name(data: dict[str, Any]) -> str:
    return next((str(data[key]) for key in _NAMES if data.get(key) not in (None, "")), "")


def _check_levels(
    graph: nx.DiGraph[Any], ids: dict[Hashable, str], edges: list[tuple[str, str]], source: object
) -> None:
    """Our own graph of crossing levels tells how many classes two clusters share, not which."""
    levels = {ids[node]: data.get("level") for node, data in graph.nodes(data=True)}
    if graph.graph.get("made_by") != "hierlab" and "label_map" not in graph.graph:
        return
    parents: dict[str, int] = {}
    for child, _ in edges:
        parents[child] = parents.get(child, 0) + 1
    if crossing := next((child for child, count in parents.items() if count > 1), None):
        raise FormatError(
            f"{source}: the levels cross (cluster {crossing!r} of level {levels[crossing]!r} has "
            "two parents), and a graph does not say which classes they share; export to csv"
        )
