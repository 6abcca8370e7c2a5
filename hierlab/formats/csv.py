"""Comma-separated values: one row per class and level, the form the paper's authors publish."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hierlab.errors import FormatError
from hierlab.formats._foreign import Foreign, ForeignLevel, make_classes
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._table import encode_csv
from hierlab.labelmap import LabelMap

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
KEYS = ("wnid", "id", "class_id", "key")
NAMES = ("label", "name", "class", "class_name")
ORDERS = ("class_idx", "class_index", "index")
MAX_ROWS = 2_000_000

_SUMMARY = "a row per class and level: class_idx, wnid, label, method, target_k, cluster_id"
_Row = dict[str, str]


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


@register_importer("csv", _SUMMARY)
def read_csv(paths: Sequence[Path]) -> Foreign:
    """Read one file or several, each with one level or more.

    Long form: a `cluster_id` column, and `target_k` or `level` where one file has several levels.
    Wide form: no `cluster_id`; every column that does not tell the class is a level. A class goes
    by `wnid` (or `id`), else by `label` (or `name`); `class_idx` gives the order.

    Raises:
        FormatError: not such a table, a class twice or missing in a level, or a wrong `target_k`.
    """
    groups: dict[tuple[object, ...], list[_Row]] = {}
    for number, path in enumerate(paths):
        for group, rows in _levels_of(path).items():
            groups[number, *group] = rows
    first = next(iter(groups.values()))
    source = paths[0]
    order = _class_order(first, source)
    keys = [_key(first[row], source) for row in order]
    names = [_pick(first[row], NAMES) or key for row, key in zip(order, keys, strict=True)]
    classes = make_classes(source, keys, names)
    levels = tuple(_level(rows, classes.index, paths[group[0]]) for group, rows in groups.items())  # type: ignore[call-overload]
    return Foreign(classes, levels, ordered=_pick(first[0], ORDERS) is not None)


def _levels_of(path: Path) -> dict[tuple[str, str], list[_Row]]:
    """Rows of each level of one file, in the long form's columns."""
    rows = _rows(path)
    columns = list(rows[0])
    found: dict[tuple[str, str], list[_Row]] = {}
    if "cluster_id" in columns:
        for row in rows:
            found.setdefault((row.get("target_k", ""), row.get("level", "")), []).append(row)
        return found
    own = {*KEYS, *NAMES, *ORDERS, "method", "target_k"}
    groups = [column for column in columns if column not in own]
    if not groups:
        raise FormatError(
            f"{path}: expected a column cluster_id, or a column per level, got {', '.join(columns)}"
        )
    for column in groups:
        found["", column] = [
            {**row, "cluster_id": row[column], "cluster": row[column], "level": column}
            for row in rows
        ]
    return found


def _rows(path: Path) -> list[_Row]:
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        cells = list(itertools.islice(reader, MAX_ROWS + 1))
    except csv.Error as error:
        raise FormatError(f"{path}: line {reader.line_num} is not CSV ({error})") from error
    if len(set(header)) != len(header):
        raise FormatError(f"{path}: two columns have one name in {', '.join(header)}")
    if len(cells) > MAX_ROWS:
        raise FormatError(f"{path}: more than {MAX_ROWS} rows")
    rows = []
    for number, row in enumerate(cells, start=1):
        if not row:
            continue
        if len(row) != len(header):
            raise FormatError(
                f"{path}: row {number} has {len(row)} cells, the header has {len(header)}"
            )
        rows.append(dict(zip(header, row, strict=True)))
    if not rows:
        raise FormatError(f"{path}: expected a header and a row per class, found no rows")
    return rows


def _pick(row: _Row, columns: Sequence[str]) -> str | None:
    return next((row[column] for column in columns if row.get(column)), None)


def _key(row: _Row, path: Path) -> str:
    key = _pick(row, KEYS) or _pick(row, NAMES)
    if key is None:
        raise FormatError(
            f"{path}: a class needs a key; expected a filled column {', '.join((*KEYS, *NAMES))}"
        )
    return key


def _class_order(rows: list[_Row], path: Path) -> list[int]:
    """Rows by class number, which must run from 0 without a gap; else as they stand."""
    given = [_pick(row, ORDERS) for row in rows]
    if given[0] is None:
        return list(range(len(rows)))
    numbers = np.array(
        [int(text) if text and text.isdecimal() and len(text) < 9 else -1 for text in given]
    )
    order = np.argsort(numbers, kind="stable")
    if not np.array_equal(numbers[order], np.arange(len(rows))):
        raise FormatError(
            f"{path}: class_idx must number the {len(rows)} classes of a level from 0 to "
            f"{len(rows) - 1}, each once"
        )
    return [int(row) for row in order]


def _level(rows: list[_Row], index: dict[str, int], path: Path) -> ForeignLevel:
    numbers: dict[str, int] = {}
    labels = np.full(len(index), -1, dtype=np.int64)
    names: dict[int, str] = {}
    for row in rows:
        key = _key(row, path)
        if key not in index:
            raise FormatError(f"{path}: class {key!r} stands in one level and not in another")
        if labels[index[key]] >= 0:
            raise FormatError(f"{path}: class {key!r} stands twice in one level")
        if not row["cluster_id"]:
            raise FormatError(f"{path}: class {key!r} has no cluster")
        label = numbers.setdefault(row["cluster_id"], len(numbers))
        labels[index[key]] = label
        if row.get("cluster"):
            names[label] = row["cluster"]
    if (labels < 0).any():
        key = list(index)[int((labels < 0).argmax())]
        raise FormatError(f"{path}: class {key!r} stands in one level and not in another")
    told = rows[0].get("target_k", "")
    if told and told != str(len(numbers)):
        raise FormatError(
            f"{path}: target_k says {told[:20]!r}, the rows have {len(numbers)} clusters; "
            "complete the file or leave the column out"
        )
    return ForeignLevel(labels, _safe_level_name(rows[0].get("level")), names)


def _safe_level_name(text: str | None) -> str | None:
    from hierlab.formats._tree import LEVEL_NAME

    return text if text and LEVEL_NAME.fullmatch(text) else None
