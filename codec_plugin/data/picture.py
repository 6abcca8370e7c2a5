"""Reads and writes pictures: any image file, array or tensor as (H, W, 3) values of sRGB."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from codec_plugin.bitstream.container import MAX_SIDE_PX
from codec_plugin.data._pillow import deep_colour, frames, orientation, pillow_values, turned
from codec_plugin.errors import ImageError
from codec_plugin.utils.file_signature import SOFTWARE, SOFTWARE_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = [
    "READER",
    "SUFFIXES",
    "Picture",
    "as_picture",
    "is_picture_name",
    "read_picture",
    "write_pixels",
]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".ppm", ".tif", ".tiff")
"""Of the files that are taken for photographs."""

READER = "2"
"""Changes whenever the same file gives other pixels: measurements tell it apart."""


@dataclass(frozen=True)
class Picture:
    """One picture, upright, opaque, three channels of sRGB.

    Attributes:
        pixels: (H, W, 3) uint8 or uint16; H and W are 1 to 8192.
        grey: the three channels are one.
        notes: what was done on the way, a sentence each.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    grey: bool = False
    notes: tuple[str, ...] = ()

    @property
    def height_px(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width_px(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def bytes_rgb(self) -> NDArray[np.uint8]:
        """The pixels as (H, W, 3) uint8, deep ones rounded."""
        if self.pixels.dtype == np.uint8:
            return self.pixels  # type: ignore[return-value]
        return ((self.pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)

    def padded(self, multiple: int) -> torch.Tensor:
        """The picture as a batch of one, its last row and column repeated up to a multiple.

        Returns:
            (1, 3, H', W') uint8, or float32 in 0..1 for deep pictures.
        """
        import torch

        down, right = -self.height_px % multiple, -self.width_px % multiple
        rows = np.pad(self.pixels, ((0, down), (0, right), (0, 0)), mode="edge")
        planes = np.ascontiguousarray(rows.transpose(2, 0, 1))[None]
        if planes.dtype == np.uint16:
            planes = planes.astype(np.float32) / np.float32(65535)
        return torch.from_numpy(planes)


def read_picture(
    source: str | Path | BinaryIO,
    *,
    name: str = "",
    max_side_px: int | None = MAX_SIDE_PX,
    max_pixels: int | None = None,
    formats: Sequence[str] | None = None,
) -> Picture:
    """Read an image file (anything Pillow opens): the one way in for every command and the app.

    Colours are converted to sRGB by the profile in the file, the picture is turned upright, and
    transparency is composited on white. Sixteen bits a channel are kept in PNG and TIFF; where
    Pillow drops the lower eight, a note says so.

    Args:
        source: a path, or bytes to read.
        name: what messages call it; the path, or "the input".
        max_side_px: refuse pictures with a longer side; None for any.
        max_pixels: refuse pictures with more pixels, before they are unpacked.
        formats: Pillow's names of the formats to accept; all where None.
    Raises:
        ImageError: missing, not an image, damaged, or too large.
    """
    from PIL import Image, UnidentifiedImageError

    name = name or (str(source) if isinstance(source, str | Path) else "the input")
    try:
        kinds = None if formats is None else tuple(formats)
        data = Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
        with _no_bomb_warnings(), Image.open(io.BytesIO(data), formats=kinds) as image:
            pixels = image.width * image.height
            if max_pixels is not None and pixels > max_pixels:
                raise ImageError(
                    f"the picture has {image.width} × {image.height} pixels, "
                    f"up to {max_pixels / 1e6:.0f} million are taken; scale it first"
                )
            return _from_pillow(image, data, max_side_px)
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is not an image that Pillow can open; save it as PNG or JPEG first"
        ) from None
    except Image.DecompressionBombError:
        limit = max_pixels or 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ImageError(
            f"{name}: the picture has more than {limit / 1e6:.0f} million pixels; scale it first"
        ) from None
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise ImageError(f"cannot read {name}: {_reason(error)}") from error


def as_picture(image: Any) -> Picture:
    """Turn a Pillow image, a numpy array, a torch tensor or a `Picture` into a `Picture`.

    Arrays are (H, W) or (H, W, 1 | 3 | 4), tensors (H, W), (1 | 3 | 4, H, W) or a batch of one;
    values are bool, uint8, uint16, or floats in 0..1. Transparency is composited on white.

    Raises:
        ImageError: another type, shape, range or size.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, np.ndarray):
        return _from_array(image, channels_last=True)
    if type(image).__module__.startswith("torch") and hasattr(image, "detach"):
        values = image.detach().cpu()
        if values.ndim == 4 and values.shape[0] == 1:
            values = values[0]
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
        return _from_array(values.numpy(), channels_last=False)
    if hasattr(image, "getbands"):
        return _from_pillow(image, b"", MAX_SIDE_PX)
    raise ImageError(
        f"expected a Pillow image, a numpy array or a torch tensor, got {type(image).__name__}"
    )


def write_pixels(pixels: NDArray[np.uint8], suffix: str, quality: int | None = None) -> bytes:
    """Encode (H, W, 3) or (H, W) uint8 as an image file of the type that `suffix` names.

    Args:
        quality: 1 to 100, for WebP, which is without loss where None.
    Raises:
        ImageError: Pillow writes no such type.
    """
    from PIL import Image

    kind = Image.registered_extensions().get(suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ImageError(f"cannot write {suffix or 'a file without suffix'}; use .png or .webp")
    out = io.BytesIO()
    options: dict[str, Any] = {}
    if kind == "WEBP":
        options = {"lossless": True} if quality is None else {"quality": quality, "method": 6}
    try:
        Image.fromarray(pixels).save(out, kind, **options, **_maker(kind))
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(f"cannot write this picture as {suffix}: {error}; use .png") from error
    return out.getvalue()


def _maker(kind: str) -> dict[str, Any]:
    """Options that make a picture say who wrote it, so that we may replace it later."""
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        texts.add_text("Software", SOFTWARE)
        return {"pnginfo": texts}
    if kind in ("JPEG", "WEBP", "TIFF", "AVIF"):
        from PIL import Image

        exif = Image.Exif()
        exif[SOFTWARE_TAG] = SOFTWARE
        return {"exif": exif}
    return {}


def is_picture_name(name: str, suffixes: Sequence[str]) -> bool:
    """Whether a file's name is that of a picture, and not of what macOS keeps beside one."""
    return name.lower().endswith(tuple(suffixes)) and not name.startswith("._")


def _reason(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or str(error) or type(error).__name__


@contextmanager
def _no_bomb_warnings() -> Iterator[None]:
    """Pillow warns of large pictures; ours are refused or taken in a sentence of our own."""
    import warnings

    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def _check_size(height: int, width: int, max_side_px: int | None = MAX_SIDE_PX) -> None:
    most = max_side_px or max(height, width)
    if not (1 <= height <= most and 1 <= width <= most):
        raise ImageError(
            f"the picture has {width} × {height} pixels, allowed are 1 to {most} a side; "
            "scale it or cut it first"
        )


def _from_pillow(image: Image, data: bytes, max_side_px: int | None) -> Picture:
    """Upright, first frame, sRGB, composited; notes say what was done.

    Args:
        data: the file, where it is at hand; sixteen bits of colour are read from it.
    """
    _check_size(image.height, image.width, max_side_px)
    notes = []
    if (count := frames(image)) > 1:
        notes.append(f"first of {count} frames")
    values = deep_colour(image, data) or pillow_values(image)
    if turn := orientation(image):
        notes.append(f"turned upright (EXIF orientation {turn})")
    picture = _from_array(turned(values.array, turn), channels_last=True, max_side_px=max_side_px)
    return replace(picture, notes=(*notes, *values.notes, *picture.notes))


def _from_array(
    values: NDArray[Any], *, channels_last: bool, max_side_px: int | None = MAX_SIDE_PX
) -> Picture:
    """Values of any accepted type and shape as (H, W, 3) integers."""
    if values.ndim == 3 and not channels_last:
        values = values.transpose(1, 2, 0)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4):
        axes = "(H, W) or (H, W, 1 | 3 | 4)" if channels_last else "(H, W) or (1 | 3 | 4, H, W)"
        raise ImageError(f"expected an array of shape {axes}, got {values.shape}")
    _check_size(values.shape[0], values.shape[1], max_side_px)
    pixels = _integers(values)
    notes: tuple[str, ...] = ()
    if pixels.shape[2] == 4:
        if int(pixels[:, :, 3].min()) < np.iinfo(pixels.dtype).max:
            notes = ("transparency composited on white",)
        pixels = _on_white(pixels)
    grey = pixels.shape[2] == 1
    if grey:
        pixels = np.repeat(pixels, 3, axis=2)
    return Picture(np.ascontiguousarray(pixels), grey, notes)


def _integers(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype in (np.uint8, np.uint16):
        return values
    if values.dtype == np.bool_:
        return np.where(values, np.uint8(255), np.uint8(0))
    if not np.issubdtype(values.dtype, np.floating):
        raise ImageError(f"expected uint8, uint16, bool or floats in 0..1, got {values.dtype}")
    low, high = float(values.min()), float(values.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # not (…): NaN fails too
        raise ImageError(f"floats must lie in 0..1, these reach from {low:g} to {high:g}")
    # 65535 = 257 · 255: floats that came from bytes keep their exact value.
    levels: NDArray[np.float64] = np.round(values.clip(0, 1).astype(np.float64) * 65535)
    return levels.astype(np.uint16)


def _on_white(pixels: NDArray[Any]) -> NDArray[Any]:
    """Composite (H, W, 4) on white, row by row of the wide type, rounded."""
    top = int(np.iinfo(pixels.dtype).max)
    out = np.empty((*pixels.shape[:2], 3), dtype=pixels.dtype)
    for y, row in enumerate(pixels.astype(np.uint32, copy=False)):
        alpha = row[:, 3:]
        out[y] = (row[:, :3].astype(np.uint64) * alpha + top * (top - alpha) + top // 2) // top
    return out
