"""Files that this codec made, and of what kind, by content; only those are replaced unasked."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hierlab.utils.file_signature import kind_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SOFTWARE", "SOFTWARE_TAG", "kind_of_codec_file", "made_by_codec"]

SOFTWARE = "hierlab"
"""What our pictures name as their maker."""

SOFTWARE_TAG = 0x0131  # of EXIF
_HEAD_BYTES = 1 << 16
_STARTS = {
    b"C2F\x01": ".c2f file",
    b"C2F\x02": ".c2f file",  # with an answer
    b"subject,image,cut,bytes,": "table of results",
    b'[\n {\n  "subject": "': "summary of results",
    b'{\n "photographs": "': "protocol of a benchmark",
    b"<!-- hierlab -->": "page",
}


def made_by_codec(path: Path) -> bool:
    """Whether a file is one of ours: .c2f, checkpoint, table, page, or a picture that says so.

    An empty file holds nothing that could be lost, and counts as ours.

    Raises:
        OSError: it cannot be read.
    """
    return bool(kind_of_codec_file(path))


def kind_of_codec_file(path: Path) -> str | bool | None:
    """What a file of ours is: ".c2f file", "checkpoint", …; True for an empty one, None for others.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        stream.seek(max(0, stream.seek(0, 2) - _HEAD_BYTES))
        tail = stream.read()
    if not head:
        return True
    unpacked = _unpacked(head)
    for start, kind in _STARTS.items():
        if head.startswith(start) or unpacked.startswith(start):
            return kind
    if head.startswith(b"PAR1") and b"subject" in tail and b"rate_bpp" in tail:
        return "table of results"
    if b'"__metadata__":{"c2f":' in head[:64]:
        return "checkpoint"
    return kind_of(path) or ("picture" if _picture_says_so(path) else None)


def _unpacked(head: bytes) -> bytes:
    """Beginning of what a gzip file holds; nothing where it is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 64)
    except zlib.error:
        return b""


def _picture_says_so(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return bool(image.getexif().get(SOFTWARE_TAG) == SOFTWARE)
    except Exception:  # no picture, or a damaged one: not ours
        return False
