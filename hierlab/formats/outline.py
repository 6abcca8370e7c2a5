"""Outlines: a name a line, deeper by its indent, as people write trees by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._files import only_file, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import leaf_keys, line_names, nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["indents", "read_outline", "write_outline"]

# Blanks, bullets, dashes, and what the command `tree` draws.
_PREFIX = re.compile(r"[\s\-*+•·│├└─┬|`¦³\ufffd]*")
_BULLET = re.compile(r"(\s*)[*+•-]\s*")
_SUMMARY = "a name a line, indented, with bullets or dashes"


@register_exporter("outline", _SUMMARY)
def write_outline(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Clusters and classes by name, two blanks a level; classes that share one carry their key.

    Raises:
        FormatError: the map is not nested, or a name begins like a bullet.
    """
    nodes = nodes_of(label_map, "outline")
    names = line_names(nodes)
    below: dict[str | None, list[str]] = {}
    for node in nodes:
        name = names[node.id]
        if not name or name.startswith("#") or _prefix_length(name):
            raise FormatError(f"outline: a name begins like a bullet, {name[:40]!r}; export to csv")
        below.setdefault(node.parent, []).append(node.id)
    lines: list[str] = []
    waiting = [(child, 0) for child in reversed(below[None])]
    while waiting:
        node_id, depth = waiting.pop()
        lines.append(f"{'  ' * depth}{names[node_id]}\n")
        waiting.extend((child, depth + 1) for child in reversed(below.get(node_id, [])))
    return {path: "".join(lines).encode()}


@register_importer("outline", _SUMMARY)
def read_outline(paths: Sequence[Path]) -> ImportedHierarchy:
    """Read an outline: what stands further to the right than the line before lies below it.

    Lines without one below are the classes. A name that stands at several places is a cluster, or
    a class, at each. Empty lines and comments (`#`) are left out.

    Raises:
        FormatError: nothing is indented.
    """
    path = only_file(paths, "outline")
    edges: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for number, (column, name) in enumerate(indents(read_text(path))):
        while above and above[-1][0] >= column:
            above.pop()
        node = str(number)
        names[node] = name
        if above:
            edges.append((node, above[-1][1]))
        above.append((column, node))
    if not edges:
        raise FormatError(f"{path}: expected names with others indented below, found none")
    inner = {parent for _, parent in edges}
    keys, repeated = leaf_keys(
        {node: name for node, name in names.items() if name and node not in inner}
    )
    return tree_hierarchy(
        path,
        edges,
        classes=list(keys),
        names=names,
        keys=keys,
        ordered=True,
        read_as=f"an outline of {len(names)} lines{repeated}",
        alone=list(keys),
    )


def indents(text: str) -> list[tuple[int, str]]:
    """Column at which each line's name begins, and the name."""
    lines = []
    for line in text.expandtabs(8).splitlines():
        if line.lstrip().startswith("#"):
            continue
        start = _prefix_length(line)
        if name := line[start:].strip():
            lines.append((start, name))
        elif bullet := _BULLET.fullmatch(line):
            lines.append((bullet.end(1), ""))  # a group without a name
    return lines


def _prefix_length(line: str) -> int:
    prefix = _PREFIX.match(line)
    return prefix.end() if prefix else 0
