"""Which format a file has, by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hierlab.errors import FormatError
from hierlab.formats import breeds
from hierlab.formats._files import are_records, decode_json, is_number, read_text
from hierlab.formats._wide import KEYS, NAMES, ORDERS
from hierlab.formats.edge_list import HEADER, edge_header, plain_ncbi
from hierlab.formats.outline import indents
from hierlab.formats.paths import SEPARATORS, content_lines, path_separator
from hierlab.utils.text_table import fold, read_table, sniff_delimiter

__all__ = ["recognise"]

_HEAD = 2**20
_NBDT_ID = re.compile(r"[nf]\d{8}")
_GML = re.compile(r"(Creator\b[^\n]*\n|#[^\n]*\n|\s)*graph\s*\[")

_Rows = Sequence[Sequence[str]]


def recognise(paths: Sequence[Path]) -> str:
    """Name of the format that reads these files.

    Raises:
        FormatError: none that is known; the message says what the file looks like.
    """
    path = paths[0]
    if path.is_dir():
        if any((path / part).is_file() for part in breeds.PARTS):
            return "breeds"
        raise FormatError(
            f"{path} is a folder without {breeds.INFO}, {breeds.EDGES} and {breeds.NAMES}, the "
            "files of BREEDS; name a file, or use the folder as a class list: hierlab build "
            "--classes"
        )
    if path.suffix.lower() == ".npy":
        return "linkage"
    text = read_text(path).lstrip()
    if not text:
        raise FormatError(f"{path} is empty")
    head = text[:_HEAD]
    if text[0] in "{[" and not text.startswith("[&"):
        return _of_json(path, decode_json(text, f"{path} is not JSON"), len(paths))
    if text.startswith("<"):
        if kind := next((name for name in ("graphml", "gexf") if f"<{name}" in head), None):
            return kind
        raise FormatError(f"{path} is XML, but neither GraphML nor GEXF; no other is read")
    if text[0] == "(" or text.startswith("[&") or text[:6].casefold() == "#nexus":
        return "newick"
    return "gml" if _GML.match(head) else _of_lines(path, text)


def _of_json(path: Path, content: Any, count: int) -> str:
    if isinstance(content, dict):
        if content.get("format") == "hierlab-label-map":
            raise FormatError(f"{path} is a label map already; use it as it is")
        nodes, links = content.get("nodes"), content.get("links", content.get("edges"))
        if isinstance(nodes, list) and isinstance(links, list):
            nbdt = "links" in content and all(map(_is_nbdt_node, nodes[:1_000]))
            return "nbdt" if nbdt or count == 2 else "networkx-json"
        return "nested-json"
    if content and all(map(_is_breeds_row, content)):
        return "breeds"
    if all(isinstance(item, str) for item in content):
        return "nested-json" if path_separator(content) is None else "paths"
    if all(isinstance(item, list) and item and _are_texts(item) for item in content):
        return "paths"
    if are_records(content):
        fields = list(dict.fromkeys(name for record in content for name in record))
        rows = [fields, *([str(record.get(n) or "") for n in fields] for record in content)]
        return "parents" if _is_titled_edge_list(rows) else "csv"
    return "nested-json"


def _is_nbdt_node(node: Any) -> bool:
    return isinstance(node, dict) and bool(_NBDT_ID.fullmatch(str(node.get("id"))))


def _is_breeds_row(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 3 and type(row[0]) is int and _are_texts(row[1:])


def _are_texts(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


def _of_lines(path: Path, text: str) -> str:
    """An edge list, a table, a linkage matrix, an outline or a list of paths."""
    text = plain_ncbi(text)
    lines = content_lines(text)
    mark = sniff_delimiter(text)
    arrow = path_separator(lines)
    certain = arrow in (*SEPARATORS[:4], "::", "→", ">")
    columns = [column for column, _ in indents(text)]
    if not certain and len(set(columns)) > 1 and columns[0] == min(columns):
        return "outline"
    if certain or (arrow is not None and not mark and arrow != ";"):
        return "paths"
    if not mark:
        words = [line.split() for line in lines]
        widths = set(map(len, words))
        if widths == {4} and _is_matrix(words):
            return "linkage"
        if len(widths) == 1 and _are_edges(words):
            return "parents"
        if arrow is not None:
            return "paths"
        raise FormatError(
            f"{path}: lines without a mark between cells look like a list of classes; a hierarchy "
            "has a parent or a group beside each: see `hierlab import --help`"
        )
    try:
        rows = read_table(text, delimiter=mark, header=False).rows
    except FormatError:  # lines of different length
        return "paths" if arrow is not None else "csv"
    if _is_titled_edge_list(rows):
        return "parents"
    if len(rows[0]) in (4, 5) and _is_matrix(rows[1:]) and _is_linkage(rows):
        return "linkage"
    return "parents" if _are_edges(rows) else "csv"


def _is_titled_edge_list(rows: _Rows) -> bool:
    """Whether a header names child and parent, and rows are edges rather than classes."""
    ends = edge_header(rows[0])
    if ends is None or "cluster_id" in map(fold, rows[0]):
        return False
    children, parents = ([row[side] for row in rows[1:]] for side in ends)
    distinct = set(children)
    edges = len(rows[0]) == 2 or tuple(map(fold, rows[0])) == HEADER  # a third column is a value
    return bool(distinct & set(parents)) or (edges and len(distinct) == len(children))


def _is_matrix(rows: _Rows) -> bool:
    return all(is_number(cell) for row in rows for cell in row)


def _is_linkage(rows: _Rows) -> bool:
    """Whether the last column counts up to all leaves."""
    body = rows if _is_matrix(rows[:1]) else rows[1:]
    return bool(body) and float(body[-1][-1]) == len(body) + 1


def _are_edges(rows: _Rows) -> bool:
    """Two columns without a header: what stands in one stands in the other too, or all repeats."""
    if len(rows[0]) not in (2, 3):
        return False
    known = {*KEYS, *NAMES, *ORDERS}
    if any(fold(cell) in known or not cell for cell in rows[0]):
        return False
    first, second = ([row[side] for row in rows] for side in (0, 1))
    if set(first) & set(second):
        return True
    # A header stands nowhere below; the first line of a grouping shares its group with others.
    return len(rows[0]) == 2 and (second.count(second[0]) > 1 or first.count(first[0]) > 1)
