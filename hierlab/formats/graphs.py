"""Graph files that networkx reads: GraphML, GML, GEXF and node-link JSON."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._files import MAX_BYTES, decode_json, only_file, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.hierarchy.graph import graph_from, hierarchy_from
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.labelmap import LabelMap
from hierlab.utils.files import read_bounded

__all__ = ["read_graph_file", "read_networkx_json", "write_graphml", "write_networkx_json"]

_GRAPHML = "XML for graph editors; holds maps that are not nested too"
_JSON = "node-link JSON of networkx; holds maps that are not nested too"
_OPTIONS = ("parent_first",)
# XML 1.0 has no place for these, not even escaped; a return would come back as a line feed.
_FORBIDDEN = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _graph(label_map: LabelMap, clean: Callable[[str], str] = lambda text: text) -> Any:
    name, levels = label_map.name, label_map.levels
    return graph_from(label_map.classes, levels, name=name, id=label_map.id, clean=clean)


@register_exporter("graphml", _GRAPHML)
def write_graphml(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Clusters and classes as nodes; an edge says how many classes its two ends share."""
    import networkx as nx

    graph = _graph(label_map, clean=lambda text: _FORBIDDEN.sub("\ufffd", text))
    lines = nx.generate_graphml(graph, named_key_ids=True)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- hierlab -->\n'
    return {path: (head + "".join(f"{line}\n" for line in lines)).encode()}


@register_exporter("networkx-json", _JSON)
def write_networkx_json(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """What `networkx.node_link_graph(data, edges="edges")` reads; edges as in GraphML."""
    import networkx as nx

    content = nx.node_link_data(_graph(label_map), edges="edges")
    return {path: msgspec.json.encode(content, order="sorted") + b"\n"}


def read_graph_file(
    paths: Sequence[Path], *, kind: str, parent_first: bool | None = None
) -> ImportedHierarchy:
    """Read a directed graph; nodes without children are the classes.

    Args:
        kind: graphml, gml or gexf.
        parent_first: whether edges go from parent to child; found out if not given.

    Raises:
        FormatError: not such a graph, without direction, or with a cycle.
    """
    import networkx as nx

    readers: dict[str, Callable[[io.BytesIO], Any]] = {
        "graphml": nx.read_graphml,
        "gexf": nx.read_gexf,
        "gml": lambda stream: nx.parse_gml(stream.read().decode("utf-8", "replace"), label=None),  # type: ignore[call-overload]
    }
    path = only_file(paths, kind)
    content = io.BytesIO(read_bounded(path, MAX_BYTES))
    try:
        graph = readers[kind](content)
    except (ParseError, nx.NetworkXException, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} is not {kind} ({error})") from error
    return hierarchy_from(graph, path, parent_first=parent_first)


register_importer("graphml", _GRAPHML, _OPTIONS)(partial(read_graph_file, kind="graphml"))
register_importer("gml", "GML of graph editors", _OPTIONS)(partial(read_graph_file, kind="gml"))
register_importer("gexf", "GEXF of graph editors", _OPTIONS)(partial(read_graph_file, kind="gexf"))


@register_importer("networkx-json", _JSON, _OPTIONS)
def read_networkx_json(
    paths: Sequence[Path], *, parent_first: bool | None = None
) -> ImportedHierarchy:
    """Read `nodes` and `links` or `edges`; nodes without children are the classes.

    Raises:
        FormatError: not such a graph, without direction, or with a cycle.
    """
    import networkx as nx

    path = only_file(paths, "networkx-json")
    content = decode_json(read_text(path), f"{path} is not a JSON graph", dict)
    try:
        name = "edges" if "edges" in content else "links"
        graph: Any = nx.node_link_graph({"directed": True, **content}, edges=name)
    except (nx.NetworkXException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(
            f"{path}: expected nodes with id and links with source and target ({error!r})"
        ) from error
    return hierarchy_from(graph, path, parent_first=parent_first)
