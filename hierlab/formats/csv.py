"""Tables of classes: a row per class and level as the paper's authors publish, or a column each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hierlab.errors import FormatError
from hierlab.formats._files import (
    encode_csv,
    located,
    read_exact_table,
    read_text,
    records_table,
)
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._wide import (
    KEYS,
    NAMES,
    ORDERS,
    TableLevel,
    WideTable,
    column_number,
    read_wide,
)
from hierlab.hierarchy.imported import ImportedHierarchy, ImportedLevel, make_classes
from hierlab.hierarchy.tree_levels import safe_level_name
from hierlab.labelmap import LabelMap
from hierlab.utils.text_table import TextTable, fold, read_table

__all__ = ["read_csv", "write_csv"]

COLUMNS = (
    "class_idx",
    "wnid",
    "label",
    "method",
    "target_k",
    "cluster_id",
    "level",
    "cluster",
)
_SUMMARY = "a row per class and level (cluster_id, target_k), or a column per level"


@register_exporter("csv", _SUMMARY)
def write_csv(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """All levels in long form; `level` and `cluster` name what the numbers stand for."""
    method = str(label_map.provenance.get("method", ""))
    rows: list[Sequence[object]] = [COLUMNS]
    for level in label_map.levels:
        for row, label in enumerate(level.labels.tolist()):
            key, name = label_map.classes.ids[row], label_map.classes.names[row]
            cluster = level.clusters[label].name
            rows.append((row, key, name, method, level.k, label, level.name, cluster))
    return {path: encode_csv(rows)}


@register_importer("csv", _SUMMARY, options=("key", "name_column", "levels"))
def read_csv(
    paths: Sequence[Path],
    *,
    key: str | None = None,
    name_column: str | None = None,
    levels: Sequence[str] | None = None,
) -> ImportedHierarchy:
    """Read one file or several, each with one level or more; commas, semicolons, tabs or bars.

    Long form: a `cluster_id` column, and `target_k` or `level` where one file has several levels.
    A class goes by `wnid` (or `id`), else by `label` (or `name`); `class_idx` gives the order.
    Wide form: no `cluster_id`; see `hierlab.formats._wide`.

    Raises:
        FormatError: not such a table, a class twice or missing in a level, or a wrong `target_k`.
    """
    tables = []
    for path in paths:
        text = read_text(path)
        with located(path):
            tables.append(_read(text, key, name_column, levels))
    first = tables[0]
    classes = make_classes(paths[0], first.keys, first.names)
    partitions = tuple(
        _level(level, classes.index, path)
        for path, table in zip(paths, tables, strict=True)
        for level in table.levels
    )
    read_as = "; ".join(dict.fromkeys(table.read_as for table in tables))
    return ImportedHierarchy(classes, partitions, first.ordered, read_as, columns=first.chosen)


def _read(
    text: str, key: str | None, name_column: str | None, levels: Sequence[str] | None
) -> WideTable:
    """Classes and levels of a table in long or wide form, or of JSON records."""
    if text.lstrip()[:1] == "[":
        table = records_table(text)
    elif text.startswith(",".join(COLUMNS)):  # our own comes back to the letter
        table = read_exact_table(text)
    else:
        table = read_table(text, known=(*KEYS, *NAMES, *ORDERS, *COLUMNS))
        if not table.has_header:
            table = read_table(text, header=True, delimiter=table.delimiter)
    if not table.rows:
        raise FormatError("expected a header and a row per class, found no rows")
    if "cluster_id" in map(fold, table.columns):
        return _read_long(table, key, name_column)
    return read_wide(table, key=key, name_column=name_column, levels=levels)


def _read_long(table: TextTable, key: str | None, name_column: str | None) -> WideTable:
    """Levels of a table with a row per class and level; `target_k` and `level` part them."""
    by_key = _columns(table, KEYS, key)
    by_name = _columns(table, NAMES, name_column)
    if not by_key and not by_name:
        raise FormatError(
            f"a class needs a key; expected a filled column {', '.join((*KEYS, *NAMES))}"
        )
    keys = [_first_filled(cells, (*by_key, *by_name)) for cells in table.rows]
    if "" in keys:
        raise FormatError(
            f"line {table.lines[keys.index('')]} has no key; expected a filled column "
            f"{', '.join((*KEYS, *NAMES))}"
        )
    k_column, level_column = table.find(("target_k",)), table.find(("level",))
    parts: dict[tuple[str, str], list[int]] = {}
    for row, cells in enumerate(table.rows):
        target_k, title = (
            "" if column is None else cells[column] for column in (k_column, level_column)
        )
        parts.setdefault((target_k, title), []).append(row)
    levels = [
        _long_level(table, rows, keys, title, target_k) for (target_k, title), rows in parts.items()
    ]
    order = _class_order(table, next(iter(parts.values())))
    return WideTable(
        keys=[keys[row] for row in order],
        names=[_first_filled(table.rows[row], by_name) or keys[row] for row in order],
        ordered=table.find(ORDERS) is not None,
        levels=levels,
        read_as="a table with a row per class and level",
    )


def _long_level(
    table: TextTable, rows: Sequence[int], keys: Sequence[str], title: str, target_k: str
) -> TableLevel:
    cluster_id, cluster = table.find(("cluster_id",)), table.find(("cluster",))
    assert cluster_id is not None
    level = TableLevel(title or None, {}, {})
    for row in rows:
        key, value = keys[row], table.rows[row][cluster_id]
        if key in level.values:
            raise FormatError(f"class {key!r} stands more than once in one level")
        if not value:
            raise FormatError(f"class {key!r} has no cluster in column 'cluster_id'")
        level.values[key] = value
        if cluster is not None and table.rows[row][cluster]:
            level.titles[value] = table.rows[row][cluster]
    clusters = len(set(level.values.values()))
    if target_k and target_k != str(clusters):
        raise FormatError(
            f"target_k says {target_k[:20]!r}, the rows have {clusters} clusters; "
            "complete the file or leave the column out"
        )
    return level


def _columns(table: TextTable, usual: Sequence[str], chosen: str | None) -> tuple[int, ...]:
    if chosen is not None:
        return (column_number(table, chosen),)
    folded = [fold(column) for column in table.columns]
    return tuple(folded.index(name) for name in usual if name in folded)


def _first_filled(cells: Sequence[str], columns: Sequence[int]) -> str:
    return next((cells[column] for column in columns if cells[column]), "")


def _class_order(table: TextTable, rows: list[int]) -> list[int]:
    """Rows by class number, which must run from 0 without a gap; else as they stand."""
    column = table.find(ORDERS)
    if column is None or not table.rows[rows[0]][column]:
        return rows
    given = [table.rows[row][column] for row in rows]
    numbers = np.array([int(text) if text.isdecimal() and len(text) < 9 else -1 for text in given])
    order = np.argsort(numbers, kind="stable")
    if not np.array_equal(numbers[order], np.arange(len(rows))):
        raise FormatError(
            f"class_idx must number the {len(rows)} classes of a level from 0 to "
            f"{len(rows) - 1}, each once"
        )
    return [rows[place] for place in order]


def _level(level: TableLevel, index: dict[str, int], path: Path) -> ImportedLevel:
    for key in (*level.values, *index):
        if key not in index or key not in level.values:
            raise FormatError(f"{path}: class {key!r} stands in one level and not in another")
    numbers: dict[str, int] = {}
    labels = np.empty(len(index), dtype=np.int64)
    for key, value in level.values.items():
        labels[index[key]] = numbers.setdefault(value, len(numbers))
    names = {numbers[value]: title for value, title in level.titles.items()}
    return ImportedLevel(labels, safe_level_name(level.name) if level.name else None, names)
