"""Pictures in and out: whatever a user has, as rows of sRGB values, and what was done to it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from codec_plugin.bitstream.container import MAX_SIDE_PX
from codec_plugin.errors import ImageError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["Picture", "as_picture", "read_picture", "write_pixels"]

_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


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


def read_picture(source: str | Path | BinaryIO) -> Picture:
    """Read an image file (anything Pillow opens).

    Raises:
        ImageError: missing, not an image, damaged, or larger than 8192 pixels a side.
    """
    from PIL import Image, UnidentifiedImageError

    name = str(source) if isinstance(source, str | Path) else "the input"
    try:
        data = Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
        with Image.open(io.BytesIO(data)) as image:
            return as_picture(image)
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not an image that Pillow can open") from None
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ImageError(f"cannot read {name}: {error}") from error


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
        return _from_pillow(image)
    raise ImageError(
        f"expected a Pillow image, a numpy array or a torch tensor, got {type(image).__name__}"
    )


def write_pixels(pixels: NDArray[np.uint8], suffix: str) -> bytes:
    """Encode (H, W, 3) or (H, W) uint8 as an image file of the type that `suffix` names.

    Raises:
        ImageError: Pillow writes no such type.
    """
    from PIL import Image

    kind = Image.registered_extensions().get(suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ImageError(f"cannot write {suffix or 'a file without suffix'}; use .png or .webp")
    out = io.BytesIO()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    try:
        Image.fromarray(pixels).save(out, kind, **lossless)
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(f"cannot write this picture as {suffix}: {error}; use .png") from error
    return out.getvalue()


def _check_size(height: int, width: int) -> None:
    if not (1 <= height <= MAX_SIDE_PX and 1 <= width <= MAX_SIDE_PX):
        raise ImageError(
            f"the picture has {width} × {height} pixels, allowed are 1 to {MAX_SIDE_PX} a side; "
            "scale it or cut it first"
        )


def _from_pillow(image: Image) -> Picture:
    """Upright, first frame, composited; notes say what was done."""
    from PIL import ImageOps

    _check_size(image.height, image.width)
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"first of {image.n_frames} frames")  # type: ignore[attr-defined]
    profile = image.info.get("icc_profile")
    if profile:
        notes.append(f"ICC profile ({_profile_name(profile)}) not applied: values read as sRGB")
    orientation = image.getexif().get(0x0112, 1)
    if orientation in range(2, 9):
        notes.append(f"turned upright (EXIF orientation {orientation})")
        image = ImageOps.exif_transpose(image)
    picture = _pillow_values(image)
    return replace(picture, notes=(*notes, *picture.notes))


def _pillow_values(image: Image) -> Picture:
    mode = image.mode
    if mode in _DEEP_MODES:
        return _from_array(np.asarray(image.convert("I")).astype(np.uint16), channels_last=True)
    if mode == "I":  # 32-bit integers: what Pillow makes of some 16-bit files
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ImageError("32-bit integer pixels; convert the picture to 8 or 16 bits first")
        return _from_array(values.astype(np.uint16), channels_last=True)
    if mode == "F":
        return _from_array(np.asarray(image), channels_last=True)
    if mode == "La":  # Pillow converts it to nothing but LA
        image = image.convert("LA")
    if mode in _ALPHA_MODES or "transparency" in image.info:
        return _from_array(np.asarray(image.convert("RGBA")), channels_last=True)
    if mode in ("1", "L"):
        return _from_array(np.asarray(image.convert("L")), channels_last=True)
    return _from_array(np.asarray(image.convert("RGB")), channels_last=True)


def _profile_name(profile: bytes) -> str:
    from PIL import ImageCms

    try:
        return ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (OSError, ImageCms.PyCMSError):
        return "unreadable"


def _from_array(values: NDArray[Any], *, channels_last: bool) -> Picture:
    """Values of any accepted type and shape as (H, W, 3) integers."""
    if values.ndim == 3 and not channels_last:
        values = values.transpose(1, 2, 0)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4):
        axes = "(H, W) or (H, W, 1 | 3 | 4)" if channels_last else "(H, W) or (1 | 3 | 4, H, W)"
        raise ImageError(f"expected an array of shape {axes}, got {values.shape}")
    _check_size(values.shape[0], values.shape[1])
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
