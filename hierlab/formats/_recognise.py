"""Which format a file has, by what stands in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._records import are_records
from hierlab.formats._registry import read_text
from hierlab.utils.text_table import fold, read_table, sniff_delimiter

__all__ = ["recognise"]

_HEAD = 2**20
_NBDT_ID = re.compile(r"[nf]\d{8}")


def recognise(paths: Sequence[Path]) -> str:
    """Name of the format that reads these files.

    Raises:
        FormatError: none that is known; the message says what the file looks like.
    """
    path = paths[0]
    if path.is_dir():
        return _of_folder(path)
    if path.suffix.lower() == ".npy":
        return "linkage"
    text = read_text(path).lstrip()
    if not text:
        raise FormatError(f"{path} is empty")
    if text[0] in "{[" and not text.startswith("[&"):
        return _of_json(path, text, len(paths))
    if text.startswith("<"):
        return _of_xml(path, text[:_HEAD])
    if text[0] == "(" or text.startswith("[&") or text[:6].casefold() == "#nexus":
        return "newick"
    if re.match(r"(Creator\b[^\n]*\n|#[^\n]*\n|\s)*graph\s*\[", text[:_HEAD]):
        return "gml"
    return _of_lines(path, text)


def _of_folder(path: Path) -> str:
    from hierlab.formats.breeds import EDGES, INFO, NAMES

    if any((path / part).is_file() for part in (INFO, EDGES, NAMES)):
        return "breeds"
    raise FormatError(
        f"{path} is a folder without {INFO}, {EDGES} and {NAMES}, the files of BREEDS; name a "
        "file, or use the folder as a class list: hierlab build --classes"
    )


def _of_xml(path: Path, head: str) -> str:
    for name in ("graphml", "gexf"):
        if f"<{name}" in head:
            return name
    raise FormatError(f"{path} is XML, but neither GraphML nor GEXF; no other is read")


def _of_json(path: Path, text: str, count: int) -> str:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{path} is not JSON ({error})") from error
    if isinstance(content, dict):
        if content.get("format") == "hierlab-label-map":
            raise FormatError(f"{path} is a label map already; use it as it is")
        nodes, links = content.get("nodes"), content.get("links", content.get("edges"))
        if isinstance(nodes, list) and isinstance(links, list):
            nbdt = "links" in content and all(map(_is_nbdt_node, nodes[:1_000]))
            return "nbdt" if nbdt or count == 2 else "networkx-json"
        return "nested-json"
    assert isinstance(content, list)
    if content and all(_is_breeds_row(row) for row in content):
        return "breeds"
    if _are_paths(content):
        return "paths"
    if are_records(content):
        from hierlab.formats.edge_list import edge_header

        fields = list(dict.fromkeys(name for one in content for name in one))
        rows = [fields, *([str(one.get(name) or "") for name in fields] for one in content)]
        ends = edge_header(fields)
        return "parents" if ends is not None and _holds_edges(rows, *ends) else "csv"
    return "nested-json"


def _is_nbdt_node(node: Any) -> bool:
    return isinstance(node, dict) and bool(_NBDT_ID.fullmatch(str(node.get("id"))))


def _is_breeds_row(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 3
        and type(row[0]) is int
        and all(isinstance(word, str) for word in row[1:])
    )


def _are_paths(content: list[Any]) -> bool:
    from hierlab.formats.paths import path_separator

    if all(isinstance(one, str) for one in content):
        return path_separator(content) is not None
    return all(
        isinstance(one, list) and one and all(isinstance(name, str) for name in one)
        for one in content
    )


def _of_lines(path: Path, text: str) -> str:
    """An edge list, a table, a linkage matrix or a list of paths."""
    from hierlab.formats.edge_list import edge_header
    from hierlab.formats.outline import indents
    from hierlab.formats.paths import SEPARATORS, path_separator

    text = text.replace("\t|\t", "\t").replace("\t|\n", "\n")  # as NCBI ends its columns
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    mark = sniff_delimiter(text)
    arrow = path_separator(lines)
    certain = arrow in SEPARATORS[:4] or (arrow in ("::", "→", ">"))
    columns = [column for column, _ in indents(text)]
    if not certain and len(set(columns)) > 1 and columns[0] == min(columns):
        return "outline"
    if certain or (arrow is not None and not mark and arrow != ";"):
        return "paths"
    if not mark:
        words = [line.split() for line in lines]
        widths = Counter(map(len, words))
        if set(widths) == {4} and _is_matrix(words):
            return "linkage"
        if len(widths) == 1 and _are_edges(words):
            return "parents"
        if arrow is not None:
            return "paths"
        raise FormatError(
            f"{path}: lines without a mark between cells look like a list of classes; a hierarchy "
            "has a parent or a group beside each: see `hierlab import --help`"
        )
    rows = (
        [list(row) for row in read_table(text, delimiter=mark, header=False).rows]
        if _even(text, mark)
        else []
    )
    if not rows:
        return "paths" if arrow is not None else "csv"
    if (ends := edge_header(rows[0])) is not None and _holds_edges(rows, *ends):
        return "parents"
    if len(rows[0]) in (4, 5) and _is_matrix(rows[1:]) and _is_linkage(rows):
        return "linkage"
    return "parents" if _are_edges(rows) else "csv"


def _even(text: str, mark: str) -> bool:
    try:
        read_table(text, delimiter=mark, header=False)
    except FormatError:
        return False
    return True


def _has_cluster_id(header: Sequence[str]) -> bool:
    return "cluster_id" in map(fold, header)


def _holds_edges(rows: Sequence[Sequence[str]], child: int, parent: int) -> bool:
    """Whether rows below a header are edges, rather than classes with a column `superclass`."""
    if _has_cluster_id(rows[0]):
        return False
    children, parents = ([row[side] for row in rows[1:]] for side in (child, parent))
    if set(children) & set(parents):
        return True
    return len(set(children)) == len(children) and len(rows[0]) == 2


def _is_matrix(rows: Sequence[Sequence[str]]) -> bool:
    try:
        for row in rows:
            for cell in row:
                float(cell)
    except ValueError:
        return False
    return True


def _is_linkage(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last column counts up to all leaves."""
    body = rows if _is_matrix(rows[:1]) else rows[1:]
    return bool(body) and float(body[-1][-1]) == len(body) + 1


def _are_edges(rows: Sequence[Sequence[str]]) -> bool:
    """Two columns without a header: what stands in one stands in the other too, or all repeats."""
    from hierlab.formats._wide import KEYS, NAMES, ORDERS

    if len(rows[0]) not in (2, 3):
        return False
    known = {*KEYS, *NAMES, *ORDERS}
    if any(fold(cell) in known or not cell for cell in rows[0]):
        return False
    first, second = ([row[side] for row in rows] for side in (0, 1))
    if set(first) & set(second):
        return True
    if len(rows[0]) == 3:
        return False
    # A header stands nowhere below; the first line of a grouping shares its group with others.
    return second.count(second[0]) > 1 or first.count(first[0]) > 1
