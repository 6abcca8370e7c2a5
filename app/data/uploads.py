"""Uploads: bytes from a stranger, made into one of our objects or refused in a sentence."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path

from codec_plugin import ImageError, Picture, read_picture
from hierlab import ClassList, HierlabError, LabelMap
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import ClassListError
from hierlab.labelmap import loads_label_map

__all__ = [
    "MAX_CLASSES_MB",
    "MAX_MAP_MB",
    "MAX_PICTURE_MB",
    "MAX_ROWS",
    "MAX_TABLE_MB",
    "UploadError",
    "class_list_of",
    "digest",
    "label_map_of",
    "picture_of",
]

MAX_MAP_MB = 64
MAX_PICTURE_MB = 32
MAX_TABLE_MB = 32
MAX_CLASSES_MB = 8
MAX_PIXELS = 24_000_000
MAX_ROWS = 500_000


class UploadError(Exception):
    """An upload that cannot be used; the message is for the page."""


def digest(content: bytes) -> str:
    """First 16 hex digits of the SHA-256: the key of what was made from the bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def label_map_of(content: bytes) -> LabelMap:
    """Read an uploaded label map.

    Raises:
        UploadError: too large, or not a sound label map; the message names the field.
    """
    _check_size(content, MAX_MAP_MB, "a label map")
    try:
        return loads_label_map(content, source="the uploaded file")
    except HierlabError as error:
        raise UploadError(f"This is not a label map that can be used: {error}.") from error


def class_list_of(content: bytes, suffix: str) -> ClassList:
    """Read pasted or uploaded classes.

    Args:
        content: the text.
        suffix: `.txt`, `.csv`, `.json`, `.yaml`, …: which of the formats of `load_classes` it is.

    Raises:
        UploadError: too large, or no such list.
    """
    _check_size(content, MAX_CLASSES_MB, "a class list")
    if suffix not in (".txt", ".csv", ".tsv", ".json", ".yaml", ".yml"):
        raise UploadError("A class list is a txt, csv, tsv, json or yaml file.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"classes{suffix}"
        path.write_bytes(content)
        try:
            return load_classes(path)
        except ClassListError as error:
            told = str(error).replace(str(path), "the list")
            raise UploadError(f"This class list cannot be used: {told}.") from error
        except HierlabError as error:
            told = str(error).replace(str(path), "it")
            raise UploadError(f"This class list cannot be read: {told}.") from error


def picture_of(content: bytes) -> Picture:
    """Read an uploaded photograph as the command line does; sizes are checked before unpacking.

    Raises:
        UploadError: too many bytes or pixels, or not a picture.
    """
    _check_size(content, MAX_PICTURE_MB, "a picture")
    try:
        return read_picture(
            io.BytesIO(content),
            name="the picture",
            max_side_px=None,
            max_pixels=MAX_PIXELS,
            formats=("JPEG", "PNG", "WEBP", "AVIF"),
        )
    except ImageError as error:
        told = str(error).removeprefix("the picture: ")
        if "million" in told:
            raise UploadError(f"{told[:1].upper()}{told[1:]}.") from error
        raise UploadError(
            "This is not a JPEG, PNG, WebP or AVIF picture that can be read."
        ) from error


def _check_size(content: bytes, limit_mb: int, what: str) -> None:
    if not content:
        raise UploadError("The file is empty.")
    if len(content) > limit_mb * 2**20:
        raise UploadError(f"The file is larger than {limit_mb} MB, the limit for {what}.")
