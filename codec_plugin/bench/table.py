"""A table of rows on disk that grows photograph by photograph and survives being killed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from codec_plugin.evaluate.rows import read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["RowsTable"]


class RowsTable:
    """Rows of one codec in a CSV file.

    The rows of the last photograph may be cut off where a run was killed: they are dropped when
    the table is opened, and made again.

    Attributes:
        images: photographs whose rows stand in the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.images: set[str] = set()
        if not path.exists():
            return
        rows = read_rows(path)
        kept = [row for row in rows if row["image"] != rows[-1]["image"]]
        if kept:
            write_rows(path, kept)
        else:
            path.unlink()
        self.images = {row["image"] for row in kept}

    def append(self, image: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add all rows of one photograph."""
        fresh = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
        self.images.add(image)
