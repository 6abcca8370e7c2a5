"""Methods: every one converts, trains a step's forward, and makes bytes that decode at any cut."""

from functools import cache

import numpy as np
import pytest
import torch

from codec_plugin.baselines._reblock import reblock, shares
from codec_plugin.baselines.paper_recipe import paper_blocks
from codec_plugin.baselines.registry import find_method, method_names
from codec_plugin.baselines.training import view
from codec_plugin.bitstream.container import read_header
from codec_plugin.bitstream.segments import Segment
from codec_plugin.channel_layout import ChannelLayout
from codec_plugin.checkpointing.checkpoint import CheckpointMeta, pack_checkpoint, unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.config import ModelConfig
from codec_plugin.data.picture import as_picture
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.models.tiled import analyse
from tests.codec_plugin.tiny import tiny_picture

META = CheckpointMeta(
    name="peer", label_map_id="ab" * 32, label_map_name="tiny map", level_names=()
)


def warm_start() -> ProgressiveModel:
    """A small network whose refinements already matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = ModelConfig(
            blocks=(6, 8, 10), steps=(0.3, 0.2, 0.1), hyper_channels=8, analysis_widths=(4, 4),
            synthesis_widths=(6, 4, 4), synthesis_depths=(1, 0, 0), feature_width=6,
            context_width=6,
        )  # fmt: skip
        model = ProgressiveModel(config).eval()
        with torch.no_grad():
            for name, value in model.named_parameters():
                if value.ndim == 4 and "linear" not in name and not bool(value.any()):
                    value.normal_(std=0.02)
        model.init_scales(picture_tensor())
    return model


def picture_tensor() -> torch.Tensor:
    picture = torch.from_numpy(tiny_picture(128, 128))
    return picture.permute(2, 0, 1)[None].float() / 255


@cache
def peer(name: str) -> Codec:
    """The method's codec of its converted warm start."""
    method = find_method(name)
    model = method.convert(warm_start()).eval()
    exact = ExactEntropy.from_model(model)
    tables = CodingTables.from_prior(model.entropy.prior)
    return method.codec(unpack_checkpoint(pack_checkpoint(model, exact, tables, META)))


def psnr_db(first: np.ndarray, second: np.ndarray) -> float:
    error = (first.astype(float) - second.astype(float)) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


@pytest.mark.parametrize("name", method_names())
def test_whole_files_hold_what_the_encoder_quantised(name: str) -> None:
    codec = peer(name)
    blob = codec.encode(tiny_picture())
    decoded = codec.decode(blob)
    assert decoded.stages_complete == read_header(blob).stages
    assert decoded.fractions == (1.0,) * len(decoded.fractions)
    assert psnr_db(decoded.pixels, tiny_picture()) > 20
    assert codec.encode(tiny_picture()) == blob


@pytest.mark.parametrize("name", method_names())
@pytest.mark.parametrize("largest", [37, 4_000])
def test_symbols_that_no_table_foresees_arrive_whole(name: str, largest: int) -> None:
    """What a whole file decodes to is half a step from the latent at most, however large it is."""
    codec = peer(name)
    config = codec.checkpoint.config
    generator = torch.Generator().manual_seed(0)
    y = torch.randn(1, config.channels, 8, 12, generator=generator)
    y[torch.rand(y.shape, generator=generator) < 0.03] *= largest / 2
    z = torch.randn(1, config.hyper_channels, 2, 3, generator=generator)
    if name == "saliency":
        codec.latents.levels = torch.zeros(1, 1, 4, 6, dtype=torch.int64)
    payloads = codec.latents.encode(y, z)
    segments = [Segment(k, payload, True, "right") for k, payload in enumerate(payloads)]
    received = codec.latents.decode(segments, (8, 12))
    assert float(y.abs().max()) > largest
    assert float((received.y_hat - y).abs().max()) <= 0.501


def unforeseen(codec: Codec, picture: np.ndarray) -> int:
    """How many symbols are larger than 13 and than all symbols of their table."""
    tables = codec.checkpoint.tables
    reach = torch.tensor([max(13, -tables.scale(rung).low) for rung in range(tables.n_scales)])
    with torch.no_grad():
        y, z = analyse(codec.checkpoint.model, as_picture(picture).padded(64))
    passes = [one for _, stage in codec.latents.coded(y, z) for one in stage]
    return sum(int((symbols.abs() > reach[rungs.long()]).sum()) for symbols, rungs in passes)


@pytest.mark.parametrize("name", ["trit-plane", "task-trit-plane", "nested-quantization"])
def test_digits_say_what_the_single_rate_says(name: str) -> None:
    """One checkpoint, a picture whose symbols are beyond their tables: equal pixels."""
    whole, digits = peer("single-rate"), find_method(name).codec(peer("single-rate").checkpoint)
    noise = np.random.default_rng(0).integers(0, 2, (70, 90, 1)) * np.full(3, 255)
    picture = noise.astype(np.uint8)
    assert unforeseen(whole, picture) > 20
    one, other = whole.encode(picture), digits.encode(picture)
    assert np.array_equal(whole.decode(one).pixels, digits.decode(other).pixels)
    # What a picture needs beyond its tables comes with the first stage: equal stages for all.
    assert read_header(other).stages == read_header(digits.encode(tiny_picture())).stages


@pytest.mark.parametrize("name", [n for n in method_names() if find_method(n).progressive])
def test_every_prefix_decodes_and_more_bytes_tell_more(name: str) -> None:
    codec = peer(name)
    blob = codec.encode(tiny_picture())
    header = read_header(blob)
    sizes = np.linspace(header.size_bytes, len(blob), 6).astype(int)
    quality = [psnr_db(codec.decode(blob[:size]).pixels, tiny_picture()) for size in sizes]
    assert quality[-1] > quality[0] + 3
    shares_known = [sum(codec.decode(blob[:size]).fractions) for size in sizes]
    assert shares_known == sorted(shares_known)


@pytest.mark.parametrize("name", method_names())
def test_training_forward_gives_gradients_to_all_it_decodes_with(name: str) -> None:
    method = find_method(name)
    model = view(method.model, method.convert(warm_start())).train()
    torch.manual_seed(1)
    output = model(picture_tensor(), model.config.n_blocks - 1, 1.0)
    (output.kept_bits.mean() + output.x_hat.square().mean()).backward()
    assert output.x_hat.shape == (1, 3, 128, 128)
    for part in (model.analysis, model.hyper_analysis, model.entropy.hyper):
        assert any(p.grad is not None and bool(p.grad.any()) for p in part.parameters())


def test_views_share_weights() -> None:
    model = warm_start()
    other = view(find_method("double-tail-drop").model, model)
    with torch.no_grad():
        next(other.parameters()).zero_()
    assert not bool(next(model.parameters()).any())
    assert other.training is model.training


def test_reblocked_network_decodes_alike_when_all_is_known() -> None:
    model = warm_start()
    other = reblock(model, (3, 15, 6)).eval()
    y = torch.randn(1, 24, 8, 8)
    whole = model.synthesis(y, torch.ones(1, 3, 8, 8))
    torch.testing.assert_close(other.synthesis(y, torch.ones(1, 3, 8, 8)), whole)


def test_what_is_known_of_new_blocks_reads_as_of_the_old() -> None:
    model = warm_start()
    other = reblock(model, (6, 18)).eval()
    y = torch.randn(1, 24, 8, 8)
    first = model.synthesis(y, torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 8, 8))
    same = other.synthesis(y, torch.tensor([1.0, 0]).view(1, 2, 1, 1).expand(1, 2, 8, 8))
    torch.testing.assert_close(same, first)


def test_shares_are_parts_of_old_blocks() -> None:
    old, new = ChannelLayout.consecutive((2, 4)), ChannelLayout.consecutive((3, 3))
    table = shares(old, new, torch.ones(6))
    assert table.tolist() == [[1.0, 0.0], [0.25, 0.75]]


@pytest.mark.parametrize("channels", [24, 192, 212, 320])
def test_paper_blocks_are_in_proportion(channels: int) -> None:
    blocks = paper_blocks(channels)
    assert sum(blocks) == channels
    assert abs(blocks[0] - 0.4 * channels) <= 0.5


def test_other_sums_and_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="sum to 24 base channels"):
        reblock(warm_start(), (6, 6))
    with pytest.raises(ConfigError, match=r"not one of .*trit-plane"):
        find_method("dpict")
