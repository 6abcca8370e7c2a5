"""Reading the text and JSON of foreign files, and writing CSV that reads back exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.utils.files import read_bounded
from hierlab.utils.text_table import TextTable, decode_text, read_table

__all__ = [
    "MAX_BYTES",
    "are_records",
    "decode_json",
    "encode_csv",
    "is_number",
    "located",
    "only_file",
    "read_exact_table",
    "read_text",
    "records_table",
]

MAX_BYTES = 64 * 2**20
_NEEDS_QUOTES = re.compile(r'[,"\r\n]')


def only_file(paths: Sequence[Path], format: str) -> Path:
    """The file of a format that is one file.

    Raises:
        FormatError: several were given.
    """
    if len(paths) > 1:
        raise FormatError(f"{format} is one file, got {len(paths)}")
    return paths[0]


@contextmanager
def located(path: object) -> Iterator[None]:
    """Put the name of a file before the message of a `FormatError` raised inside."""
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def read_text(path: Path) -> str:
    """Read a text file of at most 64 MiB, in UTF-8, UTF-16 or Windows' Latin-1.

    Raises:
        FormatError: it is no text.
        HierlabError: it cannot be read or is larger.
    """
    content = read_bounded(path, MAX_BYTES)
    try:
        return content.decode("utf-8-sig")  # zero bytes too: our own tables may hold any text
    except UnicodeDecodeError:
        with located(path):
            return decode_text(content)[0]


def decode_json(text: str, problem: str, kind: Any = Any) -> Any:
    """Decode JSON of a type.

    Raises:
        FormatError: it is something else; the message begins with `problem`.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{problem} ({error})") from error


def are_records(content: Any) -> bool:
    """Whether decoded JSON is a list of objects that hold plain values."""
    return (
        isinstance(content, list)
        and bool(content)
        and all(
            isinstance(record, dict)
            and all(
                value is None or isinstance(value, str | int | float) for value in record.values()
            )
            for record in content
        )
    )


def records_table(text: str) -> TextTable:
    """A JSON list of objects as a table: a column a field, in order of appearance; null is empty.

    Raises:
        FormatError: no such list.
    """
    content = decode_json(text, "not JSON")
    if not are_records(content):
        raise FormatError("expected a JSON list of objects with plain values")
    columns = tuple(dict.fromkeys(name for record in content for name in record))
    rows = tuple(
        tuple("" if record.get(name) is None else str(record[name]).strip() for name in columns)
        for record in content
    )
    return TextTable(columns, rows, tuple(range(1, len(rows) + 1)), ",", True)


def read_exact_table(text: str) -> TextTable:
    """A table that `encode_csv` wrote, to the letter: no comments, blanks kept."""
    return read_table(text, header=True, delimiter=",", comments="", strip=False)


def encode_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """RFC 4180 with line feeds; unlike the csv module of Python 3.11 it quotes a lone return."""
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows).encode()


def _cell(value: object) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def is_number(text: str) -> bool:
    """Whether text is a number to Python's `float`."""
    try:
        float(text)
    except ValueError:
        return False
    return True
