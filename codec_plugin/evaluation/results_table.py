"""Rows of results, one a photograph, codec and cut: their type, and tables of them on disk."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codec_plugin.errors import DataError
from codec_plugin.evaluation.identity import Identity
from hierlab.errors import HierlabError
from hierlab.utils.files import open_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "CLEAN",
    "ResultsTable",
    "Row",
    "parse_rows",
    "read_fields",
    "read_rows",
    "subjects_of",
    "write_fields",
    "write_rows",
]

CLEAN = "clean"
"""Subject and cut name of the row that holds the original's answers."""

COSTS = ("container_bytes", "encode_s", "decode_s")
_KEYS = ("subject", "image", "cut", "bytes", "rate_bpp")
_NUMBERS = ("psnr_db", "ms_ssim", "wu_palmer", *COSTS)
_BY_LEVEL = ("correct_", "agree_", "confidence_")


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one photograph at one cut of one codec's file.

    Attributes:
        subject: the codec, or `clean`: the photograph itself.
        image: the photograph's name.
        cut: equal for the same cut of all photographs (`stage-1`, `bpp-0.0450`, `quality-20`).
        bytes: of the file or prefix, header included.
        rate_bpp: the same in bits per pixel.
        measures: by column, None where not known: psnr_db; ms_ssim (0..1); for each level LEVEL of
            the label map correct_LEVEL (0 or 1), agree_LEVEL (0 or 1, with the original's answer)
            and confidence_LEVEL (0..1); wu_palmer (0..1, of the answer with the label); in
            benchmarks container_bytes, encode_s and decode_s.
        answer: class key of the classifier's answer.
        identity: what it was measured with; None in tables of former versions.
    """

    subject: str
    image: str
    cut: str
    bytes: int
    rate_bpp: float
    measures: Mapping[str, float | None] = field(default_factory=dict)
    answer: str = ""
    identity: Identity | None = None

    def value(self, column: str) -> float | None:
        """A measure, or `bytes` or `rate_bpp`; None where it is not known."""
        if column in ("bytes", "rate_bpp"):
            return float(getattr(self, column))
        return self.measures.get(column)

    def fields(self) -> dict[str, Any]:
        """Columns of a table on disk, in order; empty where a measure is not known."""
        known = {name: "" if v is None else v for name, v in self.measures.items()}
        costs = {name: known.pop(name) for name in COSTS if name in known}
        made_with = {} if self.identity is None else self.identity._asdict()
        keys = {name: getattr(self, name) for name in _KEYS}
        return keys | known | {"answer": self.answer} | made_with | costs


def parse_rows(table: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows from the columns of a table, as text or as numbers.

    Raises:
        DataError: a column is missing.
        ValueError: a measure that is no number.
    """
    return [_parsed(fields) for fields in table]


def read_rows(path: Path) -> list[Row]:
    """Rows of a results table: CSV, CSV in gzip (`.csv.gz`) or Parquet.

    Raises:
        DataError: no such file, or not a table of results.
    """
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as parquet

            return parse_rows(parquet.read_table(path).to_pylist())
        return parse_rows(read_fields(path))
    except DataError as error:
        raise DataError(f"{path} {error}") from error
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise DataError(f"results {path} cannot be read: {error}") from error


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write a table whole or not at all: Parquet or gzip where the name says so, else CSV.

    Columns are those of all rows; what a row lacks is empty. Equal rows are equal bytes.

    Raises:
        DataError: the file cannot be written.
    """
    write_fields(path, [row.fields() for row in rows])


def subjects_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Names of the codecs in the rows, in order of appearance."""
    return tuple(dict.fromkeys(row.subject for row in rows if row.subject != CLEAN))


class ResultsTable:
    """A CSV table that grows photograph by photograph and survives being killed.

    The rows that were written last may be cut off where a run was killed: they are dropped when
    the table is opened, and made again.

    Args:
        path: the file.
        fits: whether a row, given by its columns as text, may stay beside those to be made.
    Attributes:
        done: pairs of codec and photograph whose rows stand in the file.
        stale: pairs whose rows did not fit and were dropped.
        stale_rows: how many rows these were.
    """

    def __init__(self, path: Path, fits: Callable[[Mapping[str, str]], bool]) -> None:
        self.path = path
        self.done: set[tuple[str, str]] = set()
        self.stale: set[tuple[str, str]] = set()
        self.stale_rows = 0
        table = whole_fields(path)
        if not table:
            return
        kept = [fields for fields in table if fits(fields)]
        self.stale = {_pair(fields) for fields in table if not fits(fields)}
        self.stale_rows = len(table) - len(kept)
        self.done = {_pair(fields) for fields in kept}
        if kept:
            write_fields(path, kept)
        else:
            path.unlink()

    def append(self, rows: Sequence[Row]) -> None:
        """Add all rows of one codec and photograph; columns are those of the file's first rows.

        Raises:
            DataError: the file cannot be written.
        """
        if not rows:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", newline="", encoding="utf-8") as stream:
                table = [row.fields() for row in rows]
                writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
                if stream.tell() == 0:
                    writer.writeheader()
                writer.writerows(table)
        except OSError as error:
            raise DataError(
                f"cannot write {self.path}: {error.strerror or error}; choose a folder you may "
                "write to"
            ) from error
        self.done.add((rows[0].subject, rows[0].image))


def whole_fields(path: Path) -> list[dict[str, str]]:
    """Columns of a growing table's rows as text, without those that a killed run left unfinished.

    These are the rows of the last codec and photograph; where the last line itself is cut off, its
    photograph's name may be too, so that those before it are not known to be whole either.
    """
    try:
        table = read_fields(path) if path.exists() else []
    except (OSError, ValueError) as error:
        raise DataError(f"results {path} cannot be read: {error}") from error
    if table and not set(_KEYS[:4]) <= set(table[0]):
        raise DataError(f"{path} {_lacking(table[0])}")
    if table and None in table[-1].values():
        table.pop()
    dropped = _pair(table[-1]) if table else None
    return [fields for fields in table if _pair(fields) != dropped]


def _pair(fields: Mapping[str, str]) -> tuple[str, str]:
    return fields["subject"], fields["image"]


def read_fields(path: Path) -> list[dict[str, str]]:
    """Columns of a CSV table's rows as text, in gzip or not."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_fields(path: Path, table: Sequence[Mapping[str, Any]]) -> None:
    """Write columns as CSV, CSV in gzip or Parquet, as the file's name says.

    Raises:
        DataError: the file cannot be written.
    """
    columns = list(dict.fromkeys(name for fields in table for name in fields))
    try:
        with open_atomic(path) as stream:
            if path.suffix == ".parquet":
                import pyarrow
                import pyarrow.parquet as parquet

                cleaned = [
                    {k: None if row.get(k, "") == "" else row[k] for k in columns} for row in table
                ]
                parquet.write_table(pyarrow.Table.from_pylist(cleaned), stream)
            else:
                text = io.StringIO()
                writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(table)
                data = text.getvalue().encode()
                stream.write(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    except HierlabError as error:
        raise DataError(str(error)) from error


def _lacking(fields: Mapping[str, Any]) -> str:
    return f"is not a table of results: it lacks {set(_KEYS[:4]) - set(fields)}"


def _parsed(fields: Mapping[str, Any]) -> Row:
    if not set(_KEYS[:4]) <= set(fields):
        raise DataError(_lacking(fields))
    measures: dict[str, float | None] = {}
    for name, given in fields.items():
        if name in _NUMBERS or (name or "").startswith(_BY_LEVEL):
            measures[name] = _number(given)
    identity = None
    if set(Identity._fields) & set(fields):
        identity = Identity(*(fields.get(name) or "" for name in Identity._fields))
    size, rate = _number(fields["bytes"]), _number(fields.get("rate_bpp"))
    if size is None:
        raise ValueError(f"a row of {fields['subject']} does not say its bytes")
    return Row(
        str(fields["subject"]),
        str(fields["image"]),
        str(fields["cut"]),
        size,
        rate or 0.0,
        measures,
        fields.get("answer") or "",
        identity,
    )


def _number(given: Any) -> Any:
    """A number, whole ones as integers; None for an empty cell."""
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        return given
    return int(given) if given.lstrip("-").isdigit() else float(given)
