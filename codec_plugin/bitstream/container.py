"""The file: a checked header, then one checked segment a stage; every prefix is a valid file.

    magic version model map shape height width length_1 … length_n check │ payload_1 check_1 │ …

A segment is its payload (range coded, see `coder`) and four bytes of CRC-32 over that payload.
Version 2 has one more segment right behind the header: what a classifier saw (`answer`).
Cutting a file anywhere after the header leaves a file: the header still tells the lengths of the
whole, so a reader knows which stages are complete (and checks them) and which one was cut.
The specification for other implementations is docs/format.md.
"""

from __future__ import annotations

import binascii
import zlib
from dataclasses import dataclass

from codec_plugin.bitstream.fields import Field
from codec_plugin.errors import BitstreamError, ConfigError

__all__ = [
    "ANSWER_VERSION",
    "CHECK_BYTES",
    "HEADER_FIELDS",
    "MAGIC",
    "MAX_ANSWER_BYTES",
    "MAX_HEADER_BYTES",
    "MAX_PAYLOAD_BYTES",
    "MAX_SIDE_PX",
    "MAX_STAGES",
    "VERSION",
    "Header",
    "byte_limit",
    "pack_file",
    "pack_header",
    "read_header",
    "try_read_header",
]

MAGIC = b"C2F"
VERSION = 1
ANSWER_VERSION = 2
"""Version of files with an answer behind the header; those without stay what they were."""
ID_BYTES = 4
CHECK_BYTES = 4
MAX_STAGES = 16
MAX_SIDE_PX = 8192
MAX_PAYLOAD_BYTES = (1 << 28) - 1
MAX_ANSWER_BYTES = 64
GREY_FLAG = 0x10
_ANSWER_SHIFT = 5  # three bits above the grey flag: length of the answer less one, if below
_LONG_ANSWER = 7  # … this, which says that the length has a field of its own


SHAPE = Field("stages and flags", 1, 0, MAX_STAGES - 1 | GREY_FLAG)
HEIGHT = Field("height in pixels", 2, 1, MAX_SIDE_PX, variable=True)
WIDTH = Field("width in pixels", 2, 1, MAX_SIDE_PX, variable=True)
ANSWER_LENGTH = Field(
    "answer length in bytes", 1, _LONG_ANSWER + 1, MAX_ANSWER_BYTES, variable=True
)
LENGTH = Field("payload length in bytes", 4, 0, MAX_PAYLOAD_BYTES, variable=True)
HEADER_FIELDS = (
    Field("magic", len(MAGIC), int.from_bytes(MAGIC, "big"), int.from_bytes(MAGIC, "big")),
    Field("version", 1, VERSION, ANSWER_VERSION),
    Field("model id", ID_BYTES, 0, (1 << 8 * ID_BYTES) - 1),
    Field("label map id", ID_BYTES, 0, (1 << 8 * ID_BYTES) - 1),
    SHAPE,
    HEIGHT,
    WIDTH,
)
_FIELDS = {
    VERSION: HEADER_FIELDS,
    ANSWER_VERSION: tuple(f._replace(high=0xFF) if f is SHAPE else f for f in HEADER_FIELDS),
}
HEADER_CHECK = Field("header check", 2, 0, (1 << 16) - 1)
MAX_HEADER_BYTES = (
    sum(field.width_bytes for field in (*HEADER_FIELDS, ANSWER_LENGTH, HEADER_CHECK))
    + MAX_STAGES * LENGTH.width_bytes
)


@dataclass(frozen=True)
class Header:
    """What the first bytes say: picture, which model made it, and where the stages end.

    Attributes:
        height_px, width_px: 1 to 8192.
        model_id: first 4 bytes of the model's hash.
        label_map_id: first 4 bytes of the label map's hash, zeros for none.
        payload_bytes: one length a stage, coarse first, checks not counted.
        grey: the picture had one channel and decodes to one.
        answer_bytes: length of the answer behind the header, its check counted; 0 for none.
    """

    height_px: int
    width_px: int
    model_id: bytes
    label_map_id: bytes
    payload_bytes: tuple[int, ...]
    grey: bool = False
    answer_bytes: int = 0

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.payload_bytes)

    @property
    def size_bytes(self) -> int:
        """Bytes of the header itself."""
        return len(pack_header(self))

    @property
    def version(self) -> int:
        """Version of the format that this header is written in."""
        return ANSWER_VERSION if self.answer_bytes else VERSION

    @property
    def first_stage(self) -> int:
        """Offset of the first stage: behind the header and the answer."""
        return self.size_bytes + self.answer_bytes

    @property
    def ends(self) -> tuple[int, ...]:
        """Offset behind each stage's segment; the last is the size of the whole file."""
        at, ends = self.first_stage, []
        for length in self.payload_bytes:
            at += length + CHECK_BYTES
            ends.append(at)
        return tuple(ends)


def pack_header(header: Header) -> bytes:
    """Header as bytes: at most 31 for three stages, 32 before a long answer.

    Raises:
        BitstreamError: a value outside its field, or not 1 to 16 stages.
    """
    if not 1 <= header.stages <= MAX_STAGES:
        raise BitstreamError(f"header: {header.stages} stages, allowed are 1 to {MAX_STAGES}")
    if len(header.model_id) != ID_BYTES or len(header.label_map_id) != ID_BYTES:
        raise BitstreamError(f"header: ids have {ID_BYTES} bytes")
    if not 0 <= header.answer_bytes <= MAX_ANSWER_BYTES:
        raise BitstreamError(
            f"header: an answer of {header.answer_bytes} bytes, allowed are 1 to {MAX_ANSWER_BYTES}"
        )
    short = min(max(header.answer_bytes - 1, 0), _LONG_ANSWER)
    values = (
        int.from_bytes(MAGIC, "big"),
        header.version,
        int.from_bytes(header.model_id, "big"),
        int.from_bytes(header.label_map_id, "big"),
        header.stages - 1 | (GREY_FLAG if header.grey else 0) | short << _ANSWER_SHIFT,
        header.height_px,
        header.width_px,
    )
    fields = zip(_FIELDS[header.version], values, strict=True)
    body = b"".join(field.pack(value) for field, value in fields)
    if short == _LONG_ANSWER:
        body += ANSWER_LENGTH.pack(header.answer_bytes)
    body += b"".join(LENGTH.pack(length) for length in header.payload_bytes)
    return body + HEADER_CHECK.pack(_header_check(body))


def _header_check(body: bytes) -> int:
    """CRC-16 (polynomial 0x1021, from 0xFFFF) of the header's bytes before the check."""
    return binascii.crc_hqx(body, 0xFFFF)


def try_read_header(data: bytes) -> Header | None:
    """Header at the start of `data`, or None as long as more bytes are needed to tell.

    Raises:
        BitstreamError: the bytes cannot become a header, however many follow.
    """
    if not MAGIC.startswith(data[: len(MAGIC)]):
        raise BitstreamError(
            f"the first bytes are {data[: len(MAGIC)].hex()}, a .c2f file starts with {MAGIC.hex()}"
        )
    opening = _read_fields(data, HEADER_FIELDS[:2], 0)
    if opening is None:
        return None
    (_, version), at = opening
    fixed = _read_fields(data, _FIELDS[version][2:], at)
    if fixed is None:
        return None
    (model_id, label_map_id, shape, height, width), at = fixed
    answer_bytes = (shape >> _ANSWER_SHIFT) + 1 if version == ANSWER_VERSION else 0
    long = (ANSWER_LENGTH,) if answer_bytes > _LONG_ANSWER else ()
    tail = _read_fields(data, (*long, *(LENGTH,) * ((shape & 0x0F) + 1)), at)
    if tail is None:
        return None
    lengths, at = tail
    check = HEADER_CHECK.read(data, at)
    if check is None:
        return None
    if check[0] != _header_check(data[:at]):
        raise BitstreamError("the header's check fails: its bytes are not those that were written")
    return Header(
        height_px=height,
        width_px=width,
        model_id=model_id.to_bytes(ID_BYTES, "big"),
        label_map_id=label_map_id.to_bytes(ID_BYTES, "big"),
        payload_bytes=tuple(lengths[len(long) :]),
        grey=bool(shape & GREY_FLAG),
        answer_bytes=lengths[0] if long else answer_bytes,
    )


def _read_fields(data: bytes, fields: tuple[Field, ...], at: int) -> tuple[list[int], int] | None:
    """Values of the fields that begin at an offset, and the offset behind; None as a field's."""
    values = []
    for field in fields:
        got = field.read(data, at)
        if got is None:
            return None
        values.append(got[0])
        at = got[1]
    return values, at


def read_header(data: bytes) -> Header:
    """Header at the start of `data`.

    Raises:
        BitstreamError: not this format, damaged, or cut inside the header.
    """
    header = try_read_header(data)
    if header is None:
        raise BitstreamError(f"{len(data)} bytes end inside the header: give more of the file")
    return header


def pack_file(header: Header, payloads: list[bytes], answer: bytes = b"") -> bytes:
    """Whole file of a header, its answer (see `answer.pack_answer`) and its stages' payloads."""
    if len(answer) != header.answer_bytes:
        raise BitstreamError(
            f"an answer of {len(answer)} bytes, the header says {header.answer_bytes}"
        )
    parts = [pack_header(header), answer]
    for payload, length in zip(payloads, header.payload_bytes, strict=True):
        if len(payload) != length:
            raise BitstreamError(f"payload of {len(payload)} bytes, the header says {length}")
        parts += [payload, zlib.crc32(payload).to_bytes(CHECK_BYTES, "big")]
    return b"".join(parts)


def byte_limit(header: Header, max_bytes: int | None, bpp: float | None) -> int:
    """How many bytes of a file may be used: the lesser of two limits and the whole.

    Raises:
        ConfigError: a limit below zero.
        BitstreamError: a limit that does not hold the header.
    """
    limits = [header.ends[-1]]
    if max_bytes is not None:
        limits.append(max_bytes)
    if bpp is not None:
        if not bpp >= 0:
            raise ConfigError(f"bits per pixel must be 0 or more; got {bpp}")
        limits.append(int(min(bpp, 1e6) * header.height_px * header.width_px / 8))
    if min(limits) < 0:
        raise ConfigError(f"a number of bytes must be 0 or more; got {max_bytes}")
    if min(limits) < header.size_bytes:
        raise BitstreamError(
            f"a limit of {min(limits)} does not hold the header of {header.size_bytes} bytes; "
            "allow more"
        )
    return min(limits)
