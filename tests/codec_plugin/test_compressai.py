"""The model as CompressAI's users call it."""

import importlib.util
import math

import pytest
import torch

from codec_plugin.config import ModelConfig
from codec_plugin.errors import BitstreamError, CheckpointError, ConfigError
from tests.codec_plugin.tiny import DATA, stored_codec, tiny_picture

# CompressAI imports torch_geometric, which scripts classes in a way that torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
CONFIG = ModelConfig(
    blocks=(4, 6, 8),
    hyper_channels=3,
    analysis_widths=(8, 8),
    synthesis_widths=(12, 8, 8),
    synthesis_depths=(1, 1, 1),
    feature_width=8,
    context_width=8,
)


@pytest.fixture(scope="module")
def adapter():
    if importlib.util.find_spec("compressai") is None:
        pytest.skip(
            "CompressAI is not installed: pip install 'hierlab[compressai]' (Python 3.11 or 3.12)"
        )
    from codec_plugin.compressai_model import CoarseToFine

    return CoarseToFine


def picture() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 16, 8, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(128, 64), mode="bicubic").clamp(0, 1)


def build(adapter):
    torch.manual_seed(0)
    model = adapter(CONFIG).eval()
    model.model.init_scales(picture())
    return model


def test_it_is_registered(adapter):
    from compressai.models.base import CompressionModel
    from compressai.registry import MODELS

    assert MODELS["coarse2fine"] is adapter
    assert issubclass(adapter, CompressionModel)


@torch.no_grad()
def test_forward_gives_likelihoods_that_sum_to_the_models_bits(adapter):
    model = build(adapter)
    x = picture()
    for stage in (0, 2, None):
        output = model(x, stage)
        expected = model.model(x, stage)
        bits = sum(-v.log().sum() / math.log(2) for v in output["likelihoods"].values())
        assert float(bits) == pytest.approx(float(expected.kept_bits.sum()), rel=1e-3)
        torch.testing.assert_close(output["x_hat"], expected.x_hat)
    with pytest.raises(ConfigError):
        model(x, 3)


def test_compress_and_decompress_every_number_of_stages(adapter):
    model = build(adapter)
    x = picture()
    with pytest.raises(ConfigError, match="update"):
        model.compress(x)
    assert model.update()
    assert not model.update()
    assert model.update(force=True)
    packed = model.compress(x)
    assert tuple(packed["shape"]) == (2, 1)
    assert [len(stage) for stage in packed["strings"]] == [2, 2, 2]
    for stages in (1, 2, 3):
        decoded = model.decompress(packed["strings"][:stages], packed["shape"])["x_hat"]
        with torch.no_grad():
            expected = model.model(x, stages - 1).x_hat.clamp(0, 1)
        # Means differ by the rounding of the frozen path; a symbol at the edge may flip.
        assert float((decoded - expected).abs().mean()) < 2e-3
    real = sum(8 * len(string) for stage in packed["strings"] for string in stage)
    with torch.no_grad():
        estimate = float(model.model(x).stage_bits.sum())
    assert real <= 1.01 * estimate + 6 * 40
    assert model.compress(x, stages=1)["strings"] == packed["strings"][:1]


def test_state_dict_carries_config_and_integers(adapter):
    model = build(adapter)
    model.update()
    packed = model.compress(picture())
    again = adapter.from_state_dict(model.state_dict()).eval()
    there = again.decompress(packed["strings"], packed["shape"])["x_hat"]
    here = model.decompress(packed["strings"], packed["shape"])["x_hat"]
    torch.testing.assert_close(there, here, rtol=0, atol=0)
    with pytest.raises(CheckpointError, match="names no config"):
        adapter.from_state_dict({})
    with pytest.raises(CheckpointError, match="from_state_dict"):
        adapter(CONFIG.plain()).load_state_dict(model.state_dict())


def test_a_checkpoint_compresses_to_the_payloads_of_the_files(adapter):
    """The same stages as in a .c2f file, whose container only adds a header and checks."""
    from codec_plugin.bitstream.container import read_header
    from codec_plugin.bitstream.segments import split_segments

    model = adapter.from_checkpoint(str(DATA / "tiny-v1.safetensors"))
    pixels = tiny_picture(128, 64)
    blob = stored_codec().encode(pixels)
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    payloads = [segment.payload for segment in split_segments(blob, read_header(blob))]
    assert [stage[0] for stage in model.compress(x)["strings"]] == payloads


def test_wrong_calls_are_refused(adapter):
    model = build(adapter)
    model.update()
    packed = model.compress(picture())
    with pytest.raises(ConfigError, match="ladder"):
        model.update(scale_table=[1.0])
    with pytest.raises(BitstreamError):
        model.decompress([], packed["shape"])
    with pytest.raises(BitstreamError):
        model.decompress([packed["strings"][0], packed["strings"][1][:1]], packed["shape"])
    assert model.aux_loss() == 0
