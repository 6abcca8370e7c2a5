"""Blocks in several passes: causal, exact, and decodable at every byte like any other."""

import msgspec
import pytest
import torch

from codec_plugin.bitstream.container import read_header
from codec_plugin.bitstream.segments import split_segments
from codec_plugin.checkpointing.checkpoint import unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.channel_groups import EntropyModel
from codec_plugin.entropy.coding_order import keep_mask, pass_map
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.models.tiled import analyse
from tests.codec_plugin.tiny import CONFIG, tiny_checkpoint, tiny_codec, tiny_picture

PASSES = msgspec.structs.replace(CONFIG, passes=(3, 2, 1))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return tiny_codec(PASSES)


def entropy_model(config: ModelConfig = PASSES) -> EntropyModel:
    """None of its layers is zero."""
    torch.manual_seed(0)
    entropy = EntropyModel(config).eval()
    with torch.no_grad():
        for parameter in entropy.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return entropy


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_later_position_has_earlier_neighbours_on_two_opposite_sides(count: int) -> None:
    place = pass_map(count, 8, 8)
    assert sorted(set(place.flatten().tolist())) == list(range(count))
    for row in range(1, 7):
        for column in range(1, 7):
            here = place[row, column]
            pairs = [((0, 1), (0, -1)), ((1, 0), (-1, 0)), ((1, 1), (-1, -1))]
            earlier = [all(place[row + a, column + b] < here for a, b in sides) for sides in pairs]
            assert here == 0 or any(earlier)


@pytest.mark.parametrize("k", [0, 1])
def test_a_position_changes_only_later_passes_and_blocks(k: int) -> None:
    entropy = entropy_model()
    exact = ExactEntropy.from_model(entropy)
    generator = torch.Generator().manual_seed(1)
    z = torch.randint(-5, 6, (1, CONFIG.hyper_channels, 2, 2), generator=generator)
    before = [torch.randint(-9, 9, (1, c, 8, 8)) << FRACTION_BITS for c in CONFIG.blocks[:k]]
    own = torch.randint(-9, 9, (1, CONFIG.blocks[k], 8, 8)) << FRACTION_BITS
    place = pass_map(PASSES.pass_counts[k], 8, 8)
    state = exact.hyper(z)

    def parameters(values: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for number in range(PASSES.pass_counts[k]):
            seen = torch.where(place < number, values, torch.zeros_like(values))
            part = exact.block(k, state, before, seen, number)
            found.append(torch.cat([part.mean, part.index.int()])[..., place == number])
        return found

    for number in range(PASSES.pass_counts[k]):
        changed = own.clone()
        row, column = (place == number).nonzero()[len((place == number).nonzero()) // 2].tolist()
        changed[0, 0, row, column] += 7 << FRACTION_BITS
        for later, (old, new) in enumerate(zip(parameters(own), parameters(changed), strict=True)):
            assert torch.equal(old, new) == (later <= number)


def test_tiles_give_the_wholes_integers() -> None:
    exact = ExactEntropy.from_model(entropy_model())
    tiled = ExactEntropy(exact.layers, tile=8)
    z = torch.randint(-5, 6, (1, CONFIG.hyper_channels, 5, 6))
    own = torch.randint(-9, 9, (1, CONFIG.blocks[0], 20, 24)) << FRACTION_BITS
    for number in (1, 2):
        one = exact.block(0, exact.hyper(z), [], own, number)
        other = tiled.block(0, tiled.hyper(z), [], own, number)
        assert torch.equal(one.mean, other.mean)
        assert torch.equal(one.index, other.index)


@pytest.mark.parametrize("shape", [(64, 64), (40, 130)])
def test_files_come_back_and_every_prefix_decodes(codec: Codec, shape: tuple[int, int]) -> None:
    picture = tiny_picture(*shape)
    blob = codec.encode(picture)
    header = read_header(blob)
    grid = tuple(-(-side // 64) * 4 for side in shape)
    from codec_plugin.data.picture import as_picture

    y, _ = analyse(codec.checkpoint.model, as_picture(picture).padded(64))
    whole = codec.latents.decode(split_segments(blob, header), grid)
    assert float((whole.y_hat - y).abs().max()) <= 0.5 + 1e-3
    before = (0.0,) * 4
    for length in range(header.size_bytes, len(blob), 5):
        received = codec.latents.decode(split_segments(blob[:length], header), grid)
        shares = (received.hyper_fraction, *received.fractions)
        assert all(now >= then for now, then in zip(shares, before, strict=True))
        before = shares


def test_the_model_decodes_what_a_cut_file_decodes_to(codec: Codec) -> None:
    """What training sees of a cut block is what a decoder makes of the bytes."""
    model = codec.checkpoint.model
    picture = torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1)[None].float() / 255
    blob = codec.encode(tiny_picture(64, 64))
    header = read_header(blob)
    middle = (header.size_bytes + header.ends[0]) // 2
    received = codec.latents.decode(split_segments(blob[:middle], header), (4, 4))
    assert 0 < received.fractions[0] < 1
    with torch.no_grad():
        latents = model.quantise(picture)
        y_hat, known, _ = model.cut(latents, 0, received.fractions[0])
    # The two round the scales' ladder apart here and there: a symbol may swap places.
    assert float((known[:, 0] - received.known[:, 0]).abs().mean()) < 0.1
    assert float((y_hat - received.y_hat).abs().mean()) < 0.1


def test_the_order_is_pass_first() -> None:
    index = torch.randint(0, 64, (1, 3, 4, 4))
    place = pass_map(3, 4, 4).expand(3, 4, 4)
    kept = keep_mask(index, torch.tensor([0.25]), True, 3)[0]
    assert torch.equal(kept, place == 0)


def test_given_passes_a_network_starts_by_making_the_same() -> None:
    old = unpack_checkpoint(tiny_checkpoint(CONFIG)).model
    new = ProgressiveModel(msgspec.structs.replace(CONFIG, passes=(3, 2, 2))).eval()
    missing, unexpected = new.load_state_dict(old.state_dict(), strict=False)
    assert not unexpected
    assert {name.partition("spatial.")[0] for name in missing} == {"entropy."}
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        for stage in range(3):
            one, other = old(x, stage), new(x, stage)
            assert torch.allclose(one.x_hat, other.x_hat, atol=1e-5)
            assert torch.allclose(one.stage_bits, other.stage_bits)


@pytest.mark.parametrize("passes", [(3, 2), (4, 1, 1), (0, 1, 1)])
def test_passes_that_cannot_be_are_refused(passes: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="passes must have one entry a block"):
        msgspec.structs.replace(CONFIG, passes=passes)
