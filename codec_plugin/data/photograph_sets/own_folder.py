"""Squares of equal size from a folder of one's own photographs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from codec_plugin.data.image_labels import TABLE, read_labels
from codec_plugin.data.photograph_sets.new_folder import README, MadeSet, new_folder, write_labels
from codec_plugin.data.picture import SUFFIXES, is_picture_name, read_picture, write_pixels
from codec_plugin.errors import DataError, ImageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from codec_plugin.data.photograph_sets.new_folder import Show

__all__ = ["centre_square", "make_own"]


def make_own(
    source: Path,
    output: Path,
    *,
    side_px: int = 256,
    show: Show = lambda done, total: None,
) -> MadeSet:
    """Make a folder of squares as PNG, with labels.csv where labels are known, and a README.

    A label is what a labels.csv of the source says, else the name of the sub-folder that a
    photograph lies in. Photographs with a shorter side below `side_px` are left out: enlarging
    would make pictures that no camera took.

    Args:
        source: photographs, sub-folders included.
        output: a folder that is yet to be made.
        side_px: of the squares.
        show: told after each file.
    Raises:
        DataError: no such folder, no photograph large enough in it, or `output` exists.
    """
    if not source.is_dir():
        raise DataError(f"there is no folder {source}; --from names one with photographs")
    files = sorted(f for f in source.rglob("*") if is_picture_name(f.name, SUFFIXES))
    if not files:
        raise DataError(f"no photographs ({', '.join(SUFFIXES)}) in {source}")
    given = read_labels(source)
    rows: list[tuple[str, str, str]] = []
    left_out: list[str] = []
    with new_folder(output) as made:
        for number, file in enumerate(files):
            show(number + 1, len(files))
            name = file.relative_to(source).as_posix()
            try:
                square = centre_square(read_picture(file, name=name).bytes_rgb, side_px)
            except ImageError as error:
                left_out.append(str(error))
                continue
            except DataError as error:
                left_out.append(f"{name}: {error}")
                continue
            target = _free_name(made, PurePosixPath(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(write_pixels(square, ".png"))
            label = given.get(name) or PurePosixPath(name).parent.name
            rows.append((target.relative_to(made).as_posix(), label, name))
        if not rows:
            raise DataError(f"none of {len(files)} photographs can be used, such as {left_out[0]}")
        rows.sort()
        labels = [row[1] for row in rows if row[1]]
        if labels:
            write_labels(made, ("file", "label", "source"), rows)
        (made / README).write_text(_text(side_px, labelled=bool(labels)), encoding="utf-8")
    return MadeSet(len(rows), len(labels), len(set(labels)), left_out=tuple(left_out))


def centre_square(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """The middle of (H, W, 3) pixels as a square of `side_px`: scaled by the shorter side, cut.

    Raises:
        DataError: the shorter side is below `side_px`.
    """
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    if shorter < side_px:
        raise DataError(f"{width} × {height} pixels, smaller than {side_px}")
    top, left = (height - shorter) // 2, (width - shorter) // 2
    square = pixels[top : top + shorter, left : left + shorter]
    if shorter == side_px:
        return np.ascontiguousarray(square)
    scaled = Image.fromarray(square).resize((side_px, side_px), Image.Resampling.LANCZOS)
    return np.asarray(scaled)


def _free_name(folder: Path, name: PurePosixPath) -> Path:
    """A name with the ending .png; beside that of its twin (a.jpg, a.png) it keeps its own too."""
    target = folder / name.with_suffix(".png")
    return folder / f"{name}.png" if target.exists() else target


def _text(side_px: int, *, labelled: bool) -> str:
    labels = (
        f"`{TABLE}`: `file`; `label`, from a {TABLE} of the source or the sub-folder's name; "
        "`source`, the file that it was made from.\n\n"
        if labelled
        else ""
    )
    return (
        f"# Photographs of {side_px} × {side_px} pixels\n\n"
        "The middle square of each photograph, scaled (Lanczos) where it was larger; sRGB, "
        f"upright, 8 bits, PNG.\n\n{labels}Made by `c2f data folder`. Say here whose they are, "
        "and what may be done with them.\n"
    )
