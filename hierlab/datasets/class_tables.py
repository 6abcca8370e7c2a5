"""Class lists as tables: which column holds keys, names, synsets or the order."""

from __future__ import annotations

import re

from hierlab.datasets.class_records import (
    ALIAS_COLUMNS,
    KEY_COLUMNS,
    NAME_COLUMNS,
    ORDER_COLUMNS,
    SYNSET_COLUMNS,
    Columns,
    Entry,
    Listed,
    are_counts,
    listed_lines,
    split_names,
    spoken,
)
from hierlab.errors import ClassListError
from hierlab.utils.text_table import NAMES, TextTable, read_table

__all__ = ["listed_table"]

_SYNSET = re.compile(r"[\w'.-]+\.n\.\d+")
_CODE = re.compile(r"/[a-z]/\w+|n\d{8}|-?\d+")


def listed_table(text: str, columns: Columns) -> Listed:
    """A table with a header, or without one where its cells say what they are.

    Raises:
        ClassListError: no column can be taken for a name or key, one is missing, or cells are
            empty where they must not be.
        FormatError: rows of different length, or quotes that do not close.
    """
    named = [one for one in columns if one and not one.isdigit()]
    known = (*KEY_COLUMNS, *NAME_COLUMNS, *ORDER_COLUMNS, *SYNSET_COLUMNS, *named)
    table = read_table(text, known=known)
    if not table.has_header and not any(columns) and len(table.columns) == 1:
        return listed_lines(text)
    if not table.has_header and _headed(table):
        table = read_table(text, header=True)
    use = _roles(table, columns)
    _refuse_empty(table, use)
    rows = list(range(len(table.rows)))
    if (order := use.get("order")) is not None:
        try:
            rows.sort(key=lambda row: int(table.rows[row][order]))
        except ValueError as error:
            raise ClassListError(
                f"column {table.title(order)} must hold whole numbers ({error})"
            ) from error

    def cell(row: int, role: str) -> str:
        return table.rows[row][use[role]] if role in use else ""

    entries = [
        Entry(
            cell(row, "key"),
            cell(row, "name"),
            split_names(cell(row, "aliases")),
            cell(row, "synset"),
        )
        for row in rows
    ]
    roles = ", ".join(f"{role} in column {table.title(column)}" for role, column in use.items())
    unused = [table.title(n) for n in range(len(table.columns)) if n not in use.values()]
    unused = [title for title in unused if not _index_column(table, title)]
    left = f"; columns {', '.join(unused)} left aside" if unused else ""
    return Listed(spoken(entries), [f"{NAMES[table.delimiter]}: {roles}{left}"])


def _index_column(table: TextTable, title: str) -> bool:
    """pandas writes its row numbers into a first column without a name."""
    return table.has_header and title == "number 1"


def _roles(table: TextTable, columns: Columns) -> dict[str, int]:
    """Number of the column for each role."""
    use: dict[str, int] = {}
    for role, wanted in columns._asdict().items():
        if wanted:
            use[role] = _named_column(table, wanted, role)
    if not table.has_header:
        _guess(table, use)
        return use
    usual = {
        "key": KEY_COLUMNS,
        "name": NAME_COLUMNS,
        "order": ORDER_COLUMNS,
        "synset": SYNSET_COLUMNS,
        "aliases": ALIAS_COLUMNS,
    }
    if table.find(["coarse", "fine"]) is not None:  # then `mid` is a level, not Open Images' key
        usual["key"] = tuple(name for name in KEY_COLUMNS if name != "mid")
    for role, names in usual.items():
        left = [name for name in names if table.find([name]) not in {None, *use.values()}]
        if role not in use and left:
            use[role] = int(table.find(left) or 0)
    if "key" not in use and "name" not in use:
        if "synset" in use:
            use["key"] = use.pop("synset")
            return use
        raise ClassListError(
            f"expected a column {', '.join((*KEY_COLUMNS[:2], *NAME_COLUMNS[:2]))} in the first "
            f"line, got {', '.join(table.columns)}; say which with --key and --name-column"
        )
    return use


def _headed(table: TextTable) -> bool:
    """Whether a column holds codes below its first cell only: that one is a header's word."""
    return any(
        all(map(kind.fullmatch, cells[1:])) and not kind.fullmatch(cells[0])
        for cells in map(table.cells, range(len(table.columns)))
        for kind in (_CODE, _SYNSET)
        if len(cells) > 1
    )


def _named_column(table: TextTable, wanted: str, role: str) -> int:
    column = table.find([wanted])
    if column is None and wanted.isdigit() and 1 <= int(wanted) <= len(table.columns):
        column = int(wanted) - 1
    if column is None:
        have = ", ".join(filter(None, table.columns)) or f"{len(table.columns)} without names"
        raise ClassListError(f"no column {wanted!r} for the {role}; the columns are {have}")
    return column


def _guess(table: TextTable, use: dict[str, int]) -> None:
    """Without a header: codes are keys, numbers count, the only text column is the name."""
    texts = []
    for column in range(len(table.columns)):
        cells = table.cells(column)
        if column in use.values():
            continue
        if all(map(_SYNSET.fullmatch, cells)):
            use.setdefault("synset", column)
        elif all(cell.isdigit() for cell in cells):
            role = "order" if are_counts([int(cell) for cell in cells]) else "key"
            use.setdefault(role, column)
        elif all(map(_CODE.fullmatch, cells)):
            use.setdefault("key", column)
        else:
            texts.append(column)
    if "name" not in use and len(texts) == 1:
        use["name"] = texts[0]
    if "name" not in use and (texts or "key" not in use):
        shown = ", ".join(table.rows[0])
        raise ClassListError(
            f"no header says which column holds the names (first line: {shown}); "
            "say it with --name-column and perhaps --key, by number from 1"
        )


def _refuse_empty(table: TextTable, use: dict[str, int]) -> None:
    for role in ("key", "name"):
        spare = role == "name" and "key" in use  # a WordNet id has a usual name
        if role in use and not spare:
            for row, line in zip(table.rows, table.lines, strict=True):
                if not row[use[role]]:
                    raise ClassListError(f"line {line}: column {table.title(use[role])} is empty")
