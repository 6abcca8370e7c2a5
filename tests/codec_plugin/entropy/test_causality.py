"""No symbol decides how it is coded itself, or how an earlier one is."""

import pytest
import torch
from msgspec.structs import replace

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.channel_groups import EntropyModel
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy

CONFIG = ModelConfig(
    blocks=(3, 4, 5, 2),
    steps=(0.4, 0.3, 0.2, 0.1),
    hyper_channels=3,
    feature_width=8,
    context_width=8,
)


def trained_like(config: ModelConfig, seed: int = 0) -> EntropyModel:
    """An entropy model none of whose layers is zero."""
    torch.manual_seed(seed)
    entropy = EntropyModel(config).eval()
    with torch.no_grad():
        for parameter in entropy.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return entropy


def symbols(config: ModelConfig, seed: int = 1) -> tuple[torch.Tensor, list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randint(-5, 6, (1, config.hyper_channels, 2, 2), generator=generator)
    blocks = [torch.randint(-9, 10, (1, c, 8, 8), generator=generator) for c in config.blocks]
    return z, blocks


def float_parameters(entropy: EntropyModel, z: torch.Tensor, y_hat: list[torch.Tensor]):
    with torch.no_grad():
        hyper = entropy.hyper(z.float())
        values = [block.float() for block in y_hat]
        return [torch.cat(entropy.block(k, hyper, values)) for k in range(len(y_hat))]


def exact_parameters(entropy: EntropyModel, z: torch.Tensor, y_hat: list[torch.Tensor]):
    exact = ExactEntropy.from_model(entropy)
    state = exact.hyper(z)
    values = [block << FRACTION_BITS for block in y_hat]
    found = [exact.block(k, state, values) for k in range(len(y_hat))]
    return [torch.cat([part.mean, part.index.int()]) for part in found]


@pytest.mark.parametrize("path", [float_parameters, exact_parameters])
@pytest.mark.parametrize("changed", range(4))
def test_a_symbol_changes_only_later_blocks(path, changed: int):
    entropy = trained_like(CONFIG)
    z, y_hat = symbols(CONFIG)
    before = path(entropy, z, y_hat)
    y_hat[changed][0, 0, 4, 4] += 7
    after = path(entropy, z, y_hat)
    for k, (old, new) in enumerate(zip(before, after, strict=True)):
        assert torch.equal(old, new) == (k <= changed)


@pytest.mark.parametrize("path", [float_parameters, exact_parameters])
def test_side_information_reaches_every_block(path):
    entropy = trained_like(CONFIG)
    z, y_hat = symbols(CONFIG)
    before = path(entropy, z, y_hat)
    z[0, 0, 0, 0] += 3
    after = path(entropy, z, y_hat)
    assert not any(torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("path", [float_parameters, exact_parameters])
def test_the_parameters_of_a_block_do_not_depend_on_where_one_stops(path):
    entropy = trained_like(CONFIG)
    z, y_hat = symbols(CONFIG)
    whole = path(entropy, z, y_hat)
    for stop in range(1, 4):
        for old, new in zip(whole, path(entropy, z, y_hat[:stop]), strict=False):
            assert torch.equal(old, new)


@pytest.mark.parametrize("path", [float_parameters, exact_parameters])
def test_without_context_no_block_reads_another(path):
    config = replace(CONFIG, use_context=False)
    entropy = trained_like(config)
    z, y_hat = symbols(config)
    before = path(entropy, z, y_hat)
    for block in y_hat:
        block += 5
    assert all(map(torch.equal, before, path(entropy, z, y_hat)))


def test_refinements_start_without_effect():
    torch.manual_seed(0)
    refined = EntropyModel(CONFIG)
    base = EntropyModel(replace(CONFIG, use_delta=False))
    base.hyper.load_state_dict(refined.hyper.state_dict())
    z, y_hat = symbols(CONFIG)
    for old, new in zip(
        float_parameters(refined, z, y_hat), float_parameters(base, z, y_hat), strict=True
    ):
        assert torch.equal(old, new)
