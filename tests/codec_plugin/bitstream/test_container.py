"""Header and segments: fields in range, checks, and what every prefix says."""

import binascii
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_plugin.bitstream.container import (
    CHECK_BYTES,
    MAX_ANSWER_BYTES,
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_SIDE_PX,
    MAX_STAGES,
    Header,
    pack_file,
    pack_header,
    read_header,
    try_read_header,
)
from codec_plugin.bitstream.segments import split_segments
from codec_plugin.errors import BitstreamError

HEADER = Header(
    height_px=256,
    width_px=171,
    model_id=bytes.fromhex("01020304"),
    label_map_id=bytes.fromhex("a0b0c0d0"),
    payload_bytes=(3, 0, 200),
)
PAYLOADS = [b"abc", b"", bytes(range(200))]

headers = st.builds(
    Header,
    height_px=st.integers(1, MAX_SIDE_PX),
    width_px=st.integers(1, MAX_SIDE_PX),
    model_id=st.binary(min_size=4, max_size=4),
    label_map_id=st.binary(min_size=4, max_size=4),
    payload_bytes=st.lists(st.integers(0, MAX_PAYLOAD_BYTES), min_size=1, max_size=16).map(tuple),
    grey=st.booleans(),
    answer_bytes=st.integers(0, MAX_ANSWER_BYTES),
)


def resealed(body: bytes) -> bytes:
    """Header bytes with the check that belongs to them: what an attacker would write."""
    return body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")


@given(headers)
def test_a_header_comes_back(header: Header) -> None:
    data = pack_header(header)
    assert read_header(data + b"more") == header
    assert header.size_bytes == len(data) <= MAX_HEADER_BYTES
    assert data[3] == header.version == (2 if header.answer_bytes else 1)
    for length in range(len(data)):
        assert try_read_header(data[:length]) is None


def test_the_header_is_pinned() -> None:
    assert pack_header(HEADER).hex() == "4332460101020304a0b0c0d0028002ab010300c8016cc9"


@pytest.mark.parametrize(
    ("answer_bytes", "pinned"),
    [
        (4, "4332460201020304a0b0c0d0628002ab010300c801"),
        (64, "4332460201020304a0b0c0d0e28002ab01400300c801"),
    ],
)
def test_the_header_of_an_answer_is_pinned(answer_bytes: int, pinned: str) -> None:
    header = replace(HEADER, answer_bytes=answer_bytes)
    assert pack_header(header)[:-2].hex() == pinned
    assert header.ends == tuple(
        end + header.size_bytes - HEADER.size_bytes + answer_bytes for end in HEADER.ends
    )


@pytest.mark.parametrize("lengths", [(0, 0, 0), (MAX_PAYLOAD_BYTES,) * 3])
def test_three_stages_fit_32_bytes(lengths: tuple[int, ...]) -> None:
    header = Header(MAX_SIDE_PX, MAX_SIDE_PX, b"1234", b"5678", lengths)
    assert len(pack_header(header)) <= 32


@pytest.mark.parametrize("position", range(len(pack_header(HEADER))))
@pytest.mark.parametrize("bit", range(8))
def test_every_bit_of_the_header_is_checked(position: int, bit: int) -> None:
    data = bytearray(pack_file(HEADER, PAYLOADS))
    data[position] ^= 1 << bit
    with pytest.raises(BitstreamError):
        read_header(bytes(data))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"PNG", "starts with 433246"),
        (b"C2F\x03", "version is 3"),
        (b"C2F\x01" + bytes(8) + b"\x20", "stages and flags is 32"),
        (b"C2F\x02" + bytes(8) + b"\xe0\x01\x01\x07", "answer length in bytes is 7"),
        (b"C2F\x02" + bytes(8) + b"\xe0\x01\x01\x41", "answer length in bytes is 65"),
        (b"C2F\x02" + bytes(8) + b"\xe0\x01\x01\x80", "more than 1 bytes"),
        (b"C2F\x01" + bytes(8) + b"\x00\x00", "height in pixels is 0"),
        (b"C2F\x01" + bytes(8) + b"\x00\x81\x40", "height in pixels is 8193"),
        (b"C2F\x01" + bytes(8) + b"\x00\xff\x80", "more than 2 bytes"),
        (b"C2F\x01" + bytes(8) + b"\x00\x81\x00", "padded with zeros"),
        (b"C2F\x01" + bytes(8) + b"\x00\x01\x01\xff\xff\xff\xff\x01", "more than 4 bytes"),
    ],
)
def test_fields_out_of_range_are_named(body: bytes, sentence: str) -> None:
    with pytest.raises(BitstreamError, match=sentence):
        read_header(resealed(body))


@pytest.mark.parametrize(
    "header",
    [
        Header(0, 1, b"1234", b"1234", (1,)),
        Header(1, MAX_SIDE_PX + 1, b"1234", b"1234", (1,)),
        Header(1, 1, b"123", b"1234", (1,)),
        Header(1, 1, b"1234", b"1234", ()),
        Header(1, 1, b"1234", b"1234", (1,) * (MAX_STAGES + 1)),
        Header(1, 1, b"1234", b"1234", (MAX_PAYLOAD_BYTES + 1,)),
        Header(1, 1, b"1234", b"1234", (1,), answer_bytes=MAX_ANSWER_BYTES + 1),
        Header(1, 1, b"1234", b"1234", (1,), answer_bytes=-1),
    ],
)
def test_a_writer_refuses_what_a_reader_would(header: Header) -> None:
    with pytest.raises(BitstreamError):
        pack_header(header)


def test_segments_add_up_to_the_file() -> None:
    data = pack_file(HEADER, PAYLOADS)
    assert len(data) == HEADER.ends[-1]
    assert len(data) == HEADER.size_bytes + sum(len(p) + CHECK_BYTES for p in PAYLOADS)
    segments = split_segments(data, HEADER)
    assert [s.payload for s in segments] == PAYLOADS
    assert {s.check for s in segments} == {"right"}


def test_every_prefix_tells_what_arrived() -> None:
    data = pack_file(HEADER, PAYLOADS)
    for length in range(HEADER.size_bytes, len(data) + 1):
        assert read_header(data[:length]) == HEADER
        segments = split_segments(data[:length], HEADER)
        complete = sum(end <= length for end in HEADER.ends)
        assert sum(s.check == "right" for s in segments) == complete
        assert all(s.check == "absent" for s in segments[complete:])
        for segment in segments:
            assert segment.whole == (segment.payload == PAYLOADS[segment.stage])
            assert PAYLOADS[segment.stage].startswith(segment.payload)


def test_a_wrong_check_names_its_stage() -> None:
    data = bytearray(pack_file(HEADER, PAYLOADS))
    data[HEADER.ends[1] + 5] ^= 4
    segments = split_segments(bytes(data), HEADER)
    assert [s.check for s in segments] == ["right", "right", "wrong"]
    error = segments[2].damage()
    assert error.stage == 2
    assert f"{zlib.crc32(PAYLOADS[2]):08x}" in str(error)


def test_payloads_must_be_those_of_the_header() -> None:
    with pytest.raises(BitstreamError, match="the header says 3"):
        pack_file(HEADER, [b"ab", b"", PAYLOADS[2]])
    with pytest.raises(BitstreamError, match="answer of 2 bytes, the header says 0"):
        pack_file(HEADER, PAYLOADS, b"ab")
