"""Stored files of each version of the format: the same bytes, symbols and pixels for ever."""

import hashlib

import numpy as np
import pytest
import torch

from codec_plugin.bitstream.container import read_header
from codec_plugin.bitstream.segments import split_segments
from codec_plugin.codec import Codec
from codec_plugin.data.picture import as_picture
from codec_plugin.models.tiled import analyse
from tests.codec_plugin.tiny import DATA, GOLDEN_CUTS, stored_codec, tiny_picture

SYMBOLS_SHA256 = "b81e65dee33fb90c620c073e888ebe09ad803c8e373e43356ab27d38f3de7470"
MODEL_ID = "16d8412d4a31f32ac604d6c9f7198392cbab4e271c1ae8289ab6cc5281cad3da"


@pytest.fixture(scope="module")
def codec() -> Codec:
    return stored_codec()


@pytest.fixture(scope="module")
def blob() -> bytes:
    return (DATA / "tiny-v1.c2f").read_bytes()


def test_the_model_id_is_pinned(codec: Codec) -> None:
    assert codec.checkpoint.model_id == MODEL_ID


def test_the_picture_gives_these_bytes(codec: Codec, blob: bytes) -> None:
    assert codec.encode(tiny_picture()) == blob
    assert read_header(blob).payload_bytes == (137, 148, 201)


def test_the_bytes_give_these_symbols(codec: Codec, blob: bytes) -> None:
    received = codec.latents.decode(split_segments(blob, read_header(blob)), (8, 8))
    integers = (received.y_hat * 2**9).to(torch.int32).numpy().astype("<i4")
    assert hashlib.sha256(integers.tobytes()).hexdigest() == SYMBOLS_SHA256


def test_the_bytes_give_these_pixels(codec: Codec, blob: bytes) -> None:
    with np.load(DATA / "tiny-v1.npz") as golden:
        expected = {name: golden[name].astype(int) for name in golden.files}
    found = {"whole": codec.decode(blob)}
    found |= {f"cut_{size}": codec.decode(blob[:size]) for size in GOLDEN_CUTS}
    assert set(found) == set(expected)
    for name, decoded in found.items():
        assert np.abs(decoded.pixels.astype(int) - expected[name]).max() <= 1


def test_latents_are_far_enough_from_ties(codec: Codec, blob: bytes) -> None:
    """The stored bytes hold on other machines: no rounding there hangs on the last bits."""
    y, z = analyse(codec.checkpoint.model, as_picture(tiny_picture()).padded(64))
    received = codec.latents.decode(split_segments(blob, read_header(blob)), (8, 8))
    assert float((y - received.y_hat).abs().max()) < 0.5 - 1e-5
    assert float((z - torch.round(z)).abs().max()) < 0.5 - 1e-5
