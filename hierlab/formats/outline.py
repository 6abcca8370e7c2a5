"""Outlines: a name a line, deeper by its indent, as people write trees by hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._tree import nodes_of, require_nested
from hierlab.hierarchy.imported import Foreign
from hierlab.hierarchy.tree_levels import foreign_tree
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
    require_nested(label_map, "outline")
    nodes = nodes_of(label_map)
    times = Counter(node.name for node in nodes if node.level is None)
    below: dict[str | None, list[tuple[str, str]]] = {}
    for node in nodes:
        shared = node.level is None and times[node.name] > 1
        name = " ".join((f"{node.name} {node.id}" if shared else node.name).split())
        if not name or _PREFIX.match(name).end() or name.startswith("#"):  # type: ignore[union-attr]
            raise FormatError(f"outline: a name begins like a bullet, {name[:40]!r}; export to csv")
        below.setdefault(node.parent, []).append((node.id, name))
    lines: list[str] = []
    waiting = [(one, 0) for one in reversed(below[None])]
    while waiting:
        (node_id, name), depth = waiting.pop()
        lines.append(f"{'  ' * depth}{name}\n")
        waiting.extend((one, depth + 1) for one in reversed(below.get(node_id, [])))
    return {path: "".join(lines).encode()}


@register_importer("outline", _SUMMARY)
def read_outline(paths: Sequence[Path]) -> Foreign:
    """Read an outline: what stands further to the right than the line before lies below it.

    Lines without one below are the classes. A name that stands at several places is a cluster, or
    a class, at each. Empty lines and comments (`#`) are left out.

    Raises:
        FormatError: nothing is indented.
    """
    if len(paths) > 1:
        raise FormatError(f"outline is one file, got {len(paths)}")
    edges: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for number, (column, name) in enumerate(indents(read_text(paths[0]))):
        while above and above[-1][0] >= column:
            above.pop()
        node = str(number)
        names[node] = name
        if above:
            edges.append((node, above[-1][1]))
        above.append((column, node))
    if not edges:
        raise FormatError(f"{paths[0]}: expected names with others indented below, found none")
    inner = {parent for _, parent in edges}
    classes = [node for node, name in names.items() if name and node not in inner]
    keys: dict[str, str] = {}
    times: Counter[str] = Counter()
    for node in classes:
        times[names[node]] += 1
        again = times[names[node]]
        keys[node] = names[node] if again == 1 else f"{names[node]} ({again})"
    told = f"an outline of {len(names)} lines"
    if twice := [name for name, count in times.items() if count > 1]:
        told += f", {len(twice)} names such as {twice[0]!r} stand several times: a class at each"
    return foreign_tree(
        paths[0],
        edges,
        classes=classes,
        names=names,
        keys=keys,
        ordered=True,
        told=told,
        alone=classes,
    )


def indents(text: str) -> list[tuple[int, str]]:
    """Column at which each line's name begins, and the name."""
    found = []
    for line in text.expandtabs(8).splitlines():
        if line.lstrip().startswith("#"):
            continue
        match = _PREFIX.match(line)
        name = line[match.end() :].strip() if match else ""
        if match and name:
            found.append((match.end(), name))
        elif bullet := _BULLET.fullmatch(line):
            found.append((bullet.end(1), ""))  # a group without a name
    return found
