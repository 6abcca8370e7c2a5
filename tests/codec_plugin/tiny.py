"""A very small codec, fitted to one smooth picture: real bytes in milliseconds."""

from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace

from codec_plugin.bitstream.answer import LabelPath
from codec_plugin.bitstream.label_tree import LabelTree
from codec_plugin.checkpointing.checkpoint import CheckpointMeta, pack_checkpoint, unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.models.progressive import ProgressiveModel

DATA = Path(__file__).parent / "data"
GOLDEN_CUTS = (30, 120, 300)
CONFIG = ModelConfig(
    blocks=(3, 4, 5),
    steps=(0.3, 0.2, 0.1),
    hyper_channels=2,
    analysis_widths=(4, 4),
    synthesis_widths=(6, 4, 4),
    synthesis_depths=(1, 0, 0),
    feature_width=6,
    context_width=6,
)
META = CheckpointMeta(
    name="tiny",
    label_map_id="ab" * 32,
    label_map_name="tiny map",
    level_names=("coarse", "mid", "fine"),
    lambdas=(0.0009, 0.0045, 0.018),
)
TREE = LabelTree(
    META.label_map_id,
    META.label_map_name,
    META.level_names,
    np.array([[0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 4, 5]]),
    (
        ("animal", "thing"),
        ("fish", "mammal", "tool"),
        ("tench", "carp", "cat", "dog", "cow", "saw"),
    ),
)
ANSWER = LabelPath((0, 1, 3), (0.97, 0.8, 0.5), TREE)


def tiny_picture(height: int = 70, width: int = 90) -> np.ndarray:
    """A smooth colour picture with a few edges, (H, W, 3) uint8, from integers alone."""
    y, x = np.mgrid[:height, :width]
    planes = [x * 5 + y, 255 - y * 3, (x * y // 20) + 64 * ((x // 24 + y // 16) % 2)]
    return (np.stack(planes, 2) % 256).astype(np.uint8)


def tiny_checkpoint(config: ModelConfig = CONFIG, seed: int = 0) -> bytes:
    """Bytes of a checkpoint with random residual networks around the DCT."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProgressiveModel(config).eval()
        picture = torch.from_numpy(tiny_picture(128, 128)).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            for name, value in model.named_parameters():
                if value.ndim == 4 and "linear" not in name and not bool(value.any()):
                    value.normal_(std=0.02)  # layers that start at zero: let them matter
        model.init_scales(picture)
    exact = ExactEntropy.from_model(model)
    meta = META
    if config.n_blocks != len(META.lambdas):
        meta = replace(META, level_blocks=(0, 1, 3), lambdas=())
    tables = CodingTables.from_prior(model.entropy.prior, refines=config.layout.refines)
    return pack_checkpoint(model, exact, tables, meta)


def tiny_codec(config: ModelConfig = CONFIG, seed: int = 0) -> Codec:
    """A codec of such a checkpoint."""
    return Codec(unpack_checkpoint(tiny_checkpoint(config, seed)))


def stored_codec() -> Codec:
    """The codec of the stored checkpoint: the same integers on every machine."""
    return Codec(unpack_checkpoint((DATA / "tiny-v1.safetensors").read_bytes()))


def write_goldens() -> None:
    """Make the stored files anew; only for a new version of the format."""
    DATA.mkdir(exist_ok=True)
    (DATA / "tiny-v1.safetensors").write_bytes(tiny_checkpoint())
    codec = stored_codec()
    blob = codec.encode(tiny_picture())
    (DATA / "tiny-v1.c2f").write_bytes(blob)
    (DATA / "tiny-v2.c2f").write_bytes(codec.encode(tiny_picture(), answer=ANSWER))
    cuts = {f"cut_{size}": codec.decode(blob[:size]).pixels for size in GOLDEN_CUTS}
    np.savez_compressed(DATA / "tiny-v1.npz", whole=codec.decode(blob).pixels, **cuts)


if __name__ == "__main__":
    write_goldens()
