"""GraphML: XML for graph editors such as Gephi, yEd and Cytoscape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from hierlab.formats._graph_files import read_graph_file
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.hierarchy.graph import graph_of
from hierlab.hierarchy.imported import Foreign
from hierlab.labelmap import LabelMap

__all__ = ["read_graphml", "write_graphml"]

_SUMMARY = "XML for graph editors; holds maps that are not nested too"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- hierlab -->
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="kind" for="node" attr.name="kind" attr.type="string"/>
<key id="level" for="node" attr.name="level" attr.type="string"/>
<key id="size" for="node" attr.name="size" attr.type="int"/>
<key id="key" for="node" attr.name="key" attr.type="string"/>
<key id="classes" for="edge" attr.name="classes" attr.type="int"/>
<key id="made_by" for="graph" attr.name="made_by" attr.type="string"/>
<graph edgedefault="directed">
<data key="made_by">hierlab</data>
"""
# XML 1.0 has no place for these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@register_exporter("graphml", _SUMMARY)
def write_graphml(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Clusters and classes as nodes; an edge tells how many classes its two ends share."""
    nodes, edges = graph_of(label_map.classes, label_map.levels)
    lines = [_HEAD]
    for node in nodes:
        values = (
            ("label", node.label),
            ("kind", node.kind),
            ("level", node.level),
            ("size", str(node.size)),
            ("key", node.key),
        )
        data = "".join(f'<data key="{name}">{_text(value)}</data>' for name, value in values)
        lines.append(f"<node id={_attribute(node.id)}>{data}</node>\n")
    for edge in edges:
        ends = f"source={_attribute(edge.source)} target={_attribute(edge.target)}"
        lines.append(f'<edge {ends}><data key="classes">{edge.classes}</data></edge>\n')
    lines.append("</graph>\n</graphml>\n")
    return {path: "".join(lines).encode()}


def _text(value: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", value), {"\r": "&#13;"})


def _attribute(value: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", value))


@register_importer("graphml", _SUMMARY, options=("parent_first",))
def read_graphml(paths: Sequence[Path], *, parent_first: bool | None = None) -> Foreign:
    """Read a directed graph; nodes without children are the classes.

    Raises:
        FormatError: not such a graph, without direction, or with a circle.
    """
    return read_graph_file(paths, "graphml", parent_first)
