"""Pillow images of any mode as plain arrays: sRGB colours, transparency as a channel."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from codec_plugin.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["Values", "deep_colour", "frames", "orientation", "pillow_values", "turned"]

_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
_PLAIN_MODES = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA"}
_NEAR_LEVELS = 2
"""A profile that moves no colour by more is sRGB under another name."""


class Values(NamedTuple):
    """Pixels as the file holds them, colours converted.

    Attributes:
        array: (H, W), or (H, W, 3 | 4) with opacity last; uint8, uint16 or float.
        notes: what was done, a sentence each.
    """

    array: NDArray[Any]
    notes: tuple[str, ...] = ()


def frames(image: Image) -> int:
    """How many pictures the file holds."""
    return int(getattr(image, "n_frames", 1))


def orientation(image: Image) -> int:
    """EXIF orientation 2 to 8, or 0 for an upright picture (or for unreadable EXIF)."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # the picture is sound, only what is said of it is not
        return 0
    return int(value) if value in range(2, 9) else 0


def turned(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """An array (H, W, …) upright, from its EXIF orientation."""
    if orientation >= 5:
        values = values.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return values


def deep_colour(image: Image, data: bytes) -> Values | None:
    """Sixteen bits of three or four channels, of which Pillow keeps the upper eight.

    It is asked twice, the second time with the order of the bytes turned round: that gives the
    lower eight.

    Args:
        data: the file; empty where it is not at hand.
    Returns:
        None for any other picture, and where Pillow cannot do it.
    """
    from PIL import Image as pillow

    tiles = list(getattr(image, "tile", ()))
    turned_round = [tile._replace(args=_turned_round(tile.args)) for tile in tiles]
    if not data or not tiles or image.mode not in ("RGB", "RGBA") or turned_round == tiles:
        return None
    level = image.info.get("transparency")
    try:
        with pillow.open(io.BytesIO(data), formats=(image.format or "",)) as again:
            again.tile = turned_round
            low = np.asarray(again)
    except (OSError, ValueError):
        return None
    image.load()
    array = (np.asarray(image).astype(np.uint16) << 8) | low
    array = _with_opacity(array, level)
    transform = _Transform.of(image)
    if transform is None:
        return Values(array)
    if not transform.takes("RGB"):
        return Values(array, (transform.unfit,))
    eight = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return Values(transform.colours(eight), (f"{transform.note}, in 8 bits of 16",))


_ROUND = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_ROUND |= {little: big for big, little in _ROUND.items()}
_ROUND |= {f"{mode};16N": f"{mode};16{'B' if sys.byteorder == 'little' else 'L'}"
           for mode in ("RGB", "RGBA")}  # fmt: skip


def _turned_round(args: Any) -> Any:
    """Arguments of a tile of Pillow's with the other order of bytes; others as they are."""
    if isinstance(args, tuple):
        return tuple(_turned_round(part) for part in args)
    return _ROUND.get(args, args) if isinstance(args, str) else args


def pillow_values(image: Image) -> Values:
    """An image of any mode of Pillow."""
    level = _transparent_level(image)  # before the picture is unpacked
    notes = (_LOST_DEPTH,) if _loses_depth(image) else ()
    image.load()
    if image.mode in (*_DEEP_MODES, "I"):
        return _deep_grey(image, level)
    if image.mode == "F":
        return Values(np.asarray(image))
    transform = _Transform.of(image)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        level = None
    plain = image.convert(_PLAIN_MODES.get(image.mode, image.mode))
    if transform is not None and transform.takes(plain.mode):
        return Values(_with_opacity(transform.pixels(plain), level), (*notes, transform.note))
    if transform is not None:
        notes = (*notes, transform.unfit)
    if plain.mode not in ("L", "LA", "RGB", "RGBA"):
        plain = plain.convert("RGB")
    array = np.asarray(plain.convert("RGBA") if plain.mode == "LA" else plain)
    return Values(_with_opacity(array, level), notes)


_LOST_DEPTH = "16 bits a channel read as 8"


def _loses_depth(image: Image) -> bool:
    """Whether Pillow drops the lower half of each channel while it unpacks."""
    if image.mode in (*_DEEP_MODES, "I", "F"):
        return False
    for tile in getattr(image, "tile", ()):
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if any(isinstance(part, str) and ";16" in part for part in args):
            return True
        if image.format == "PPM" and len(args) > 1 and int(args[1] or 0) > 255:
            return True
    return False


def _transparent_level(image: Image) -> Any:
    """The level, or triple of levels, that a grey or RGB file calls transparent.

    A PNG of 1, 2 or 4 bits tells it in its own range.
    """
    level = image.info.get("transparency")
    if image.mode not in ("1", "L", "RGB", "I", *_DEEP_MODES) or isinstance(level, bytes):
        return None
    tiles = getattr(image, "tile", ())
    raw = tiles[0].args if tiles else ""
    bits = {"L;2": 2, "L;4": 4}.get(raw if isinstance(raw, str) else "", 8)
    if level is not None and image.mode == "1":
        return 255 * min(int(level), 1)
    if isinstance(level, tuple) and isinstance(raw, str) and ";16" in raw:
        return tuple(part >> 8 for part in level)
    return level * 255 // (2**bits - 1) if isinstance(level, int) else level


def _with_opacity(array: NDArray[Any], level: Any) -> NDArray[Any]:
    """(H, W[, 3]) as (H, W, 4) where one level is transparent; anything else as it is."""
    if level is None or (array.ndim == 3 and array.shape[2] == 4):
        return array
    colours = array if array.ndim == 3 else np.repeat(array[:, :, None], 3, 2)
    seen = (array != level) if array.ndim == 2 else (array != np.asarray(level)).any(2)
    opacity = np.where(seen, array.dtype.type(np.iinfo(array.dtype).max), array.dtype.type(0))
    return np.concatenate([colours, opacity[:, :, None]], 2)


def _deep_grey(image: Image, level: Any) -> Values:
    values = np.asarray(image.convert("I") if image.mode != "I" else image)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError("32-bit integer pixels; convert the picture to 8 or 16 bits first")
    array = _with_opacity(values.astype(np.uint16), level)
    transform = _Transform.of(image)
    if transform is None:
        return Values(array)
    if not transform.takes("L"):
        return Values(array, (transform.unfit,))
    return Values(transform.grey(array), (transform.note,))


class _Transform:
    """Colours of a profile to sRGB, by LittleCMS through Pillow.

    Attributes:
        note: what it does, a sentence.
        unfit: that it cannot be used on pixels that it does not take, a sentence.
        is_grey: the profile is of one channel.
    """

    def __init__(self, profile: Any, name: str, space: str) -> None:
        self._profile, self._space = profile, space
        self.is_grey = space == "GRAY"
        self.note = f"colours converted from {name} to sRGB"
        self.unfit = f"the colour profile {name} is not of such pixels: values read as sRGB"

    @classmethod
    def of(cls, image: Image) -> _Transform | None:
        """What the picture's profile asks for; None without one, or where it is sRGB."""
        from PIL import ImageCms

        data = image.info.get("icc_profile")
        if not data:
            return None
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
            space = profile.profile.xcolor_space.strip()
            name = ImageCms.getProfileDescription(profile).strip() or "its profile"
            transform = cls(profile, f"“{name}”", space)
            if transform.changes_nothing():
                return None
        except (OSError, ValueError, ImageCms.PyCMSError):
            return _Unreadable()
        return transform

    def takes(self, mode: str) -> bool:
        """Whether the profile is one of such pixels."""
        spaces = {"L": "GRAY", "LA": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}
        return spaces.get(mode) == self._space

    def changes_nothing(self) -> bool:
        """Whether no colour of a coarse grid moves."""
        steps = np.linspace(0, 255, 9).round().astype(np.uint8)
        if self._space == "GRAY":
            ramp = np.arange(256)
            return bool(abs(self._curve() - ramp).max() <= _NEAR_LEVELS)
        if self._space != "RGB":
            return False
        grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
        return bool(abs(self.colours(grid).astype(int) - grid).max() <= _NEAR_LEVELS)

    def pixels(self, image: Image) -> NDArray[np.uint8]:
        """An image of a mode that it takes, as (H, W[, 3 | 4])."""
        if image.mode == "LA":
            image = image.convert("RGBA")
        array = np.asarray(image)
        if self.is_grey:
            return self.grey(array)
        if image.mode == "CMYK":
            return np.asarray(self._applied(image, "RGB"))
        return self.colours(array)

    def colours(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3 | 4) uint8 in sRGB, opacity as it is."""
        from PIL import Image

        done = np.asarray(self._applied(Image.fromarray(array[:, :, :3].copy()), "RGB"))
        return np.concatenate([done, array[:, :, 3:]], 2)

    def grey(self, array: NDArray[Any]) -> NDArray[Any]:
        """(H, W) or (H, W, 4) of one grey profile, 8 or 16 bits."""
        top = int(np.iinfo(array.dtype).max)
        curve = np.interp(np.arange(top + 1) * (255 / top), np.arange(256), self._curve())
        table = np.round(curve * (top / 255)).astype(array.dtype)
        if array.ndim == 2:
            levels: NDArray[Any] = table[array]
            return levels
        return np.concatenate([table[array[:, :, :3]], array[:, :, 3:]], 2)

    def _curve(self) -> NDArray[np.float64]:
        """What each of 256 greys becomes."""
        from PIL import Image

        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        levels: NDArray[np.float64] = np.asarray(self._applied(ramp, "RGB"))[0].mean(1)
        return levels

    def _applied(self, image: Image, mode: str) -> Image:
        from PIL import ImageCms

        done = ImageCms.profileToProfile(
            image,
            self._profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=mode,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        assert done is not None
        return done


class _Unreadable(_Transform):
    """A profile that LittleCMS cannot read: the values are taken as sRGB, and a note says so."""

    def __init__(self) -> None:
        self.is_grey = False
        self.unfit = "the colour profile is unreadable: values read as sRGB"

    def takes(self, mode: str) -> bool:
        """None."""
        return False
