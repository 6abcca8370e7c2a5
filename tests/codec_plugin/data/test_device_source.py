"""Crops cut on the device are what they are on the host: parts of the photographs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from codec_plugin.data.device_source import SIDE, DeviceSource, fits
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.settings import DataSettings
from codec_plugin.data.sources import open_source
from codec_plugin.errors import DataError
from tests.codec_plugin.semantic import small_hierarchy, write_photographs

INDEX = small_hierarchy().index
CPU = torch.device("cpu")


def test_crops_are_parts_of_the_photographs_and_keep_their_labels(tmp_path: Path) -> None:
    folder = ImageFolder(write_photographs(tmp_path, side=300), INDEX, cache=True)
    source = DeviceSource(folder, np.arange(6), CPU, seed=1)
    images, labels = source.batch(3, 8, 64)
    assert images.shape == (8, 3, 64, 64)
    assert images.is_contiguous(memory_format=torch.channels_last)
    windows = source.pixels.float().div(255)
    for crop, label in zip(images, labels.tolist(), strict=True):
        owners = []
        for number in range(6):
            for view in (crop, crop.flip(-1)):
                error = windows[number].unfold(1, 64, 1).unfold(2, 64, 1)
                corner = (error[:, :, :, 0, 0] - view[:, :1, :1]).abs().sum(0)
                for top, left in (corner == 0).nonzero().tolist():
                    part = windows[number][:, top : top + 64, left : left + 64]
                    if torch.equal(part, view):
                        owners.append(folder.labels[number])
        assert label in owners


def test_a_step_is_a_function_of_seed_rank_and_number(tmp_path: Path) -> None:
    folder = ImageFolder(write_photographs(tmp_path), INDEX, cache=True)
    one, same, other = (DeviceSource(folder, np.arange(6), CPU, seed=s) for s in (1, 1, 2))
    assert torch.equal(one.batch(5, 4, 64).images, same.batch(5, 4, 64).images)
    one.batch(9, 4, 64)
    assert torch.equal(one.batch(5, 4, 64).images, same.batch(5, 4, 64).images)
    assert not torch.equal(one.batch(5, 4, 64).images, other.batch(5, 4, 64).images)
    assert not torch.equal(one.batch(5, 4, 64).images, one.batch(6, 4, 64).images)
    assert one.pixels.shape == (6, 3, SIDE, SIDE)  # photographs of 72 pixels, mirrored


def test_the_setting_says_where_photographs_are_kept(tmp_path: Path) -> None:
    path = str(write_photographs(tmp_path))
    for placement, kept in (("auto", False), ("host", False), ("device", True)):
        settings = DataSettings(path=path, holdout=1, placement=placement)
        source, _ = open_source(settings, INDEX, seed=0, rank=0, world=1, device=CPU)
        assert isinstance(source, DeviceSource) is kept
    assert not fits(1, CPU)


def test_broken_photographs_are_left_out(tmp_path: Path) -> None:
    write_photographs(tmp_path)
    (tmp_path / "1.png").write_bytes(b"nothing")
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    source = DeviceSource(folder, np.arange(6), CPU, seed=1)
    assert len(source.pixels) == len(source.labels) == 5
    assert list(source.broken) == ["1.png"]
    with pytest.raises(DataError, match=r"1 of 6 photographs .*such as .*1\.png"):
        DeviceSource(folder, np.array([1]), CPU, seed=1)
