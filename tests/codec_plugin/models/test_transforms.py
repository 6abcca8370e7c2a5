"""Transforms: the DCT start, the zero effect of what is conditioned, shapes, tiles."""

import math

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn

from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.models.tiled import analyse, synthesise_tiles
from codec_plugin.models.transforms import (
    TRANSFORMS,
    TransformFamily,
    build_transforms,
    register_transform,
)
from codec_plugin.models.transforms.dct import PATCH, opponent_dct
from codec_plugin.models.transforms.swin import SwinGroup, WindowAttention
from codec_plugin.tiles import tiles

SMALL = ModelConfig(
    hyper_channels=4,
    analysis_widths=(8, 8),
    synthesis_widths=(12, 8, 8),
    synthesis_depths=(2, 1, 1),
    feature_width=8,
    context_width=8,
)
TIC = ModelConfig(
    transform="tic",
    blocks=(24, 24),
    steps=(1.0, 1.0),
    hyper_channels=4,
    analysis_widths=(24,),
    synthesis_widths=(24,),
    synthesis_depths=(2, 1, 1, 1),
    feature_width=8,
    context_width=8,
)


def picture(height: int = 64, width: int = 128, seed: int = 0) -> torch.Tensor:
    """Smooth noise (1, 3, H, W) in 0..1."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)


def seeded(config: ModelConfig) -> ProgressiveModel:
    torch.manual_seed(0)
    return ProgressiveModel(config).eval()


def test_the_basis_is_orthonormal_and_starts_with_the_mean_luma():
    basis = opponent_dct(3 * PATCH**2).reshape(3 * PATCH**2, -1)
    np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-12)
    np.testing.assert_allclose(basis[0], 1 / np.sqrt(3 * PATCH**2))


def test_a_row_of_the_basis_is_scipys_dct_of_one_colour():
    patch = np.random.default_rng(0).random((PATCH, PATCH))
    luma = np.stack([patch] * 3) / np.sqrt(3)
    spectrum = dctn(patch, norm="ortho")
    found = np.einsum("ncyx,cyx->n", opponent_dct(40), luma)
    for coefficient in found[np.abs(found) > 1e-9]:
        assert np.isclose(spectrum, coefficient).any()


def test_compact_starts_as_the_truncated_block_dct():
    """All transform coefficients kept: the picture comes back; 192 of them: what scipy gives."""
    model = seeded(SMALL)
    x = picture()
    with torch.no_grad():
        y = model.analysis(x)
        x_hat = model.synthesis(y, torch.ones(1, 3, *y.shape[2:]))
    basis = opponent_dct(SMALL.channels)
    patches = (x - 0.5).numpy().reshape(3, 4, 16, 8, 16).transpose(1, 3, 0, 2, 4)
    projected = np.einsum("nijk,abijk,nlmo->ablmo", basis, patches, basis, optimize=True)
    expected = projected.transpose(2, 0, 3, 1, 4).reshape(3, 64, 128) + 0.5
    np.testing.assert_allclose(x_hat[0].numpy(), expected, atol=2e-5)


def test_one_luma_patch_equals_idct_of_its_kept_frequencies():
    model = seeded(SMALL)
    grey = picture(64, 64).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    with torch.no_grad():
        y = model.analysis(grey)
        x_hat = model.synthesis(y, torch.ones(1, 3, *y.shape[2:]))
    spectrum = dctn(grey[0, 0, :16, :16].numpy() - 0.5, norm="ortho")
    back = np.abs(dctn(x_hat[0, 0, :16, :16].numpy() - 0.5, norm="ortho"))
    kept = back > 1e-4
    np.testing.assert_allclose(
        idctn(np.where(kept, spectrum, 0), norm="ortho") + 0.5, x_hat[0, 0, :16, :16], atol=1e-4
    )


def test_the_start_is_as_good_as_the_quantised_dct():
    """Before the first step: the distortion of a DCT rounded to the config's steps."""
    model = seeded(SMALL)
    x = picture(128, 128)
    model.init_scales(x)
    basis = opponent_dct(SMALL.channels)
    patches = (x - 0.5).numpy().reshape(3, 8, 16, 8, 16).transpose(1, 3, 0, 2, 4)
    step = np.repeat(SMALL.steps, SMALL.blocks)
    coefficients = np.einsum("nijk,abijk->abn", basis, patches)
    rounded = np.round(coefficients / step) * step
    error = np.einsum("nijk,abn->abijk", basis, rounded) - patches
    expected_db = -10 * np.log10(np.mean(error**2))
    with torch.no_grad():
        mse = [float((model(x, stage).x_hat - x).square().mean()) for stage in range(3)]
    assert mse[0] > mse[1] > mse[2]
    assert -10 * np.log10(mse[2]) == pytest.approx(expected_db, abs=0.2)


@pytest.mark.parametrize("config", [SMALL, TIC], ids=["compact", "tic"])
def test_shapes_and_gradients(config: ModelConfig):
    torch.manual_seed(0)
    model = ProgressiveModel(config).train()
    x = picture()
    output = model(x, 0, 0.5)
    assert output.x_hat.shape == x.shape
    assert output.stage_bits.shape == (1, config.n_blocks)
    (output.kept_bits.sum() + output.x_hat.square().sum()).backward()
    assert all(
        p.grad is not None and torch.isfinite(p.grad).all()
        for name, p in model.named_parameters()
        if "deltas" not in name
    )


@pytest.mark.parametrize("config", [SMALL, TIC], ids=["compact", "tic"])
def test_the_known_map_has_an_effect_only_once_it_is_trained(config: ModelConfig):
    model = seeded(config)
    y = torch.randn(1, config.channels, 4, 8)
    ones = torch.ones(1, config.n_blocks, 4, 8)
    with torch.no_grad():
        start = [model.synthesis(y, known) for known in (ones, ones * 0.5)]
        if config.transform == "compact":
            torch.testing.assert_close(start[0], start[1], rtol=0, atol=0)
        for parameter in model.synthesis_net.parameters():
            parameter.add_(0.01)
        after = [model.synthesis(y, known) for known in (ones, ones * 0.5)]
        deaf = ProgressiveModel(_without_conditioning(config)).eval()
        deaf.load_state_dict(model.state_dict())
        untold = [deaf.synthesis(y, known) for known in (ones, ones * 0.5)]
    assert not torch.equal(after[0], after[1])
    torch.testing.assert_close(untold[0], untold[1], rtol=0, atol=0)


def _without_conditioning(config: ModelConfig) -> ModelConfig:
    from msgspec.structs import replace

    return replace(config, stage_conditioning=False)


def test_tiles_cover_a_grid_once_and_stay_inside():
    seen = np.zeros((21, 34), dtype=int)
    for tile in tiles(21, 34, 8, 3):
        seen[tile.top : tile.bottom, tile.left : tile.right] += 1
        assert 0 <= tile.outer_top <= tile.top
        assert tile.right <= tile.outer_right <= 34
    assert (seen == 1).all()


def _trained_like(config: ModelConfig) -> ProgressiveModel:
    model = seeded(config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.mark.parametrize("config", [SMALL, TIC], ids=["compact", "tic"])
def test_tiled_transforms_equal_the_whole(config: ModelConfig):
    """Tiles of 16 latents, smaller than the reach: wrong seams would show."""
    model = _trained_like(config)
    x = picture(512, 256) if config.transform == "compact" else picture(1024, 128)
    with torch.no_grad():
        y = model.analysis(x)
        z = model.hyper_analysis(y)
        tiled_y, tiled_z = analyse(model, x, size=16)
        known = torch.rand(1, config.n_blocks, *y.shape[2:])
        whole = model.synthesis(y, known)
        tiled = torch.empty_like(whole)
        for tile, part in synthesise_tiles(model, y, known, size=16):
            tile.write(tiled, part, 16)
    scale = float(y.abs().max())
    torch.testing.assert_close(tiled_y, y, rtol=0, atol=1e-5 * scale)
    torch.testing.assert_close(tiled_z, z, rtol=0, atol=1e-4 * float(z.abs().max()))
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-4 * float(whole.abs().max()))


def test_attention_stays_in_its_window_and_a_shift_crosses():
    torch.manual_seed(0)
    x = torch.randn(1, 24, 16, 16)
    moved = x.clone()
    moved[0, ::2, 0, 0] += 10  # not all channels alike: the norm would undo that
    plain, shifted = SwinGroup(24, 1, 1, 8), SwinGroup(24, 2, 1, 8)
    with torch.no_grad():
        changed = (plain(moved) != plain(x)).any(1)[0]
        crossed = (shifted(moved) != shifted(x)).any(1)[0]
    assert changed[:8, :8].float().mean() > 0.9
    assert not changed[8:].any()
    assert not changed[:, 8:].any()
    assert crossed[8:12, 8:12].any()
    assert not crossed[12:].any()  # the roll wraps, its mask does not let anything through


def test_attention_knows_relative_places():
    attention = WindowAttention(24, 1, 4)
    assert attention.relative.shape == (16, 16)
    assert attention.relative[0, 5] == attention.relative[5, 10]
    assert attention.relative[0, 5] != attention.relative[5, 0]
    assert int(attention.relative.max()) == 7 * 7 - 1


def test_registry_refuses_duplicates_and_unknown_names():
    with pytest.raises(ConfigError, match="registered already"):
        register_transform("compact", TRANSFORMS["compact"])
    assert isinstance(TRANSFORMS["tic"], TransformFamily)
    with pytest.raises(ConfigError, match="at most 768 channels"):
        build_transforms(ModelConfig(blocks=(800,), steps=(1.0,)))
    with pytest.raises(ConfigError, match="four numbers"):
        build_transforms(ModelConfig(transform="tic"))


@pytest.mark.parametrize(
    ("shape", "size", "sides"),
    [
        ((96, 144), 96, ({96}, {72})),
        ((189, 252), 96, ({96, 93}, {84})),
        ((5, 97), 96, ({5}, {52, 45})),
    ],
)
def test_tiles_are_few_and_even(
    shape: tuple[int, int], size: int, sides: tuple[set[int], set[int]]
) -> None:
    found = list(tiles(*shape, size, 3))
    assert ({t.bottom - t.top for t in found}, {t.right - t.left for t in found}) == sides
    assert len(found) == math.prod(-(-side // size) for side in shape)
    covered = torch.zeros(1, 1, *shape)
    for tile in found:
        tile.write(covered, tile.crop(tile.read(covered)) + 1)
    assert bool((covered == 1).all())
