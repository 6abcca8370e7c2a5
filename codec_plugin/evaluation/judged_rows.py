"""Rows of several classifiers that looked at the same pictures, in one small table.

The first judge's columns have the names of any table of results, so that everything reads it as
that, and `judge` names it; what the others made of the picture stands in columns such as
`lite2.correct_coarse`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codec_plugin.errors import DataError
from codec_plugin.evaluation.results_table import (
    Row,
    parse_rows,
    read_fields,
    write_fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["read_judged", "write_judged"]

_JUDGE = "judge"
_RIGHT = "correct_"


def read_judged(path: Path) -> dict[str, list[Row]]:
    """Rows by judge, the table's first one first; the others' tell bytes and what is right.

    Args:
        path: of `write_judged`, or any table of results, which has one judge and names none: "".
    Raises:
        DataError: not a table of results, or one whose rows name different first judges.
    """
    try:
        table = read_fields(path)
        rows = parse_rows(table)
    except (OSError, ValueError) as error:
        raise DataError(f"results {path} cannot be read: {error}") from error
    firsts = {fields.get(_JUDGE) or "" for fields in table}
    if len(firsts) > 1:
        raise DataError(
            f"{path} has rows of several first judges ({', '.join(sorted(firsts))}); "
            "expected one table a first judge"
        )
    judged = {next(iter(firsts), ""): rows}
    columns = [name for name in (table[0] if table else ()) if f".{_RIGHT}" in name]
    for judge in dict.fromkeys(name.partition(".")[0] for name in columns):
        own = [name for name in columns if name.startswith(f"{judge}.")]
        judged[judge] = [
            replace(
                row,
                measures={
                    name.partition(".")[2]: int(fields[name]) if fields[name] else None
                    for name in own
                },
            )
            for row, fields in zip(rows, table, strict=True)
        ]
    return judged


def write_judged(path: Path, judged: Mapping[str, Sequence[Row]]) -> None:
    """Write rows of the same pictures by several judges; all of the first's columns are kept.

    Args:
        path: CSV or CSV in gzip.
        judged: rows by judge; pictures that another judge did not see are empty there.
    Raises:
        DataError: two judges differ in the bytes of a picture, or the file cannot be written.
    """
    (first, rows), *others = judged.items()
    table = [row.fields() | {_JUDGE: first} for row in rows]
    for judge, theirs in others:
        known = {(row.subject, row.image, row.cut): row for row in theirs}
        for row, fields in zip(rows, table, strict=True):
            seen = known.get((row.subject, row.image, row.cut))
            if seen is not None and seen.bytes != row.bytes:
                raise DataError(
                    f"{judge} saw {row.subject} {row.cut} of {row.image} in {seen.bytes} bytes, "
                    f"{first} in {row.bytes}: measure them together"
                )
            for name in (name for name in row.measures if name.startswith(_RIGHT)):
                value = None if seen is None else seen.measures.get(name)
                fields[f"{judge}.{name}"] = "" if value is None else value
    write_fields(path, table)
