"""Encode and decode one 256 × 256 picture: networks and coding timed apart, beside CompressAI.

    python benchmarks/bench_codec.py [--checkpoint NAME] [--picture FILE] [--repeats 15]

All codecs run in one process, in turns (round after round, so that a busy machine hits all alike),
two threads, medians. CompressAI's models have random weights: speed does not depend on training,
but the number of bytes does, so theirs is not shown. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from codec_plugin.bitstream import range_coder as coder
from codec_plugin.checkpointing.checkpoint import Checkpoint, CheckpointMeta
from codec_plugin.codec import Codec
from codec_plugin.config import ModelConfig
from codec_plugin.data.picture import as_picture, read_picture
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.latent_codec import symbol_order as stages
from codec_plugin.models.progressive import ProgressiveModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Timings = dict[str, list[float]]


def milliseconds(function: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time of one call, and what it returned."""
    begun = time.perf_counter()
    result = function()
    return 1000 * (time.perf_counter() - begun), result


class CodingClock:
    """Adds up the time spent in the coder and in ordering symbols: everything but networks."""

    def __init__(self) -> None:
        import codec_plugin.latent_codec.latent_codec as latents

        self.total_ms = 0.0
        for name in ("put_hyper", "put_block", "take_hyper", "take_block"):
            setattr(latents, name, self._timed(getattr(stages, name)))
        coder.StageWriter.finish = self._timed(coder.StageWriter.finish)  # type: ignore[method-assign]
        coder.StageReader.__init__ = self._timed(coder.StageReader.__init__)  # type: ignore[method-assign]

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            taken, result = milliseconds(lambda: function(*arguments, **options))
            self.total_ms += taken
            return result

        return call

    def take(self) -> float:
        """Milliseconds since the last call."""
        taken, self.total_ms = self.total_ms, 0.0
        return taken


def random_codec(picture: np.ndarray) -> Codec:
    """`compact` before training: its DCT start codes real pictures."""
    torch.manual_seed(0)
    model = ProgressiveModel(ModelConfig()).eval()
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    model.init_scales(x)
    exact, tables = ExactEntropy.from_model(model), CodingTables.from_prior(model.entropy.prior)
    return Codec(Checkpoint(model, exact, tables, CheckpointMeta(), "00" * 32))


def peers() -> Iterator[tuple[str, Any]]:
    """CompressAI's codecs, random weights, tables built."""
    if find_spec("compressai") is None:
        print("CompressAI is not installed and left out: docs/compressai.md", file=sys.stderr)
        return
    import compressai.zoo as zoo

    for name, model in (
        ("mbt2018-mean, quality 4", zoo.mbt2018_mean(quality=4, pretrained=False)),
        ("cheng2020-anchor-checkerboard", _checkerboard()),
    ):
        model.eval().update(force=True)
        yield name, model


def _checkerboard() -> Any:
    from compressai.models import Cheng2020AnchorCheckerboard

    return Cheng2020AnchorCheckerboard(N=128)


def time_ours(codec: Codec, picture: np.ndarray, clock: CodingClock, out: Timings) -> int:
    """One encode and decode; returns the size of the file."""
    clock.take()
    encode_ms, blob = milliseconds(lambda: codec.encode(picture))
    encode_coding_ms = clock.take()
    decode_ms, decoded = milliseconds(lambda: codec.decode(blob))
    decode_coding_ms = clock.take()
    assert decoded.stages_complete == codec.checkpoint.config.n_blocks
    out["encode"].append(encode_ms)
    out["decode"].append(decode_ms)
    out["coding"].append(encode_coding_ms + decode_coding_ms)
    out["total"].append(encode_ms + decode_ms)
    return len(blob)


@torch.no_grad()
def time_peer(model: Any, x: torch.Tensor, out: Timings) -> None:
    """One compress and decompress."""
    encode_ms, packed = milliseconds(lambda: model.compress(x))
    decode_ms, _ = milliseconds(lambda: model.decompress(packed["strings"], packed["shape"]))
    out["encode"].append(encode_ms)
    out["decode"].append(decode_ms)
    out["total"].append(encode_ms + decode_ms)


def measure(codec: Codec, picture: np.ndarray, repeats: int) -> tuple[dict[str, Timings], int]:
    """Timings of all codecs, round after round; the first round warms up and is dropped."""
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    models = dict(peers())
    timings: dict[str, Timings] = {name: defaultdict(list) for name in ("ours", *models)}
    clock, size = CodingClock(), 0
    for _ in range(repeats + 1):
        size = time_ours(codec, picture, clock, timings["ours"])
        for name, model in models.items():
            time_peer(model, x, timings[name])
    for timing in timings.values():
        for values in timing.values():
            del values[0]
    return timings, size


def table(timings: dict[str, Timings], name: str) -> str:
    """Markdown: one row a codec, medians in milliseconds."""
    rows = [
        "| codec | encode ms | decode ms | of both: coding ms | total ms | ours / theirs |",
        "|---|---|---|---|---|---|",
    ]
    ours = statistics.median(timings["ours"]["total"])
    for codec, timing in timings.items():
        median = {key: statistics.median(values) for key, values in timing.items()}
        coding = f"{median['coding']:.1f}" if "coding" in median else "not apart"
        ratio = f"{ours / median['total']:.2f}" if codec != "ours" else "1"
        rows.append(
            f"| {name if codec == 'ours' else codec} | {median['encode']:.1f} "
            f"| {median['decode']:.1f} | {coding} | {median['total']:.1f} | {ratio} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="", help="default: compact before training")
    parser.add_argument(
        "--picture", type=Path, help="default: the middle of scikit-image's chelsea"
    )
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(2)
    if options.picture:
        pixels = read_picture(options.picture).pixels
    else:
        from skimage import data

        pixels = data.chelsea()
    pixels = np.ascontiguousarray(as_picture(pixels).pixels[:256, 100:356])
    codec = Codec.load(options.checkpoint) if options.checkpoint else random_codec(pixels)
    name = options.checkpoint or "compact (before training)"
    timings, size = measure(codec, pixels, options.repeats)
    print(f"256 × 256 pixels, {size} bytes, two threads, medians of {options.repeats}\n")
    print(table(timings, name))


if __name__ == "__main__":
    main()
