"""Folders and shards give the same crops whenever they are asked for the same step."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from codec_plugin.errors import DataError
from codec_plugin.train.data import (
    ImageFolder,
    ShardSource,
    fitting_share,
    held_out,
    open_source,
    random_crop,
)
from codec_plugin.train.settings import DataSettings
from tests.codec_plugin.semantic import CLASS_IDS, small_hierarchy, write_photographs

INDEX = small_hierarchy().index


def test_labels_come_from_the_table(tmp_path: Path) -> None:
    folder = ImageFolder(write_photographs(tmp_path), INDEX, cache=False)
    assert folder.names == tuple(f"{number}.png" for number in range(6))
    assert folder.labels == (0, -1, 2, -1, 4, -1)


def test_labels_come_from_folders_without_a_table(tmp_path: Path) -> None:
    write_photographs(tmp_path / CLASS_IDS[3], 1)
    (tmp_path / CLASS_IDS[3] / "labels.csv").unlink()
    assert ImageFolder(tmp_path, INDEX, cache=False).labels == (3,)


def test_a_step_is_a_function_of_seed_rank_and_number(tmp_path: Path) -> None:
    settings = DataSettings(path=str(write_photographs(tmp_path)), holdout=1)
    source, folder, held = open_source(settings, INDEX, seed=5, rank=0, world=1)
    again, _, _ = open_source(settings, INDEX, seed=5, rank=0, world=1)
    other, _, held_too = open_source(settings, INDEX, seed=6, rank=0, world=1)
    assert torch.equal(source.batch(7, 4, 64).images, again.batch(7, 4, 64).images)
    assert not torch.equal(source.batch(7, 4, 64).images, other.batch(7, 4, 64).images)
    assert not torch.equal(source.batch(7, 4, 64).images, source.batch(8, 4, 64).images)
    assert folder is not None
    assert held.tolist() == held_too.tolist()


def test_small_pictures_are_mirrored_and_flips_keep_the_pixels() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    crop = random_crop(pixels, 3, np.random.default_rng(0))
    assert crop.shape == (3, 3, 3)
    assert {tuple(p) for p in crop.reshape(-1, 3)} <= {tuple(p) for p in pixels.reshape(-1, 3)}


def test_holding_out_everything_is_refused(tmp_path: Path) -> None:
    settings = DataSettings(path=str(write_photographs(tmp_path)), holdout_share=1.0)
    with pytest.raises(DataError, match="has 6 images, all held out"):
        open_source(settings, INDEX, seed=0, rank=0, world=1)


def test_a_name_decides_whether_a_file_is_held_out_not_the_others() -> None:
    names = [f"{number}.png" for number in range(2000)]
    whole = dict(zip(names, held_out(names, 0.1), strict=True))
    assert 150 < sum(whole.values()) < 250
    fewer = names[::3]
    assert [whole[name] for name in fewer] == held_out(fewer, 0.1).tolist()
    moved = [f"sub/folder/{name}" for name in fewer]
    assert held_out(moved, 0.1).tolist() == held_out(fewer, 0.1).tolist()


def test_a_small_folder_holds_out_a_tenth_and_never_nothing() -> None:
    settings = DataSettings(holdout=96)
    assert fitting_share(settings, 60) == 0.1
    assert fitting_share(settings, 9600) == 0.01
    assert held_out(["a.png", "b.png"], 0.001).sum() == 1
    assert held_out(["a.png", "b.png"], 0.0).sum() == 0


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    with pytest.raises(DataError, match=r"broken\.png"):
        folder.pixels(0)


@pytest.fixture
def shards(tmp_path: Path) -> str:
    """Two shards of three photographs each, the even ones labelled."""
    photographs = write_photographs(tmp_path / "photographs")
    for shard in range(2):
        with tarfile.open(tmp_path / f"s-{shard}.tar", "w") as tar:
            for number in range(3 * shard, 3 * shard + 3):
                entries = {"png": (photographs / f"{number}.png").read_bytes()}
                if number % 2 == 0:
                    entries["wnid"] = CLASS_IDS[number].encode()
                for suffix, data in entries.items():
                    info = tarfile.TarInfo(f"{number:04d}.{suffix}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
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
