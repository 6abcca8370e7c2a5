"""What arrived of a file's stages, and which of it can be trusted."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from codec_plugin.bitstream.container import CHECK_BYTES, Header
from codec_plugin.errors import BlockDamagedError

__all__ = ["Segment", "sound_segments", "split_segments"]


@dataclass(frozen=True)
class Segment:
    """What arrived of one stage.

    Attributes:
        stage: 0-based.
        payload: the bytes that arrived, without the check.
        whole: all of the payload arrived (its check may still be under way).
        check: "right", "wrong", or "absent" where the file ends before it.
    """

    stage: int
    payload: bytes
    whole: bool
    check: str
    expected: int = 0
    found: int = 0

    def damage(self) -> BlockDamagedError:
        """The error that tells of a wrong check."""
        return BlockDamagedError(self.stage, self.expected, self.found)


def split_segments(data: bytes, header: Header) -> tuple[Segment, ...]:
    """The stages of which at least one byte, or all of a zero-length payload, arrived.

    Checks are computed, not enforced: the reader stops before the first wrong one.
    """
    segments, at = [], header.first_stage
    for stage, length in enumerate(header.payload_bytes):
        payload = data[at : at + length]
        written = data[at + length : at + length + CHECK_BYTES]
        if not payload and not written:
            break
        expected, actual = int.from_bytes(written, "big"), zlib.crc32(payload)
        check = "absent"
        if len(written) == CHECK_BYTES:
            check = "right" if expected == actual else "wrong"
        segments.append(Segment(stage, payload, len(payload) == length, check, expected, actual))
        at += length + CHECK_BYTES
    return tuple(segments)


def sound_segments(segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """The segments before the first damaged one, and a warning about that one.

    Raises:
        BlockDamagedError: the first stage is damaged: nothing can be trusted.
    """
    for segment in segments:
        if segment.check == "wrong":
            if segment.stage == 0:
                raise segment.damage()
            return segments[: segment.stage], (str(segment.damage()),)
    return segments, ()
