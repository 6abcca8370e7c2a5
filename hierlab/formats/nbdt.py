"""NBDT: the graph JSON and wnid list that neural-backed decision trees are trained with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._files import decode_json, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["read_nbdt", "write_nbdt"]

_SUMMARY = "graph.json and wnids.txt of neural-backed decision trees"
# NBDT takes ids apart into a letter and a number; `f` marks those that are not in WordNet.
_NO_LABEL = {"(generated)", "None", "null"}
_WNID = re.compile(r"[nf]\d{8}")


class _Link(msgspec.Struct):
    source: str
    target: str


class _Node(msgspec.Struct, omit_defaults=True):
    id: str
    label: str | None = None
    key: str | None = None
    level: str | None = None


class _Graph(msgspec.Struct):
    nodes: list[_Node]
    links: list[_Link]
    directed: bool = True
    multigraph: bool = False
    graph: dict[str, Any] = {}


@register_exporter("nbdt", _SUMMARY)
def write_nbdt(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Node-link JSON at `path`, and the leaves in class order at `<stem>.wnids.txt` beside it.

    Clusters and classes that have no WordNet id go by `f` and a number, with the class's key in
    the attribute `key`.

    Raises:
        FormatError: the map is not nested.
    """
    nodes = nodes_of(label_map, "nbdt")
    taken = {node.id for node in nodes if _WNID.fullmatch(node.id)}
    spare = (name for name in map("f{:08d}".format, range(10**8)) if name not in taken)
    root = next(spare)
    ids = {node.id: node.id if node.id in taken else next(spare) for node in nodes}
    written = [_Node(root, label_map.name)]
    for node in nodes:
        key = None if node.level or ids[node.id] == node.id else node.id
        written.append(_Node(ids[node.id], node.name, key, node.level))
    links = [_Link(ids[node.parent] if node.parent else root, ids[node.id]) for node in nodes]
    graph = _Graph(written, links, graph={"made_by": "hierlab"})
    leaves = "".join(f"{ids[node.id]}\n" for node in nodes if node.level is None)
    return {
        path: msgspec.json.encode(graph, order="sorted") + b"\n",
        path.with_suffix(".wnids.txt"): leaves.encode(),
    }


@register_importer("nbdt", _SUMMARY)
def read_nbdt(paths: Sequence[Path]) -> ImportedHierarchy:
    """Read a graph JSON and the wnid list given or beside it; without one, leaves are the classes.

    Raises:
        FormatError: not such a graph, not rooted, or a wnid that is no node.
    """
    if len(paths) > 2:
        raise FormatError(f"nbdt is a graph and a wnid list, got {len(paths)} files")
    graphs = [path for path in paths if path.suffix == ".json"] or [paths[0]]
    lists = [path for path in paths if path != graphs[0]]
    source = graphs[0]
    beside = source.with_suffix(".wnids.txt")
    if not lists and beside.is_file():
        lists = [beside]
    problem = f"{source} is not an NBDT graph"
    graph: _Graph = decode_json(read_text(source), problem, _Graph)
    known = {node.id for node in graph.nodes}
    for link in graph.links:
        if link.source not in known or link.target not in known:
            raise FormatError(f"{source}: link {link.source!r} → {link.target!r} has no node")
    order = read_text(lists[0]).split() if lists else None
    # Levels that this project wrote carry their name; the prefix lets the cut find them again.
    alias = {node.id: f"{node.level}/{node.id}" if node.level else node.id for node in graph.nodes}
    names = {
        alias[node.id]: ""
        if not node.label or node.label in _NO_LABEL
        else node.label.replace("_", " ")
        for node in graph.nodes
    }
    classes = f"classes in the order of {lists[0].name}" if lists else "its leaves are the classes"
    return tree_hierarchy(
        source,
        [(alias[link.target], alias[link.source]) for link in graph.links],
        classes=[alias.get(key, key) for key in order] if order else None,
        names=names,
        keys={alias[node.id]: node.key for node in graph.nodes if node.key},
        ordered=order is not None,
        read_as=f"an NBDT graph of {len(graph.nodes)} nodes, {classes}",
    )
