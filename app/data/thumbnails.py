"""Small pictures of the classes, all on one sheet, so that a page gets them in one piece."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import streamlit as st
from PIL import Image, ImageOps

from app.data.data_dir import sample_images

__all__ = ["CELL_PX", "Sheet", "sheet_of", "sheet_of_files"]

CELL_PX = 56
MAX_CELLS = 2_000
# Read as JPEG, PNG or WebP alone, and never more than a photograph of a camera holds.
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 60_000_000


@dataclass(frozen=True)
class Sheet:
    """Small squares in rows.

    Args:
        src: the sheet as an address that needs no server; empty without pictures.
        columns: squares a row.
        cells: number of the square of each picture, by the key of its class or by its name.
    """

    src: str
    columns: int
    cells: dict[str, int]

    def as_data(self) -> dict[str, object] | None:
        """For the browser: address, columns and side of a square in pixels; None without any."""
        if not self.cells:
            return None
        rows = ceil(len(self.cells) / self.columns)
        return {"src": self.src, "columns": self.columns, "rows": rows, "px": CELL_PX}


def sheet_of(keys: Sequence[str]) -> Sheet:
    """The sheet of the first sample image of each class, of at most 2,000 classes."""
    found = {key: files[0] for key, files in sample_images(keys).items()}
    return sheet_of_files(dict(sorted(list(found.items())[:MAX_CELLS])))


def sheet_of_files(files: Mapping[str, Path]) -> Sheet:
    """A sheet of picture files by name; those that are no pictures have no square."""
    if not files:
        return Sheet("", 1, {})
    return _sheet(tuple((name, str(path), _changed(path)) for name, path in files.items()))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=6, show_spinner="Making small pictures, once…")
def _sheet(files: tuple[tuple[str, str, int], ...]) -> Sheet:
    squares = {}
    for key, path, _ in files:
        square = _square(Path(path))
        if square is not None:
            squares[key] = square
    columns = max(1, ceil(sqrt(len(squares))))
    rows = max(1, ceil(len(squares) / columns))
    whole = Image.new("RGB", (columns * CELL_PX, rows * CELL_PX))
    for number, square in enumerate(squares.values()):
        whole.paste(square, (number % columns * CELL_PX, number // columns * CELL_PX))
    stream = io.BytesIO()
    whole.save(stream, "WEBP", quality=72)
    src = "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
    return Sheet(src, columns, {key: number for number, key in enumerate(squares)})


def _square(path: Path) -> Image.Image | None:
    """The middle square of a picture, upright; None for a file that is none."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            picture.draft("RGB", (2 * CELL_PX, 2 * CELL_PX))  # a JPEG is read at a fraction
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return ImageOps.fit(upright, (CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
