"""The 24 Kodak photographs under their usual names, told by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from codec_plugin.data.photograph_sets.new_folder import (
    README,
    MadeSet,
    new_folder,
    pixel_digest,
    read_digests,
)
from codec_plugin.data.picture import SUFFIXES, is_picture_name, read_picture, write_pixels
from codec_plugin.errors import DataError, ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from codec_plugin.data.photograph_sets.new_folder import Show

__all__ = ["HOME", "make_kodak"]

HOME = "https://r0k.us/graphics/kodak/"
_SIZES = ((768, 512), (512, 768))
_TEXT = f"""# The Kodak photographs

24 photographs of 768 × 512 or 512 × 768 pixels, scanned from film and released by the Eastman Kodak
Company for unrestricted use (Kodak Lossless True Color Image Suite, PhotoCD PCD0992; {HOME}).
The pixels are theirs, to the bit; they have no classes. For measuring: nothing of this project was
trained on them. Made by `c2f data kodak`.
"""


def make_kodak(
    source: Path,
    output: Path,
    *,
    digests: list[dict[str, str]] | None = None,
    show: Show = lambda done, total: None,
) -> MadeSet:
    """Make a folder of kodim01.png to kodim24.png and a README.

    Args:
        source: a folder that has them, under any names, in sub-folders too.
        output: a folder that is yet to be made.
        digests: names and digests of pixels; the shipped 24.
        show: told after each file that was looked at.
    Raises:
        DataError: no such folder, a photograph is not in it, or `output` exists.
    """
    wanted = {row["pixels"]: row["image"] for row in (digests or read_digests("kodak.csv"))}
    if not source.is_dir():
        raise DataError(f"there is no folder {source}; --from names one with the photographs")
    sizes = _SIZES if digests is None else None
    files = sorted(f for f in source.rglob("*") if is_picture_name(f.name, SUFFIXES))
    with new_folder(output) as made:
        found = set()
        for number, file in enumerate(files):
            show(number + 1, len(files))
            pixels = _pixels(file, sizes)
            name = None if pixels is None else wanted.get(pixel_digest(pixels))
            if pixels is not None and name is not None and name not in found:
                found.add(name)
                (made / f"{name}.png").write_bytes(write_pixels(pixels, ".png"))
        if missing := sorted(set(wanted.values()) - found):
            raise DataError(
                f"{source} has {len(found)} of the {len(wanted)} photographs to the pixel, not "
                f"{', '.join(missing[:3])}{' …' * (len(missing) > 3)}; get the PNG files of {HOME}"
            )
        (made / README).write_text(_TEXT, encoding="utf-8")
    return MadeSet(len(found))


def _pixels(file: Path, sizes: Sequence[tuple[int, int]] | None) -> NDArray[np.uint8] | None:
    """Of a file that may be one of them; None of any other."""
    try:
        with Image.open(file) as image:
            if sizes is not None and image.size not in sizes:
                return None
        return read_picture(file).bytes_rgb
    except (OSError, ImageError):
        return None
