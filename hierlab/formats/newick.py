"""Newick: nested parentheses, the form that tree viewers read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hierlab.formats._registry import register_exporter
from hierlab.formats._tree import nodes_of, require_nested
from hierlab.labelmap import LabelMap

__all__ = ["write_newick"]


@register_exporter("newick", "nested parentheses for tree viewers; leaves by class name")
def write_newick(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """One tree, one unit of length per level; classes of one name carry their key as well.

    Raises:
        FormatError: the map is not nested.
    Source: Olsen 1990, "Newick's 8:45" tree format; labels quoted, quotes doubled.
    """
    require_nested(label_map, "newick")
    nodes = nodes_of(label_map)
    children: dict[str | None, list[str]] = {}
    times = Counter(node.name for node in nodes if node.level is None)
    # Finest first: when a cluster's turn comes, all below it is written.
    for node in reversed(nodes):
        inside = ",".join(reversed(children.pop(node.id, []))) if node.level else ""
        alone = node.level is not None or times[node.name] == 1
        label = _quoted(node.name if alone else f"{node.name} {node.id}")
        text = f"({inside}){label}:1" if inside else f"{label}:1"
        children.setdefault(node.parent, []).append(text)
    top = ",".join(reversed(children[None]))
    return {path: f"({top}){_quoted(label_map.name)};\n".encode()}


def _quoted(name: str) -> str:
    plain = " ".join(name.split())
    return "'" + plain.replace("'", "''") + "'"
