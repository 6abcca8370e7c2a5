"""GML: the text format of igraph and many graph editors. Read, never written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierlab.formats._graph_files import read_graph_file
from hierlab.formats._registry import register_importer
from hierlab.hierarchy.imported import Foreign

__all__ = ["read_gml"]


@register_importer("gml", "GML of graph editors", options=("parent_first",))
def read_gml(paths: Sequence[Path], *, parent_first: bool | None = None) -> Foreign:
    """Read a directed graph; nodes without children are the classes.

    Raises:
        FormatError: not such a graph, without direction, or with a circle.
    """
    return read_graph_file(paths, "gml", parent_first)
