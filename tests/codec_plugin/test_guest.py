"""The codec as a guest in somebody's program: its types, its threads, its processes."""

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from codec_plugin import tiles
from codec_plugin.bitstream.container import Header, pack_file
from codec_plugin.codec import Codec
from codec_plugin.utils import threads
from codec_plugin.utils.threads import good_threads
from tests.codec_plugin.semantic import small_classifier
from tests.codec_plugin.tiny import DATA, stored_codec, tiny_picture

BLOB = (DATA / "tiny-v1.c2f").read_bytes()


@pytest.fixture
def _doubles() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("_doubles")
def test_the_default_type_of_torch_does_not_matter() -> None:
    codec = stored_codec()
    assert codec.encode(tiny_picture()) == BLOB
    whole = np.load(DATA / "tiny-v1.npz")["whole"]
    np.testing.assert_array_equal(codec.decode(BLOB).pixels, whole)
    assert codec.encode(tiny_picture(), effort=2)
    assert small_classifier()(torch.zeros(1, 3, 64, 64, dtype=torch.float32)).shape == (1, 6)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda codec: pickle.loads(pickle.dumps(codec))]
)
def test_a_codec_is_copied_and_sent(copied) -> None:
    twin = copied(stored_codec())
    assert twin.encode(tiny_picture()) == BLOB
    np.testing.assert_array_equal(
        twin.decode(BLOB[:200]).pixels, stored_codec().decode(BLOB[:200]).pixels
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_forked_process_decodes_after_its_parent_used_threads(repository: Path) -> None:
    code = """
import os, torch
from tests.codec_plugin.tiny import stored_codec, DATA, tiny_picture
torch.set_num_threads(2)
codec = stored_codec()
blob = codec.encode(tiny_picture(512, 512))
right = codec.decode(blob).pixels
child = os.fork()
if not child:
    apart = codec.decode(blob).pixels.astype(int) - right  # rounding differs with the threads
    os._exit(0 if abs(apart).max() <= 1 else 1)
print(os.waitpid(child, 0)[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, timeout=120
    )
    assert done.stdout.decode() == "0\n", done.stderr.decode()


def test_threads_are_as_many_as_are_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    large = 3000 * 4000
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(8), raising=False)
    for load, count in ((0.1, 4), (5.2, 3), (7.4, 1), (20.0, 1)):
        monkeypatch.setattr(threads.os, "getloadavg", lambda load=load: (load, 0, 0))
        assert good_threads(large) == count
        assert good_threads(512 * 512) == 1


def claiming(codec: Codec, height: int, width: int, lengths: tuple[int, ...]) -> bytes:
    """The first 27 bytes of a file of a large picture."""
    header = Header(
        height_px=height,
        width_px=width,
        model_id=codec.model_id,
        label_map_id=codec.label_map_id,
        payload_bytes=lengths,
        grey=False,
    )
    return pack_file(header, [b"\x5a" * length for length in lengths])[: header.size_bytes + 2]


def test_work_is_bounded_by_what_the_bytes_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of which nothing is known has nine kinds of tiles, whatever size it claims."""
    codec = stored_codec()
    blob = claiming(codec, 2048, 6144, (1000, 1000, 1000))
    calls = []
    synthesis = codec.checkpoint.model.synthesis

    def counted(y_hat: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return synthesis(y_hat, known)

    monkeypatch.setattr(codec.checkpoint.model, "synthesis", counted)
    quick = codec.decode(blob).pixels
    assert len(calls) <= 2 * 3  # of 2 × 6 tiles: left, inner and right ones of two rows
    monkeypatch.setattr(tiles, "_REMEMBERED", 0)
    np.testing.assert_array_equal(codec.decode(blob).pixels, quick)
    assert len(calls) >= 12


def test_only_equal_tiles_are_remembered() -> None:
    asked = []

    def compute(value: torch.Tensor, other: torch.Tensor) -> float:
        asked.append(1)
        return float(value.sum() + other.sum())

    ask = tiles.remembered(compute)
    one, two = torch.zeros(3), torch.ones(3)
    found = [ask(one, two), ask(one.clone(), two), ask(two, one), ask(two, two), ask(one, two)]
    assert found == [3.0, 3.0, 3.0, 6.0, 3.0]
    assert len(asked) == 3
