"""How many bytes of a file are its container: what it says of the picture besides coded samples.

JPEG: markers and their tables up to each scan's data. WebP and AVIF: everything outside the
coded frame's chunk (`VP8 `, `mdat`). JPEG 2000: the main header, tile headers and end marker.
"""

from __future__ import annotations

__all__ = [
    "avif_container",
    "closed_jpeg",
    "jpeg2000_container",
    "jpeg_container",
    "webp_container",
]

_STANDALONE = {0x01, *range(0xD0, 0xDA)}
_SCAN, _END = 0xDA, 0xD9


def jpeg_container(data: bytes) -> int:
    """Bytes of markers and tables of a JPEG file (baseline or progressive, whole or cut)."""
    at, samples = 0, 0
    while at + 1 < len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker == _END:
            break
        if marker in _STANDALONE:
            at += 2
            continue
        if at + 4 > len(data):
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN:
            end = _scan_end(data, at)
            samples += end - min(at, len(data))
            at = end
    return len(data) - samples


def closed_jpeg(data: bytes) -> bytes:
    """A JPEG file cut anywhere, ended as a file is: without a marker segment that was cut.

    Decoders show a scan that lacks its last part, and nothing where a segment of tables does.
    """
    at = 0
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _END:
        marker = data[at + 1]
        length = 0 if marker in _STANDALONE else int.from_bytes(data[at + 2 : at + 4], "big")
        following = at + 2 + length
        if following > len(data):
            break
        at = _scan_end(data, following) if marker == _SCAN else following
    return data[:at] + bytes([0xFF, _END])


def _scan_end(data: bytes, at: int) -> int:
    """Where the entropy-coded bytes that begin at `at` end: at a marker that is no restart."""
    while (at := data.find(b"\xff", at)) >= 0:
        following = data[at + 1 : at + 2]
        if following and following[0] != 0 and not 0xD0 <= following[0] <= 0xD7:
            return at
        at += 2
    return len(data)


def webp_container(data: bytes) -> int:
    """Bytes of a WebP file outside its frame's chunk data."""
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] in (b"VP8 ", b"VP8L"):
            return len(data) - min(size, len(data) - at - 8)
        at += 8 + size + size % 2
    return len(data)


def avif_container(data: bytes) -> int:
    """Bytes of an AVIF file outside its media data box's contents."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"mdat":
            size = size or len(data) - at
            return len(data) - min(size - 8, len(data) - at - 8)
        if size < 8:
            break
        at += size
    return len(data)


def jpeg2000_container(data: bytes) -> int:
    """Bytes of a JPEG 2000 code stream of one tile outside its packets."""
    start = data.find(b"\xff\x93")  # start of data: packets follow
    if start < 0:
        return len(data)
    end = 2 if data.endswith(b"\xff\xd9") else 0
    return start + 2 + end
