"""Node-link JSON, as `networkx.node_link_graph(data, edges="edges")` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.hierarchy.graph import graph_of, hierarchy_from
from hierlab.hierarchy.imported import Foreign
from hierlab.labelmap import LabelMap

__all__ = ["read_networkx_json", "write_networkx_json"]

_SUMMARY = "node-link JSON of networkx; holds maps that are not nested too"


@register_exporter("networkx-json", _SUMMARY)
def write_networkx_json(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Clusters and classes as nodes; an edge tells how many classes its two ends share."""
    nodes, edges = graph_of(label_map.classes, label_map.levels)
    content = {
        "directed": True,
        "multigraph": False,
        "graph": {"name": label_map.name, "label_map": label_map.id, "made_by": "hierlab"},
        "nodes": [asdict(node) for node in nodes],
        "edges": [asdict(edge) for edge in edges],
    }
    return {path: msgspec.json.encode(content, order="sorted") + b"\n"}


@register_importer("networkx-json", _SUMMARY, options=("parent_first",))
def read_networkx_json(paths: Sequence[Path], *, parent_first: bool | None = None) -> Foreign:
    """Read `nodes` and `links` or `edges`; nodes without children are the classes.

    Raises:
        FormatError: not such a graph, without direction, or with a circle.
    """
    import networkx as nx

    if len(paths) > 1:
        raise FormatError(f"networkx-json is one file, got {len(paths)}")
    path = paths[0]
    try:
        content = msgspec.json.decode(read_text(path), type=dict)
        name = "edges" if "edges" in content else "links"
        graph: Any = nx.node_link_graph({"directed": True, **content}, edges=name)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{path} is not a JSON graph ({error})") from error
    except (nx.NetworkXException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(
            f"{path}: expected nodes with id and links with source and target ({error!r})"
        ) from error
    return hierarchy_from(graph, path, parent_first=parent_first)
