"""Shards give the same crops whenever they are asked for the same step."""

import io
import tarfile
from pathlib import Path

import pytest
import torch

from codec_plugin.data.shards import ShardSource
from codec_plugin.errors import DataError
from tests.codec_plugin.semantic import CLASS_IDS, small_hierarchy, write_photographs

INDEX = small_hierarchy().lookup


def write_shard(path: Path, entries: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def photographs(tmp_path: Path) -> list[bytes]:
    folder = write_photographs(tmp_path / "photographs")
    return [(folder / f"{number}.png").read_bytes() for number in range(6)]


@pytest.fixture
def shards(tmp_path: Path, photographs: list[bytes]) -> str:
    """Two shards of three photographs each, the even ones labelled."""
    for shard in range(2):
        entries = {}
        for number in range(3 * shard, 3 * shard + 3):
            entries[f"{number:04d}.png"] = photographs[number]
            if number % 2 == 0:
                entries[f"{number:04d}.wnid"] = CLASS_IDS[number].encode()
        write_shard(tmp_path / f"s-{shard}.tar", entries)
    return str(tmp_path / "s-{0..1}.tar")


def test_a_resumed_stream_goes_on_where_it_stopped(shards: str) -> None:
    whole = ShardSource(shards, INDEX, seed=1, shuffle=4)
    expected = [whole.batch(step, 2, 64) for step in range(5)]
    resumed = ShardSource(shards, INDEX, seed=1, shuffle=4).batch(4, 2, 64)
    assert torch.equal(resumed.images, expected[4].images)
    assert resumed.labels.tolist() == expected[4].labels.tolist()
    assert {int(v) for batch in expected for v in batch.labels} <= {-1, 0, 2, 4}


def test_fewer_shards_than_processes_is_refused(shards: str) -> None:
    with pytest.raises(DataError, match="fewer shards"):
        ShardSource(shards, INDEX, seed=1, rank=2, world=3)


def test_usual_shards_are_labelled_by_number(tmp_path: Path, photographs: list[bytes]) -> None:
    entries = {}
    for number, data in enumerate(photographs):
        entries |= {f"{number:04d}.png": data, f"{number:04d}.cls": str(5 - number).encode()}
    write_shard(tmp_path / "a.tar", entries)
    source = ShardSource(str(tmp_path / "a.tar"), INDEX, seed=1)
    assert source.labelled() == (6, 6)
    drawn = {int(v) for step in range(20) for v in source.batch(step, 2, 64).labels}
    assert drawn == {0, 1, 2, 3, 4, 5}
    assert ShardSource(str(tmp_path / "a.tar"), {}, seed=1).labelled() == (0, 6)


def test_a_broken_photograph_is_named_and_the_stream_goes_on(
    tmp_path: Path, photographs: list[bytes]
) -> None:
    path = tmp_path / "a.tar"
    entries = {f"{number:04d}.png": data for number, data in enumerate(photographs)}
    write_shard(path, entries | {"0002.png": photographs[2][:100]})
    source = ShardSource(str(path), INDEX, seed=1)
    batches = [source.batch(step, 3, 64) for step in range(8)]
    assert (
        {len(batch.images) for batch in batches} == {len(batch.labels) for batch in batches} == {3}
    )
    assert list(source.broken) == [f"0002.png in {path}"]
    assert "0002.png in" in source.broken[f"0002.png in {path}"]
    again = ShardSource(str(path), INDEX, seed=1).batch(7, 3, 64)
    assert torch.equal(again.images, batches[7].images)


def test_a_shard_of_broken_photographs_is_refused(tmp_path: Path) -> None:
    write_shard(tmp_path / "a.tar", {"1.png": b"nothing", "2.png": b"nothing"})
    with pytest.raises(
        DataError, match=r"all 2 photographs of step 1 are broken.*\.png in .*a\.tar"
    ):
        ShardSource(str(tmp_path / "a.tar"), INDEX, seed=1).batch(0, 2, 64)


def test_a_file_that_is_no_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"no tar at all")
    for name in ("a.tar", "b.tar"):
        with pytest.raises(DataError, match=rf"shard .*{name} cannot be read"):
            ShardSource(str(tmp_path / name), INDEX, seed=1).batch(0, 1, 16)
