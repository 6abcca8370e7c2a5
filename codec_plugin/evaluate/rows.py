"""Tables of results: a row a photograph, subject and cut, as CSV or Parquet."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codec_plugin.errors import DataError

__all__ = ["CLEAN", "Row", "read_rows", "write_rows"]

CLEAN = "clean"
"""Subject and cut name of the row that holds the original's answers."""

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Rows of a results table, CSV or Parquet; numbers as numbers.

    Raises:
        DataError: no such file, or not a table of results.
    """
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as parquet

            rows: list[Row] = parquet.read_table(path).to_pylist()
        else:
            with path.open(newline="", encoding="utf-8") as stream:
                rows = [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(stream)]
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"results {path} cannot be read: {error}") from error
    needed = {"subject", "image", "cut", "bytes"}
    if rows and not needed <= set(rows[0]):
        raise DataError(f"{path} is not a table of results: it lacks {needed - set(rows[0])}")
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write a table whole or not at all; Parquet where the name says so, else CSV."""
    temporary = path.with_name(f".{path.name}.tmp")
    if path.suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet as parquet

        cleaned = [{k: None if v == "" else v for k, v in row.items()} for row in rows]
        parquet.write_table(pyarrow.Table.from_pylist(cleaned), temporary)
    else:
        with temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]) if rows else [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    temporary.replace(path)


def _number(text: str | None) -> Any:
    if text is None or text == "":
        return ""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if text.lstrip("-").isdigit() else value
