"""JSON lists of flat objects, as pandas and databases write tables."""

from __future__ import annotations

from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.utils.text_table import TextTable

__all__ = ["are_records", "records_table"]


def are_records(content: Any) -> bool:
    """Whether decoded JSON is a list of objects that hold plain values."""
    if not isinstance(content, list) or not content:
        return False
    return all(
        isinstance(one, dict)
        and all(value is None or isinstance(value, str | int | float) for value in one.values())
        for one in content
    )


def records_table(text: str) -> TextTable:
    """A list of objects as a table: a column a field, in order of appearance; null is empty.

    Raises:
        FormatError: no such list.
    """
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"not JSON ({error})") from error
    if not are_records(content):
        raise FormatError("expected a JSON list of objects with plain values")
    columns = tuple(dict.fromkeys(name for one in content for name in one))
    rows = tuple(
        tuple("" if one.get(name) is None else str(one[name]).strip() for name in columns)
        for one in content
    )
    return TextTable(columns, rows, tuple(range(1, len(rows) + 1)), ",", True)
