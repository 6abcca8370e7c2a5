"""Edge lists: a line per node with its parent, in either order, the simplest form of a tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._files import (
    encode_csv,
    located,
    read_exact_table,
    read_text,
    records_table,
)
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import inner_levels, nodes_of
from hierlab.formats._wide import column_number
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap
from hierlab.utils.text_table import NAMES as MARKS
from hierlab.utils.text_table import TextTable, fold, read_table, sniff_delimiter

__all__ = ["HEADER", "edge_header", "plain_ncbi", "read_parents", "write_parents"]

HEADER = ("child", "parent", "name")
CHILDREN = (
    "child",
    "child_id",
    "subclass",
    "hyponym",
    "class",
    "node",
    "node_id",
    "id",
    "wnid",
    "key",
    "taxon_id",
    "name",
)
PARENTS = (
    "parent",
    "parent_id",
    "parent_node",
    "superclass",
    "super_class",
    "hypernym",
    "parent_name",
    "parent_taxon_id",
    "parent_name_usage_id",
)
NAMES = ("name", "label", "title", "class_name", "scientific_name")
NO_PARENT = {"", "none", "null", "nan", "na", "nil", "-"}
_SUMMARY = "a line per node: child and parent in either order, perhaps a name"


@register_exporter("parents", _SUMMARY)
def write_parents(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """Classes first, in order, then clusters; a cluster is called `level/name`.

    Raises:
        FormatError: the map is not nested.
    """
    nodes = nodes_of(label_map, "parents")
    if not inner_levels(label_map):
        raise FormatError(f"{label_map.name!r} has no level above the classes, so no parents")
    counts = Counter((node.level, node.name) for node in nodes)
    title = {
        node.id: f"{node.level}/{node.name}"
        + ("" if counts[node.level, node.name] == 1 else f" #{node.id.rpartition('/')[2]}")
        if node.level
        else node.id
        for node in nodes
    }
    classes = [node for node in nodes if node.level is None]
    clusters = [node for node in nodes if node.level and node.parent]
    rows = ((title[node.id], title[str(node.parent)], node.name) for node in (*classes, *clusters))
    return {path: encode_csv([HEADER, *rows])}


@register_importer("parents", _SUMMARY, options=("parent_first", "key", "name_column"))
def read_parents(
    paths: Sequence[Path],
    *,
    parent_first: bool | None = None,
    key: str | None = None,
    name_column: str | None = None,
) -> ImportedHierarchy:
    """Read `child, parent[, name]` lines or `parent, child`; leaves are the classes.

    A header names the columns; without one the lines say the order: a child has one parent,
    a parent several children. A line whose parent is empty, `null`, or the node itself names a
    root.

    Raises:
        FormatError: not such lines, or not a rooted graph.
    """
    names: dict[str, str] = {}
    edges: list[tuple[str, str]] = []
    roots: dict[str, Path] = {}
    read_as: list[str] = []
    for path in paths:
        text = read_text(path)
        with located(path):
            table = _edge_table(text)
            child, parent, name = _columns(table, parent_first, key, name_column)
            for number, cells in zip(table.lines, table.rows, strict=True):
                low, high = cells[child], cells[parent]
                if not low:
                    raise FormatError(
                        f"line {number}: expected a child and its parent, got "
                        f"{' '.join(cells)[:60]!r}"
                    )
                if name is not None and cells[name]:
                    names[low] = cells[name]
                if high == low or high.casefold() in NO_PARENT:
                    roots[low] = path
                else:
                    edges.append((low, high))
        read_as.append(_read_as(table, child, parent, name))
    if wrong := next((edge for edge in edges if edge[0] in roots), None):
        raise FormatError(
            f"{roots[wrong[0]]}: {wrong[0]!r} is named a root in one line and below {wrong[1]!r} "
            "in another"
        )
    if not edges:
        raise FormatError(f"{paths[0]}: expected lines with a child and its parent, found none")
    line = "; ".join(dict.fromkeys(read_as))
    if roots:
        line += f", roots named: {', '.join([names.get(root, root) for root in roots][:3])}"
    return tree_hierarchy(paths[0], edges, names=names, read_as=line, alone=list(roots))


def _edge_table(text: str) -> TextTable:
    """The lines of an edge list as a table, with our own export to the letter.

    Raises:
        FormatError: fewer than two columns, or lines of different length.
    """
    if text.lstrip()[:1] == "[":
        table = records_table(text)
        if edge_header(table.columns) is None:
            raise FormatError(f"expected fields child and parent, got {table.columns}")
        return table
    if text.startswith(",".join(HEADER) + "\n"):
        table = read_exact_table(text)
    else:
        text = plain_ncbi(text)
        mark = sniff_delimiter(text) or " "
        if mark == " ":
            text = "\n".join(
                " ".join(words) for line in text.splitlines() if (words := line.split())
            )
        first = read_table(text, delimiter=mark)
        titled = edge_header(first.rows[0]) is not None
        table = read_table(text, delimiter=mark, header=titled)
    if len(table.columns) < 2 or (not table.has_header and len(table.columns) > 3):
        raise FormatError(
            "expected child and parent in each line, perhaps a name, or a header such as "
            f"child,parent; got {len(table.columns)} columns"
        )
    return table


def plain_ncbi(text: str) -> str:
    """Lines with a bar between tabs, as NCBI ends its columns, with tabs alone."""
    return text.replace("\t|\t", "\t").replace("\t|\n", "\n")


def edge_header(cells: Sequence[str]) -> tuple[int, int] | None:
    """Numbers of the columns with child and parent, if the cells are such a header."""
    folded = [_folded(cell) for cell in cells]
    for place, name in enumerate(folded):  # tsn beside parent_tsn, taxon beside taxon_parent
        titles = (f"parent_{name}", f"{name}_parent")
        above = next((title for title in titles if title in folded), None)
        if name and above is not None:
            return place, folded.index(above)
    parent = next((folded.index(name) for name in PARENTS if name in folded), None)
    child = next((folded.index(name) for name in CHILDREN if name in folded), None)
    return None if parent is None or child is None else (child, parent)


def _folded(cell: str) -> str:
    spaced = "".join(f"_{mark}" if mark.isupper() else mark for mark in cell.strip())
    return fold(spaced if not cell.isupper() and "_" not in cell else cell).strip("_")


def _columns(
    table: TextTable, parent_first: bool | None, key: str | None, name_column: str | None
) -> tuple[int, int, int | None]:
    """Numbers of the columns with child, parent and name."""
    given_key = None if key is None else column_number(table, key)
    given_name = None if name_column is None else column_number(table, name_column)
    if header := edge_header(table.columns):
        child, parent = header
        if parent_first is not None and given_key is None:
            child, parent = (1, 0) if parent_first else (0, 1)
        child = child if given_key is None else given_key
        folded = [_folded(column) for column in table.columns]
        usual = (folded.index(name) for name in NAMES if name in folded)
        name = next((column for column in usual if column not in (child, parent)), None)
        return child, parent, name if given_name is None else given_name
    reverse = _is_parent_first(table) if parent_first is None else parent_first
    child, parent = (1, 0) if reverse else (0, 1)
    return child, parent, 2 if len(table.columns) > 2 else None


def _is_parent_first(table: TextTable) -> bool:
    """A child has one parent, or few; so the column with fewer repeats holds the children."""
    edges = {row[:2] for row in table.rows if row[0] and row[1] and row[0] != row[1]}
    first, second = (Counter(edge[side] for edge in edges) for side in (0, 1))
    return len(second) > len(first)


def _read_as(table: TextTable, child: int, parent: int, name: int | None) -> str:
    mark = MARKS.get(table.delimiter, repr(table.delimiter))
    order = "child, parent" if child < parent else "parent, child"
    what = f"an edge list with {mark}, {order} in a line"
    if table.has_header:
        what += f" (columns {table.title(child)} and {table.title(parent)})"
    return what + (f", names from column {table.title(name)}" if name is not None else "")
