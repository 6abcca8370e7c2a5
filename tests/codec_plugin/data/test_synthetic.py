"""Synthetic pictures in training batches: deterministic, of every kind, and only so many."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from codec_plugin.data.settings import DataSettings
from codec_plugin.data.sources import open_source
from codec_plugin.data.synthetic import SyntheticMix, synthetic_picture
from tests.codec_plugin.semantic import write_photographs


def test_a_picture_is_a_function_of_its_generator() -> None:
    first, again, other = (synthetic_picture(np.random.default_rng(seed), 48) for seed in (3, 3, 4))
    assert first.shape == (48, 48, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_many_pictures_hold_flat_ones_and_detailed_ones() -> None:
    pictures = [synthetic_picture(np.random.default_rng(seed), 48) for seed in range(60)]
    colours = [len(np.unique(picture.reshape(-1, 3), axis=0)) for picture in pictures]
    assert 8 <= sum(count == 1 for count in colours) <= 30
    assert sum(count > 20 for count in colours) >= 10


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_share_of_crops_is_synthetic_and_the_rest_stays(tmp_path: Path, share: float) -> None:
    write_photographs(tmp_path, count=12, side=72)
    settings = DataSettings(path=str(tmp_path), holdout=1)
    plain = open_source(settings, {}, seed=5).crops
    mixed = open_source(msgspec.structs.replace(settings, synthetic_share=share), {}, seed=5).crops
    replaced = []
    for step in range(10):
        before, after = plain.batch(step, 8, 64), mixed.batch(step, 8, 64)
        same = (before.images == after.images).flatten(1).all(1)
        replaced.append(1 - same.float().mean())
        assert torch.equal(mixed.batch(step, 8, 64).images, after.images)
        assert (after.labels[~same] == -1).all()
    assert np.mean(replaced) == pytest.approx(share, abs=0.12)


def test_processes_draw_differently(tmp_path: Path) -> None:
    write_photographs(tmp_path, count=4, side=72)
    source = open_source(DataSettings(path=str(tmp_path), holdout=1), {}, seed=5).crops
    first, second = (SyntheticMix(source, 1.0, seed=5, rank=rank) for rank in (0, 1))
    assert not torch.equal(first.batch(0, 4, 64).images, second.batch(0, 4, 64).images)
