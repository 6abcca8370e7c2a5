"""A table of rows on disk that grows photograph by photograph and survives being killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codec_plugin.evaluation.results_table import append_rows, read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["RowsTable"]


class RowsTable:
    """Rows of one codec in a CSV file.

    The rows of the last photograph may be cut off where a run was killed: they are dropped when
    the table is opened, and made again.

    Args:
        path: the file.
        sound: whether a row may stay beside those to be made; the others' photographs are measured
            anew.
    Attributes:
        stale: photographs whose rows were dropped.
        images: photographs whose rows stand in the file.
    """

    def __init__(self, path: Path, sound: Callable[[dict[str, Any]], bool]) -> None:
        self.path = path
        self.images: set[str] = set()
        self.stale: set[str] = set()
        if not path.exists():
            return
        rows = read_rows(path)
        self.stale = {row["image"] for row in rows if not sound(row)}
        dropped = self.stale | {row["image"] for row in rows[-1:]}
        kept = [row for row in rows if row["image"] not in dropped]
        if kept:
            write_rows(path, kept)
        else:
            path.unlink()
        self.images = {row["image"] for row in kept}

    def append(self, image: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add all rows of one photograph."""
        append_rows(self.path, rows)
        self.images.add(image)
