"""Saliency: levels are quarters, keys order symbols, prefixes hold what is looked at."""

import numpy as np
import torch

from codec_plugin.baselines.saliency import attention_levels, frozen_classifier, importance
from codec_plugin.bitstream.container import read_header
from codec_plugin.bitstream.segments import split_segments
from codec_plugin.data.picture import as_picture
from tests.codec_plugin.baselines.test_methods import peer
from tests.codec_plugin.tiny import tiny_picture


def test_levels_are_quarters_of_the_places() -> None:
    images = torch.rand(2, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    levels = attention_levels(frozen_classifier(), images)
    assert levels.shape == (2, 1, 4, 6)
    for one in levels:
        assert torch.bincount(one.flatten(), minlength=4).tolist() == [6, 6, 6, 6]


def test_wider_scales_and_looked_at_places_come_first() -> None:
    index = torch.tensor([10, 20]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    levels = torch.tensor([[0, 3], [1, 2]]).view(1, 1, 2, 2)
    key = importance(index, levels).reshape(2, 4, 4)
    assert (key % 64 == index[0]).all()
    assert key[0, 0, 2] > key[0, 3, 3] > key[0, 3, 0] > key[0, 0, 0]
    assert key[1, 0, 0] > key[0, 0, 0]


def test_a_prefix_knows_more_of_what_is_looked_at() -> None:
    codec = peer("saliency")
    picture = tiny_picture(256, 256)
    blob = codec.encode(picture)
    pixels = as_picture(picture).padded(64).float() / 255
    levels = attention_levels(frozen_classifier(), pixels)[0, 0].numpy()
    cut = blob[: len(blob) // 2]
    received = codec.latents.decode(split_segments(cut, read_header(blob)), (16, 16))
    known = received.known[0, 0].numpy().reshape(8, 2, 8, 2).mean((1, 3))
    assert 0 < known.mean() < 1
    assert known[levels == 3].mean() > known[levels == 0].mean()
    assert np.isfinite(received.y_hat.numpy()).all()
