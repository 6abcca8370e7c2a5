"""Parent lists: a line per node with its parent, the simplest form of a tree."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._foreign import Foreign, make_classes
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._table import encode_csv
from hierlab.formats._tree import cut, inner_levels, nodes_of, require_nested
from hierlab.labelmap import LabelMap

__all__ = ["read_parents", "write_parents"]

HEADER = ("child", "parent", "name")
_SUMMARY = "a line per node: child,parent and perhaps a name"


@register_exporter("parents", _SUMMARY)
def write_parents(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Classes first, in order, then clusters; a cluster is called `level/name`.

    Raises:
        FormatError: the map is not nested.
    """
    require_nested(label_map, "parents")
    if not inner_levels(label_map):
        raise FormatError(f"{label_map.name!r} has no level above the classes, so no parents")
    nodes = nodes_of(label_map)
    counts = Counter((node.level, node.name) for node in nodes if node.level)
    title = {
        node.id: f"{node.level}/{node.name}"
        if counts[node.level, node.name] == 1
        else f"{node.level}/{node.name} #{node.id.rpartition('/')[2]}"
        for node in nodes
        if node.level
    }
    rows: list[Sequence[object]] = [HEADER]
    for node in (node for node in nodes if node.level is None):
        rows.append((node.id, title[str(node.parent)], node.name))
    for node in (node for node in nodes if node.level and node.parent):
        rows.append((title[node.id], title[str(node.parent)], node.name))
    return {path: encode_csv(rows)}


@register_importer("parents", _SUMMARY)
def read_parents(paths: Sequence[Path]) -> Foreign:
    """Read `child,parent[,name]` lines, also with tabs or blanks; leaves are the classes.

    Raises:
        FormatError: not such lines, or not a rooted graph.
    """
    names: dict[str, str] = {}
    edges: list[tuple[str, str]] = []
    for path in paths:
        for child, parent, *name in _lines(path):
            edges.append((child, parent))
            if name and name[0]:
                names[child] = name[0]
    classes, levels = cut(paths[0], edges, names=names)
    titles = [names.get(key, key) for key in classes]
    return Foreign(make_classes(paths[0], classes, titles), levels, ordered=False)


def _lines(path: Path) -> Iterator[list[str]]:
    text = read_text(path)
    first = text.split("\n", 1)[0]
    delimiter = next((mark for mark in (",", "\t", " ") if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader):
            header = number == 0 and [cell.strip().lower() for cell in row[:2]] == [*HEADER[:2]]
            if header or not row:
                continue
            if not 2 <= len(row) <= 3 or not row[0] or not row[1]:
                raise FormatError(
                    f"{path}: line {reader.line_num}: expected child{delimiter}parent, "
                    f"got {delimiter.join(row)[:60]!r}"
                )
            yield row
    except csv.Error as error:
        raise FormatError(f"{path}: line {reader.line_num} is not CSV ({error})") from error
