"""Hostile bytes: ten thousand mutated files, no crash, no hang, no memory, only sentences."""

import binascii
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_plugin.bitstream.answer import answer_of, read_answer
from codec_plugin.bitstream.container import MAX_ANSWER_BYTES, Header, pack_file, read_header
from codec_plugin.bitstream.label_tree import LabelTree, load_label_tree
from codec_plugin.codec import Codec
from codec_plugin.errors import CodecError
from tests.codec_plugin.tiny import DATA, TREE, stored_codec

MAX_PIXELS = 128 * 128
BLOB = (DATA / "tiny-v1.c2f").read_bytes()


@pytest.fixture(scope="module")
def codec() -> Codec:
    return stored_codec()


def decoded_or_refused(codec: Codec, data: bytes) -> bool:
    """Whether `data` decodes; any failure but a sentence of ours is raised."""
    try:
        decoded = codec.decode(data, max_pixels=MAX_PIXELS)
    except CodecError:
        return False
    assert decoded.pixels.dtype == np.uint8
    answer_of(data, read_header(data), TREE)
    return True


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes) -> None:
    assert not decoded_or_refused(stored_once(), data)


@given(st.binary(max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_bytes_behind_the_magic(data: bytes) -> None:
    decoded_or_refused(stored_once(), BLOB[:12] + data)


@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=3),
    st.integers(1, 128),
    st.integers(1, 128),
    st.booleans(),
    st.binary(max_size=MAX_ANSWER_BYTES),
)
@settings(max_examples=150, deadline=None)
def test_sealed_nonsense(
    payloads: list[bytes], height: int, width: int, grey: bool, answer: bytes
) -> None:
    """Right header, right checks, payloads that nobody encoded: what an attacker writes."""
    codec = stored_once()
    lengths = tuple(len(payload) for payload in payloads)
    header = Header(height, width, codec.model_id, codec.label_map_id, lengths, grey, len(answer))
    data = pack_file(header, payloads, answer)
    decoded_or_refused(codec, data)
    decoded_or_refused(codec, data[:-3])


@given(
    st.binary(max_size=MAX_ANSWER_BYTES - 1),
    st.integers(0, MAX_ANSWER_BYTES),
    st.sampled_from(["wordnet-k-10-100-1000", "rn50-kmeans-10-100-1000", ""]),
)
@settings(max_examples=1000, deadline=None)
def test_any_answer(body: bytes, kept: int, name: str) -> None:
    """Any bytes, with the check that belongs to them: told within the map, or damaged."""
    tree = _TREES.setdefault(name, load_label_tree(name) if name else None)
    data = body + bytes([binascii.crc_hqx(body, 0xFFFF) & 0xFF])
    for arrived in (data, data[:kept]):
        told = read_answer(arrived, len(data), tree)
        assert told.state in ("whole", "cut", "damaged")
        assert not (told.state == "damaged" and told.clusters)
        assert all(0 <= bound <= 1 for bound in told.at_least)
        above = 0
        for level, cluster in enumerate(told.clusters if tree else ()):
            assert tree is not None
            assert cluster in tree.siblings(level, above)
            above = cluster


_TREES: dict[str, LabelTree | None] = {}
_CODEC: list[Codec] = []


def stored_once() -> Codec:
    if not _CODEC:
        _CODEC.append(stored_codec())
    return _CODEC[0]


def test_a_claim_of_a_huge_picture_costs_nothing(codec: Codec) -> None:
    header = Header(8192, 8192, codec.model_id, codec.label_map_id, (0, 0, 0))
    with pytest.raises(CodecError, match="limit"):
        codec.decode(pack_file(header, [b"", b"", b""]), max_pixels=MAX_PIXELS)


def test_a_claim_of_a_huge_payload_costs_nothing(codec: Codec) -> None:
    header = Header(64, 64, codec.model_id, codec.label_map_id, ((1 << 28) - 1,) * 3)
    from codec_plugin.bitstream.container import pack_header

    decoded = codec.decode(pack_header(header) + b"\x55" * 40, max_pixels=MAX_PIXELS)
    assert decoded.stages_complete == 0


FUZZ = textwrap.dedent(
    """
    import binascii, json, random, resource, sys, warnings, zlib
    warnings.simplefilter("error")
    import numpy as np, torch
    torch.set_num_threads(1)
    from codec_plugin.bitstream.container import read_header
    from codec_plugin.errors import CodecError
    from codec_plugin.bitstream.answer import answer_of
    from tests.codec_plugin.tiny import ANSWER, TREE, stored_codec, tiny_picture

    def reseal(data):
        # Give the header its check again, and each segment that still has its place.
        data = bytearray(data)
        start = headers[source]
        check = binascii.crc_hqx(bytes(data[: start - 2]), 0xFFFF)
        data[start - 2 : start] = check.to_bytes(2, "big")
        try:
            header = read_header(bytes(data))
        except CodecError:
            return bytes(data)
        at = header.first_stage
        for length in header.payload_bytes:
            stop = at + length
            if stop + 4 <= len(data):
                data[stop : stop + 4] = zlib.crc32(bytes(data[at:stop])).to_bytes(4, "big")
            at = stop + 4
        return bytes(data)

    def mutate(data):
        data = bytearray(data)
        kind = rng.random()
        focus = 40 if rng.random() < 0.5 else len(data)
        for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
            at = rng.randrange(min(focus, len(data)))
            if kind < 0.4:
                data[at] ^= 1 << rng.randrange(8)
            elif kind < 0.6:
                data[at] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
            elif kind < 0.75:
                del data[at : at + rng.randint(1, 20)]
            elif kind < 0.9:
                data[at:at] = rng.randbytes(rng.randint(1, 20))
            else:
                del data[at:]
            data = data or bytearray(b"C")
        return bytes(data)

    codec = stored_codec()
    rng = random.Random(20261123)
    sizes = ((1, 1), (16, 16), (64, 64), (70, 90))
    files = [(codec.encode(tiny_picture(*s)),) for s in sizes]
    files += [(codec.encode(tiny_picture(*s), answer=ANSWER),) for s in sizes[1:3]]
    headers = [read_header(f[0]).size_bytes for f in files]
    codec.decode(files[3][0])
    pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + (1 << 30),) * 2)
    outcomes = {"decoded": 0, "refused": 0}
    for number in range(int(sys.argv[1])):
        source = rng.randrange(len(files))
        data = mutate(files[source][0])
        if rng.random() < 0.4 and len(data) > 40:
            data = reseal(data)
        try:
            decoded = codec.decode(data, max_pixels=128 * 128)
            assert decoded.pixels.size
            answer_of(data, read_header(data), TREE)
            outcomes["decoded"] += 1
        except CodecError as error:
            assert str(error)
            outcomes["refused"] += 1
    print(json.dumps(outcomes))
    """
)


@pytest.mark.slow
def test_ten_thousand_mutated_files(repository: Path) -> None:
    """In a process of its own, with 1 GiB of address space above what the libraries take."""
    command = [sys.executable, "-c", FUZZ, "10000"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=570)
    assert done.returncode == 0, done.stderr[-2000:]
    outcome = json.loads(done.stdout)
    assert outcome["decoded"] + outcome["refused"] == 10_000
    assert min(outcome["decoded"], outcome["refused"]) > 500
