"""Lists of paths: `animal > mammal > cat`, a line per class, coarse to fine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._tree import nodes_of, require_nested
from hierlab.hierarchy.imported import Foreign
from hierlab.hierarchy.tree_levels import foreign_tree
from hierlab.labelmap import LabelMap

__all__ = ["path_separator", "read_paths", "write_paths"]

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
    require_nested(label_map, "paths")
    nodes = {node.id: node for node in nodes_of(label_map)}
    times = Counter(node.name for node in nodes.values() if node.level is None)
    names: dict[str, str] = {}
    for node in nodes.values():
        shared = node.level is None and times[node.name] > 1
        names[node.id] = " ".join((f"{node.name} {node.id}" if shared else node.name).split())
    mark = next((one for one in SEPARATORS[:5] if not _holds_mark(names.values(), one)), None)
    if mark is None:
        raise FormatError("paths: names hold every mark that could part them; export to csv")
    lines = []
    for node in nodes.values():
        if node.level is None:
            way, above = [names[node.id]], node.parent
            while above is not None:
                way.append(names[above])
                above = nodes[above].parent
            lines.append(mark.join(reversed(way)) + "\n")
    return {path: "".join(lines).encode()}


def _holds_mark(names: Any, mark: str) -> bool:
    return any(mark.strip() in name for name in names)


@register_importer("paths", _SUMMARY)
def read_paths(paths: Sequence[Path]) -> Foreign:
    """Read lines (or a JSON list of texts or of lists) with the way from the root to each class.

    The mark between names is found out. Lines that begin with `#` are left out; a number before
    the path (`3237 - Animals > Birds`) is the key. A path that goes on in another line is a
    cluster, not a class. One name under two parents is two clusters.

    Raises:
        FormatError: no mark parts the lines, or a class stands twice.
    """
    ways: list[tuple[str, ...]] = []
    numbers: dict[tuple[str, ...], str] = {}
    marks: list[str] = []
    for path in paths:
        lines, numbered = _lines(path)
        found, mark = _ways(path, lines)
        ways += found
        marks.append(mark)
        numbers |= dict(zip(found, numbered, strict=False))
    inner = {way[:depth] for way in ways for depth in range(1, len(way))}
    leaves = list(dict.fromkeys(way for way in ways if way not in inner))
    edges: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    times: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    for way in leaves:
        for depth in range(1, len(way) + 1):
            place = way[:depth]
            node = "\0".join(place)
            if place in seen:
                continue
            seen.add(place)
            names[node] = place[-1]
            if depth > 1:
                edges.append((node, "\0".join(place[:-1])))
        name = way[-1]
        times[name] += 1
        keys["\0".join(way)] = numbers.get(way) or (
            name if times[name] == 1 else f"{name} ({times[name]})"
        )
    if not edges:
        raise FormatError(f"{paths[0]}: expected paths such as animal > mammal > cat, found none")
    told = f"a list of {len(leaves)} paths parted by {marks[0]!r}"
    if again := [name for name, count in times.items() if count > 1]:
        told += f", {len(again)} names such as {again[0]!r} end several: a class at each"
    classes = ["\0".join(way) for way in leaves]
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


def path_separator(lines: Sequence[str]) -> str | None:
    """The mark that stands in nearly all lines, the most telling first; None if there is none."""
    told = [line for line in lines if line.strip() and not line.startswith("#")]
    for mark in SEPARATORS:
        inside = sum(mark in line.strip().strip(mark) for line in told)
        # The topmost nodes may stand alone in their lines.
        if told and inside >= 0.5 * len(told):
            return mark
    return None


def _lines(path: Path) -> tuple[list[str] | list[list[str]], list[str]]:
    """The lines, or the lists of a JSON file, and the number that each began with, if all did."""
    text = read_text(path)
    if text.lstrip()[:1] == "[":
        try:
            items = msgspec.json.decode(text, type=list[str | list[str]])
        except (msgspec.DecodeError, RecursionError) as error:
            raise FormatError(f"{path}: expected a JSON list of paths ({error})") from error
        lists = [one for one in items if isinstance(one, list)]
        if lists and len(lists) == len(items):
            return lists, []
        lines = [one for one in items if isinstance(one, str)]
    else:
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if all("\t" in line for line in lines) and (columns := _columns(lines)):
        return columns
    matches = [_NUMBERED.fullmatch(line) for line in lines]
    told = [match for match in matches if match is not None]
    if lines and len(told) == len(lines):
        return [match[2] for match in told], [match[1] for match in told]
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
    texts = [line for line in lines if isinstance(line, str)]
    if len(texts) < len(lines):
        parted = [one for one in lines if isinstance(one, list)]
        mark = "commas"
    else:
        found = path_separator(texts)
        if found is None:
            raise FormatError(
                f"{path}: expected lines such as animal > mammal > cat, found no such mark"
            )
        mark, parted = found, [line.strip().strip(found).split(found) for line in texts]
    ways = [tuple(name.strip() for name in way) for way in parted]
    if empty := next((way for way in ways if "" in way or not way), None):
        raise FormatError(f"{path}: an empty name in {mark.join(empty)[:60]!r}")
    return ways, mark
