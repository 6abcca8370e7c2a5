"""Tables as people keep them: comma, semicolon or tab, with or without a header, any encoding."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from hierlab.errors import FormatError

__all__ = ["TextTable", "decode_text", "read_table", "sniff_delimiter"]

DELIMITERS = "\t;,|"
NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "blanks"}
MAX_ROWS = 2_000_000
_SNIFFED = 200


@dataclass(frozen=True)
class TextTable:
    """Rows of equal length, cells without blanks around them.

    Args:
        columns: the first row if it is a header, in its own spelling; else empty names.
        rows: the rest; empty lines and comments are left out.
        lines: number of the line in the file that each row begins in, from 1.
        delimiter: what stands between cells.
        has_header: whether the first row was one.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str
    has_header: bool

    def find(self, wanted: Sequence[str]) -> int | None:
        """Number of the first column that has one of the names, in the order wanted; any case."""
        folded = [fold(column) for column in self.columns]
        return next((folded.index(fold(name)) for name in wanted if fold(name) in folded), None)

    def cells(self, column: int) -> tuple[str, ...]:
        """One column from top to bottom."""
        return tuple(row[column] for row in self.rows)

    def title(self, column: int) -> str:
        """What to call a column in a sentence."""
        name = self.columns[column]
        return repr(name) if name else f"number {column + 1}"


def fold(column: str) -> str:
    """`Class Name`, `class-name` and `class_name` are one column."""
    return column.strip().casefold().replace(" ", "_").replace("-", "_")


def decode_text(content: bytes) -> tuple[str, str]:
    """Text and its encoding: UTF-8 or UTF-16 with or without a mark, else Windows' Latin-1.

    Raises:
        FormatError: the bytes are no text.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tried: tuple[str, ...] = ("utf-16",)
    elif b"\0" in content:
        raise FormatError("expected text, got a file with zero bytes in it")
    else:
        tried = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in tried:
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise FormatError("expected text in UTF-8, got bytes that no encoding explains")


def sniff_delimiter(text: str, candidates: str = DELIMITERS) -> str:
    """The mark that gives most lines one number of cells, two or more; empty if none does."""
    best, most = "", 0
    for mark in candidates:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        rows = (row for row in reader if any(row) and not row[0].lstrip().startswith("#"))
        try:
            widths = Counter(len(row) for row in islice(rows, _SNIFFED))
        except csv.Error:  # a cell of more than 128 KiB
            continue
        width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        if width > 1 and count > most and count >= 0.9 * widths.total():
            best, most = mark, count
    return best


def read_table(
    text: str,
    *,
    known: Collection[str] = (),
    delimiter: str | None = None,
    header: bool | None = None,
    comments: str = "#",
    strip: bool = True,
) -> TextTable:
    """Read a table.

    Args:
        text: the whole file.
        known: names of columns; a first row with one of them is a header, any case.
        delimiter: what stands between cells; found by itself if None, a single column if none.
        header: whether the first row is one; decided by `known` if None.
        comments: lines that begin so are left out.
        strip: whether blanks around a cell are no part of it.

    Raises:
        FormatError: no row, rows of different length, two columns of one name, more than two
            million rows, or quotes that do not close.
    """
    names = {fold(name) for name in known}
    mark = sniff_delimiter(text) or _mark_of_header(text, names) if delimiter is None else delimiter
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark or "\t", strict=True)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    start = 1
    try:
        for raw in reader:
            row = tuple(cell.strip() for cell in raw) if strip else tuple(raw)
            if any(row) and not (comments and row[0].startswith(comments)):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
            if len(rows) > MAX_ROWS:
                raise FormatError(f"expected at most {MAX_ROWS} rows, got more")
    except csv.Error as error:
        raise FormatError(f"line {reader.line_num} is no row of a table ({error})") from error
    if not rows:
        raise FormatError("expected at least one row, got none")
    titled = any(fold(cell) in names for cell in rows[0]) if header is None else header
    columns = rows[0] if titled else ("",) * len(rows[0])
    twice = [name for name, times in Counter(map(fold, columns)).items() if name and times > 1]
    if twice:
        raise FormatError(f"two columns are called {twice[0]!r}; rename one")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(columns):
            raise FormatError(
                f"line {line} has {len(row)} cells where the first has {len(columns)} "
                f"({NAMES.get(mark, mark)} taken between cells)"
            )
    body = slice(1, None) if titled else slice(None)
    return TextTable(columns, tuple(rows[body]), tuple(lines[body]), mark or ",", titled)


def _mark_of_header(text: str, names: Set[str]) -> str:
    """What stands between the cells of a first line that holds a known name."""
    head = text.partition("\n")[0]
    return next(
        (
            mark
            for mark in DELIMITERS
            if len(cells := head.split(mark)) > 1 and names & {*map(fold, cells)}
        ),
        "",
    )
