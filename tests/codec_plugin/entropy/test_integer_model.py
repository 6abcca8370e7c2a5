"""The coding path gives the same integers whatever computes them, and costs next to nothing."""

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.channel_groups import EntropyModel, gaussian_bits
from codec_plugin.entropy.integer_conv import EXACT_LIMIT, FixedConv, shift_down
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy, ExactState
from codec_plugin.entropy.scale_table import scale_index, sigma_from_raw
from codec_plugin.errors import CheckpointError

CONFIG = ModelConfig()  # the real size: kernels are chosen by size
SMALL = ModelConfig(
    blocks=(3, 4, 5), hyper_channels=3, feature_width=8, context_width=8, steps=(0.4, 0.3, 0.2)
)


def trained_like(config: ModelConfig, seed: int = 0) -> EntropyModel:
    """Refinements that do something, weights of the size that training gives."""
    torch.manual_seed(seed)
    entropy = EntropyModel(config).eval()
    with torch.no_grad():
        for delta in entropy.deltas:
            delta.leave.weight.normal_(std=0.05)
            delta.leave.bias.normal_(std=0.2)
    return entropy


def symbols(config: ModelConfig, batch: int, cells: int = 4, seed: int = 1):
    generator = torch.Generator().manual_seed(seed)
    z = (2 * torch.randn(batch, config.hyper_channels, cells, cells, generator=generator)).round()
    shape = (batch, config.channels, 4 * cells, 4 * cells)
    y = 6 * torch.randn(shape, generator=generator) ** 3
    return z, y


def run(exact: ExactEntropy, z: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    """Every integer that coding `y` produces."""
    state = exact.hyper(z)
    found: list[torch.Tensor] = list(state)
    before: list[torch.Tensor] = []
    for k, block in enumerate(y.split(exact.blocks, 1)):
        parameters = exact.block(k, state, before)
        symbol = torch.floor(block.double() - parameters.mean * 0.5**FRACTION_BITS + 0.5).long()
        before.append((symbol << FRACTION_BITS) + parameters.mean)
        found += [parameters.mean, parameters.index, before[-1]]
    return found


@contextlib.contextmanager
def threads(count: int):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# torch warns about a setting for GPUs that its own context manager touches.
@pytest.mark.filterwarnings("ignore:TF32")
def test_same_integers_on_one_and_two_threads_and_without_onednn():
    exact = ExactEntropy.from_model(trained_like(CONFIG))
    z, y = symbols(CONFIG, 1)
    with threads(1):
        reference = run(exact, z, y)
    with threads(2):
        assert all(map(torch.equal, reference, run(exact, z, y)))
        with torch.backends.mkldnn.flags(enabled=False):
            assert all(map(torch.equal, reference, run(exact, z, y)))


def test_same_integers_in_a_batch_and_in_any_memory_format():
    exact = ExactEntropy.from_model(trained_like(CONFIG))
    z, y = symbols(CONFIG, 8)
    reference = run(exact, z, y)
    last = torch.channels_last
    rearranged = run(exact, z.contiguous(memory_format=last), y.contiguous(memory_format=last))
    assert all(map(torch.equal, reference, rearranged))
    for i in (0, 5):
        alone = run(exact, z[i : i + 1], y[i : i + 1])
        assert all(torch.equal(a[i : i + 1], b) for a, b in zip(reference, alone, strict=True))


def test_frozen_from_channels_last_is_the_same_and_contiguous():
    entropy = trained_like(SMALL)
    plain = ExactEntropy.from_model(entropy).tensors()
    other = ExactEntropy.from_model(entropy.to(memory_format=torch.channels_last)).tensors()
    assert plain.keys() == other.keys()
    assert all(torch.equal(plain[name], other[name]) for name in plain)
    assert all(tensor.is_contiguous() for tensor in other.values())


@pytest.mark.parametrize("tile", [8, 16])
def test_tiles_give_the_wholes_integers(tile: int):
    exact = ExactEntropy.from_model(trained_like(SMALL))
    z, y = symbols(SMALL, 1, cells=11)
    whole = run(exact, z, y)
    assert exact.tile >= 44
    tiled = ExactEntropy(exact.layers, tile=tile)
    assert all(map(torch.equal, whole, run(tiled, z, y)))


def test_python_integers_agree():
    """One position of one layer, summed by Python's unbounded integers."""
    torch.manual_seed(0)
    layer = FixedConv.freeze(torch.nn.Conv2d(40, 3, 3), in_bits=12, in_limit=1 << 18)
    x = torch.randint(-(1 << 18), 1 << 18, (1, 40, 3, 3))
    found = layer(x.double())[0, :, 1, 1]
    for out in range(3):
        weights = [int(w) for w in layer.weight[out].flatten()]
        values = [int(v) for v in x[0].flatten()]
        total = sum(w * v for w, v in zip(weights, values, strict=True)) + int(layer.bias[out])
        assert int(found[out]) == total
        rounded = shift_down(found[out], layer.out_bits - 12)
        assert int(rounded) == (total + (1 << (layer.out_bits - 13))) >> (layer.out_bits - 12)


def test_numpys_blas_gives_the_same_sums():
    """numpy brings a BLAS of its own (OpenBLAS in its wheels); torch's is another."""
    exact = ExactEntropy.from_model(trained_like(CONFIG))
    generator = torch.Generator().manual_seed(5)
    for layer in (exact.layers.hyper["mix_full"], exact.layers.deltas[1].from_blocks):
        assert layer is not None
        x = torch.randint(-(1 << 18), 1 << 18, (1, layer.in_channels, 16, 16), generator=generator)
        kernel = layer.weight.shape[-1]
        padded = np.pad(x[0].numpy().astype(np.float64), [(0, 0)] + [(kernel // 2,) * 2] * 2)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (1, 2))
        columns = windows.transpose(1, 2, 0, 3, 4).reshape(256, -1)
        rows = layer.weight.numpy().reshape(layer.out_channels, -1).astype(np.float64)
        sums = (columns @ rows.T + layer.bias.numpy()).T.reshape(-1, 16, 16)
        np.testing.assert_array_equal(layer(x.double())[0].numpy(), sums)


@given(st.integers(-(2**50), 2**50), st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_shift_down_is_the_integer_shift(value: int, bits: int):
    expected = (value + (1 << bits >> 1)) >> bits
    assert int(shift_down(torch.tensor(value, dtype=torch.float64), bits)) == expected


def test_every_layer_proves_its_bound():
    layers = ExactEntropy.from_model(trained_like(CONFIG)).layers
    every = list(layers.hyper.values())
    every += [part for delta in layers.deltas for part in vars(delta).values() if part is not None]
    assert len(every) == 6 + 3 + 4 + 4
    assert all(layer.bound < EXACT_LIMIT / 4 for layer in every)


def test_weights_beyond_the_bound_are_refused():
    weight = torch.full((1, 512, 7, 7), 32767, dtype=torch.int16)
    with pytest.raises(CheckpointError, match=r"2\*\*51"):
        FixedConv(weight, torch.zeros(1, dtype=torch.int64), 10, in_bits=12, in_limit=1 << 24)
    for value in (1e6, float("nan")):
        layer = torch.nn.Conv2d(1, 1, 1)
        torch.nn.init.constant_(layer.weight, value)
        with pytest.raises(CheckpointError, match="16 bits"):
            FixedConv.freeze(layer, in_bits=12, in_limit=1 << 18)


def test_extreme_symbols_stay_in_range():
    exact = ExactEntropy.from_model(trained_like(SMALL))
    z = torch.full((1, 3, 2, 2), 2**20)
    state = exact.hyper(z)
    before = [torch.full((1, c, 8, 8), -(2**30)) for c in SMALL.blocks]
    for k in range(3):
        found = exact.block(k, state, before)
        assert int(found.index.max()) <= 63
        assert int(found.mean.abs().max()) <= 2**24


@pytest.mark.parametrize("change", [{}, {"use_delta": False}, {"use_context": False}])
def test_tensors_make_a_round_trip(change: dict[str, bool]):
    config = replace(SMALL, **change)
    exact = ExactEntropy.from_model(trained_like(config))
    tensors = exact.tensors()
    assert all(not tensor.is_floating_point() for tensor in tensors.values())
    again = ExactEntropy.from_tensors(tensors)
    z, y = symbols(config, 1)
    assert all(map(torch.equal, run(exact, z, y), run(again, z, y)))
    assert isinstance(again.hyper(z), ExactState)


def _spoiled():
    def drop(tensors):
        del tensors["hyper.enter.bias"]

    def wrong_type(tensors):
        tensors["hyper.base.weight"] = tensors["hyper.base.weight"].float()

    def wrong_shape(tensors):
        tensors["hyper.base.weight"] = tensors["hyper.base.weight"][:-2]
        tensors["hyper.base.bias"] = tensors["hyper.base.bias"][:-2]

    def wrong_shift(tensors):
        tensors["delta.1.from_blocks.shift"] += 1

    def huge_bias(tensors):
        tensors["hyper.enter.bias"] += 2**60

    def no_blocks(tensors):
        tensors["blocks"] = tensors["blocks"][:0]

    def falling(tensors):
        tensors["thresholds"] = tensors["thresholds"].flip(0)

    def even_kernel(tensors):
        tensors["hyper.enter.weight"] = tensors["hyper.enter.weight"][..., :2, :2]

    return [drop, wrong_type, wrong_shape, wrong_shift, huge_bias, no_blocks, falling, even_kernel]


@pytest.mark.parametrize("spoil", _spoiled(), ids=lambda f: f.__name__)
def test_spoiled_tensors_are_refused(spoil):
    tensors = {
        k: v.clone() for k, v in ExactEntropy.from_model(trained_like(SMALL)).tensors().items()
    }
    spoil(tensors)
    with pytest.raises(CheckpointError):
        ExactEntropy.from_tensors(tensors)


def test_freezing_costs_at_most_three_thousandths_of_the_rate():
    """Symbols drawn from the float model itself: coded by the integer tables, bit by bit."""
    entropy = trained_like(CONFIG)
    exact = ExactEntropy.from_model(entropy)
    tables = CodingTables.from_prior(entropy.prior)
    z, _ = symbols(CONFIG, 4)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        hyper, state = entropy.hyper(z), exact.hyper(z)
        float_y, int_y = [], []
        float_bits = table_bits = 0.0
        for k in range(3):
            mean, raw = entropy.block(k, hyper, float_y)
            spread = sigma_from_raw(raw) * torch.randn(mean.shape, generator=generator)
            y = mean + spread + torch.rand(mean.shape, generator=generator) - 0.5
            float_bits += float(gaussian_bits(torch.round(y - mean), raw).sum())
            float_y.append(torch.round(y - mean) + mean)
            found = exact.block(k, state, int_y)
            symbol = torch.floor(y.double() - found.mean * 0.5**FRACTION_BITS + 0.5).long()
            int_y.append((symbol << FRACTION_BITS) + found.mean)
            table_bits += bits_in_tables(tables, found.index, symbol)
            assert float((found.index.int() - scale_index(sigma_from_raw(raw))).abs().max()) <= 1
    assert table_bits <= 1.003 * float_bits


def bits_in_tables(tables: CodingTables, index: torch.Tensor, symbol: torch.Tensor) -> float:
    """Ideal code length, escapes at two bits a binary digit."""
    total = 0.0
    for rung in index.unique().tolist():
        frequencies, low = tables.scale(rung)
        place = symbol[index == rung].numpy() - low
        n = len(frequencies) - 1
        outside = (place < 0) | (place >= n)
        total += float((24 - np.log2(frequencies[np.where(outside, n, place)])).sum())
        beyond = np.where(place < 0, -place, place - n + 1)[outside]
        total += float((2 * np.floor(np.log2(beyond + 1)) + 2).sum())
    return total
