"""Tables of results: a row a photograph, subject and cut, as CSV or Parquet."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codec_plugin.errors import DataError
from codec_plugin.evaluation.identity import Identity
from hierlab.errors import HierlabError
from hierlab.utils.files import open_atomic

__all__ = ["CLEAN", "Row", "append_rows", "read_rows", "write_rows"]

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
                rows = [
                    {k: (v or "") if k in Identity._fields else _number(v) for k, v in row.items()}
                    for row in csv.DictReader(stream)
                ]
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"results {path} cannot be read: {error}") from error
    needed = {"subject", "image", "cut", "bytes"}
    if rows and not needed <= set(rows[0]):
        raise DataError(f"{path} is not a table of results: it lacks {needed - set(rows[0])}")
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write a table whole or not at all; Parquet where the name says so, else CSV.

    Columns are those of all rows; what a row lacks is empty.

    Raises:
        DataError: the file cannot be written.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    try:
        with open_atomic(path) as stream:
            if path.suffix == ".parquet":
                import pyarrow
                import pyarrow.parquet as parquet

                cleaned = [
                    {k: None if row.get(k, "") == "" else row[k] for k in columns} for row in rows
                ]
                parquet.write_table(pyarrow.Table.from_pylist(cleaned), stream)
            else:
                text = io.StringIO()
                writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                stream.write(text.getvalue().encode())
    except HierlabError as error:
        raise DataError(str(error)) from error


def append_rows(path: Path, rows: Sequence[Row]) -> None:
    """Add rows to a CSV table, which is made if need be; columns are those of its first rows.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            if stream.tell() == 0:
                writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}; choose a folder you may write to"
        ) from error


def _number(text: str | None) -> Any:
    if text is None or text == "":
        return ""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if text.lstrip("-").isdigit() else value
