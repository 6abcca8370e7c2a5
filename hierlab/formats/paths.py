"""Lists of paths: `animal > mammal > cat`, a line per class, coarse to fine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._files import decode_json, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import leaf_keys, line_names, nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["content_lines", "path_separator", "read_paths", "write_paths"]

SEPARATORS = (" > ", " → ", " -> ", " » ", " / ", " | ", "::", ">", "→", "|", "/", "\\", ";")
_NUMBERED = re.compile(r"(\d+)(?: - |\t|,)(.*)")
_SUMMARY = "a line per class with the way to it: animal > mammal > cat"


@register_exporter("paths", _SUMMARY)
def write_paths(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Names from the coarsest cluster down to the class, parted by ` > `.

    Classes that share a name carry their key as well; blanks at the ends and line breaks in names
    are lost.

    Raises:
        FormatError: the map is not nested, or a name holds the mark that parts names.
    """
    nodes = nodes_of(label_map, "paths")
    names = line_names(nodes)
    free = (
        mark for mark in SEPARATORS[:5] if not any(mark.strip() in name for name in names.values())
    )
    mark = next(free, None)
    if mark is None:
        raise FormatError("paths: names hold every mark that could part them; export to csv")
    lines: dict[str, str] = {}  # by node; parents stand before their children
    for node in nodes:
        above = lines[node.parent] + mark if node.parent is not None else ""
        lines[node.id] = above + names[node.id]
    return {path: "".join(f"{lines[n.id]}\n" for n in nodes if n.level is None).encode()}


@register_importer("paths", _SUMMARY)
def read_paths(paths: Sequence[Path]) -> ImportedHierarchy:
    """Read lines (or a JSON list of texts or of lists) with the way from the root to each class.

    The mark between names is found out. Lines that begin with `#` are left out; a number before
    the path (`3237 - Animals > Birds`) is the key. A path that goes on in another line is a
    cluster, not a class. One name under two parents is two clusters.

    Raises:
        FormatError: no mark parts the lines, or a class stands twice.
    """
    ways: list[tuple[str, ...]] = []
    numbers: dict[str, str] = {}
    marks: list[str] = []
    for path in paths:
        lines, keys_here = _lines(path)
        ways_here, mark = _ways(path, lines)
        ways += ways_here
        marks.append(mark)
        numbers |= dict(zip(map(_node, ways_here), keys_here, strict=False))
    inner = {way[:depth] for way in ways for depth in range(1, len(way))}
    leaves = list(dict.fromkeys(way for way in ways if way not in inner))
    names: dict[str, str] = {}
    edges: list[tuple[str, str]] = []
    for way in leaves:
        for depth in range(1, len(way) + 1):
            node = _node(way[:depth])
            if node not in names:
                names[node] = way[depth - 1]
                if depth > 1:
                    edges.append((node, _node(way[: depth - 1])))
    if not edges:
        raise FormatError(f"{paths[0]}: expected paths such as animal > mammal > cat, found none")
    classes = [_node(way) for way in leaves]
    given = {node: key for node, key in numbers.items() if key}
    keys, repeated = leaf_keys({node: names[node] for node in classes}, given)
    return tree_hierarchy(
        paths[0],
        edges,
        classes=classes,
        names=names,
        keys=keys,
        ordered=True,
        read_as=f"a list of {len(leaves)} paths parted by {marks[0]!r}{repeated}",
        alone=classes,
    )


def _node(way: tuple[str, ...]) -> str:
    return "\0".join(way)


def content_lines(text: str) -> list[str]:
    """Lines that are neither empty nor comments."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def path_separator(lines: Sequence[str]) -> str | None:
    """The mark that stands in half the lines or more, the most telling first; None without one."""
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    for mark in SEPARATORS:
        inside = sum(mark in line.strip().strip(mark) for line in lines)
        # The topmost nodes may stand alone in their lines.
        if lines and inside >= 0.5 * len(lines):
            return mark
    return None


def _lines(path: Path) -> tuple[list[str] | list[list[str]], list[str]]:
    """The lines, or the lists of a JSON file, and the number that each began with, if all did."""
    text = read_text(path)
    if text.lstrip()[:1] == "[":
        problem = f"{path}: expected a JSON list of paths"
        items = decode_json(text, problem, list[str | list[str]])
        lists = [item for item in items if isinstance(item, list)]
        if lists and len(lists) == len(items):
            return lists, []
        lines = [item for item in items if isinstance(item, str)]
    else:
        lines = content_lines(text)
    if all("\t" in line for line in lines) and (columns := _columns(lines)):
        return columns
    matches = [match for line in lines if (match := _NUMBERED.fullmatch(line))]
    if lines and len(matches) == len(lines):
        return [match[2] for match in matches], [match[1] for match in matches]
    return lines, []


def _columns(lines: list[str]) -> tuple[list[str], list[str]] | None:
    """Paths from the last column that holds some, keys from the end of the first: `1 > 2` is 2."""
    cells = [line.strip().split("\t") for line in lines]
    if len({len(row) for row in cells}) != 1:
        return None
    for column in range(len(cells[0]) - 1, -1, -1):
        mark = path_separator([row[column] for row in cells])
        if mark is not None:
            first = [row[0].split(mark)[-1].strip() for row in cells]
            return [row[column] for row in cells], first if column else []
    return None


def _ways(path: Path, lines: list[str] | list[list[str]]) -> tuple[list[tuple[str, ...]], str]:
    """The names of each path, and the mark between them."""
    texts = [line for line in lines if isinstance(line, str)]
    if len(texts) < len(lines):
        parted, mark = [names for names in lines if isinstance(names, list)], "commas"
    else:
        separator = path_separator(texts)
        if separator is None:
            raise FormatError(
                f"{path}: expected lines such as animal > mammal > cat, found no such mark"
            )
        mark, parted = separator, [text.strip().strip(separator).split(separator) for text in texts]
    ways = [tuple(name.strip() for name in way) for way in parted]
    if empty := next((way for way in ways if "" in way or not way), None):
        raise FormatError(f"{path}: an empty name in {mark.join(empty)[:60]!r}")
    return ways, mark
