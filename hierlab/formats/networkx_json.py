"""Node-link JSON, as `networkx.node_link_graph(data, edges="edges")` reads it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec

from hierlab.formats._graph import graph_of
from hierlab.formats._registry import register_exporter
from hierlab.labelmap import LabelMap

__all__ = ["write_networkx_json"]


@register_exporter("networkx-json", "node-link JSON; holds maps that are not nested too")
def write_networkx_json(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Clusters and classes as nodes; an edge tells how many classes its two ends share."""
    nodes, edges = graph_of(label_map)
    content = {
        "directed": True,
        "multigraph": False,
        "graph": {"name": label_map.name, "label_map": label_map.id, "made_by": "hierlab"},
        "nodes": [asdict(node) for node in nodes],
        "edges": [asdict(edge) for edge in edges],
    }
    return {path: msgspec.json.encode(content, order="sorted") + b"\n"}
