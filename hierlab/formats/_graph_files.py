"""Files of graphs that networkx reads."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

from hierlab.errors import FormatError
from hierlab.formats._registry import MAX_BYTES
from hierlab.hierarchy.graph import hierarchy_from
from hierlab.hierarchy.imported import Foreign
from hierlab.utils.files import read_bounded

__all__ = ["read_graph_file"]


def read_graph_file(
    paths: Sequence[Path], kind: Literal["graphml", "gml", "gexf"], parent_first: bool | None
) -> Foreign:
    """The hierarchy in a file of a directed graph.

    Raises:
        FormatError: not such a file, a graph without direction, or one with a circle.
    """
    import networkx as nx

    if len(paths) > 1:
        raise FormatError(f"{kind} is one file, got {len(paths)}")
    content = io.BytesIO(read_bounded(paths[0], MAX_BYTES))
    readers: dict[str, Callable[[io.BytesIO], Any]] = {
        "graphml": nx.read_graphml,
        "gexf": nx.read_gexf,
        "gml": lambda stream: nx.parse_gml(stream.read().decode("utf-8", "replace"), label=None),  # type: ignore[call-overload]
    }
    try:
        graph = readers[kind](content)
    except (ParseError, nx.NetworkXException, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{paths[0]} is not {kind} ({error})") from error
    return hierarchy_from(graph, paths[0], parent_first=parent_first)
