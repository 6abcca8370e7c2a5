"""A label map, nested or not, as a directed graph for tools that draw and query graphs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hierlab.formats._tree import inner_levels
from hierlab.labelmap import LabelMap, Level

__all__ = ["Edge", "GraphNode", "graph_of"]


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


def graph_of(label_map: LabelMap) -> tuple[list[GraphNode], list[Edge]]:
    """Nodes from coarse to fine, and edges; a node has several parents where levels cross."""
    levels = inner_levels(label_map)
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
    for row, (key, name) in enumerate(
        zip(label_map.classes.ids, label_map.classes.names, strict=True)
    ):
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
