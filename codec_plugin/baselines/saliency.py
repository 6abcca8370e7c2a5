"""Saliency order: what a classifier looks at is sent first, everywhere else later.

    picture ─► classifier's last maps ─► energy of 32 × 32 pixels ─► rank ─► level 0 … 3, 2 bits
    key of a symbol = scale index of its σ + 4 · level of its place; the largest key first
    stage 1 (the only one): z │ levels │ symbols by key

Source of the map: Zagoruyko & Komodakis 2017 (activation-based attention).
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE, one_block
from codec_plugin.bitstream.range_coder import PRECISION_BITS, Row, StageReader, StageWriter
from codec_plugin.bitstream.segments import Segment
from codec_plugin.checkpointing.checkpoint import Checkpoint
from codec_plugin.classifiers import Classifier, load_classifier
from codec_plugin.codec import Codec
from codec_plugin.data.picture import as_picture
from codec_plugin.entropy.integer_model import FRACTION_BITS, BlockParameters
from codec_plugin.entropy.scale_table import N_SCALES, scale_index, sigma_from_raw
from codec_plugin.errors import ConfigError
from codec_plugin.latent_codec.latent_codec import LatentCodec, Received
from codec_plugin.latent_codec.rdo_quantization import whole_numbers
from codec_plugin.latent_codec.symbol_order import SYMBOL_LIMIT, put_hyper, take_hyper
from codec_plugin.models.progressive import STRIDE, ModelOutput, ProgressiveModel

__all__ = ["METHODS", "SaliencyCodec", "SaliencyLatents", "SaliencyModel"]


LEVELS = 4
_BOOST = 4  # scale indices (each a factor 1.12 of σ) that a level is worth
_SHARE = (1 << PRECISION_BITS) // LEVELS
_MAP_ROW = Row(np.array([_SHARE] * (LEVELS - 1) + [_SHARE - 1, 1]), 0)
"""Coder's table of a level: all alike, since ranks are; the escape is unused."""


@cache
def frozen_classifier() -> Classifier:
    """Whose attention is sent: the one that all methods may train with; encoders need it only.

    Raises:
        ClassifierError: its weights are not installed.
    """
    return load_classifier()


@torch.no_grad()
def attention_levels(classifier: Classifier, images: Tensor) -> Tensor:
    """Levels 0..3 (B, 1, H/32, W/32) int64, each for a quarter of the places, 3 the most looked at.

    Args:
        classifier: with inner features.
        images: (B, 3, H, W) in 0..1, sides multiples of 64.
    """
    _, maps = classifier.logits_and_features(images)
    energy = maps[-1].float().square().mean(1, keepdim=True)
    grid = (images.shape[-2] // 32, images.shape[-1] // 32)
    if energy.shape[-2:] != grid:
        energy = functional.interpolate(energy, grid, mode="bilinear", align_corners=False)
    rank = energy.flatten(1).argsort(dim=1, stable=True).argsort(dim=1, stable=True)
    return (rank * LEVELS // rank.shape[1]).reshape(energy.shape)


def importance(index: NDArray[np.uint8] | Tensor, levels: NDArray[np.int64] | Tensor) -> Tensor:
    """Key of each symbol, the largest sent first; equal keys share their table `key % 64`.

    Args:
        index: (B, C, h, w) scale indices 0..63.
        levels: (B, 1, h/2, w/2).
    Returns:
        (B, C·h·w) int64.
    """
    scales = torch.as_tensor(index).long()
    places = torch.as_tensor(levels).repeat_interleave(2, 2).repeat_interleave(2, 3)
    return ((scales + _BOOST * places) * N_SCALES + scales).flatten(1)


class SaliencyModel(ProgressiveModel):
    """One block; while training, a random share of it arrives, in the order that is sent."""

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W); in evaluation the whole block."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if not self.training:
            return super().forward(x, stage, keep)
        latents = self.quantise(x)
        mean, raw_scale = latents.parameters[0]
        index = scale_index(sigma_from_raw(raw_scale.detach()))
        levels = attention_levels(frozen_classifier(), x)
        order = importance(index, levels).argsort(dim=1, descending=True, stable=True)
        count = round(float(torch.rand(())) * order.shape[1])
        arrived = torch.zeros_like(order, dtype=torch.bool)
        arrived.scatter_(1, order[:, :count], torch.ones_like(order[:, :count], dtype=torch.bool))
        arrived = arrived.reshape(mean.shape)
        y_hat = torch.where(arrived, latents.y_hat[0], mean)
        x_hat = self.synthesis(y_hat, arrived.float().mean(1, keepdim=True))
        z_bits = latents.z_bits.sum((1, 2, 3))
        whole = z_bits + latents.y_bits[0].sum((1, 2, 3))
        kept = z_bits + (latents.y_bits[0] * arrived).sum((1, 2, 3))
        return ModelOutput(x_hat, whole[:, None], kept)


class SaliencyLatents(LatentCodec):
    """Code z, the levels, and one block in the order of `importance`.

    Attributes:
        levels: (1, 1, h/2, w/2) of the picture that is encoded next.
    """

    levels: Tensor

    def encode(self, y: Tensor, z: Tensor, stages: int | None = None) -> list[bytes]:
        """The one payload, from y (1, M, h, w) and z, not yet rounded."""
        z_int = whole_numbers(z)
        writer = StageWriter()
        put_hyper(writer, z_int[0].contiguous().numpy(), self.rows)
        writer.put(_MAP_ROW, self.levels.flatten().int().numpy())
        parameters = self.exact.block(0, self.exact.hyper(z_int), [])
        residual = y - parameters.mean * 0.5**FRACTION_BITS
        symbols = self.quantiser(0, residual, parameters.index).flatten().numpy()
        for scale, places in _runs(parameters, self.levels):
            writer.put(self.rows.scales[scale], np.ascontiguousarray(symbols[places]))
        return [writer.finish()]

    def decode(self, segments: Iterable[Segment], grid: tuple[int, int]) -> Received:
        """Latents from a whole or cut payload; what did not arrive is its conditional mean."""
        readers = [StageReader(s.payload, whole=s.whole) for s in segments]
        reader = readers[0] if readers else StageReader(b"", whole=False)
        shape = (len(self.rows.hyper), grid[0] // 4, grid[1] // 4)
        z, z_known = take_hyper(reader, shape, self.rows)
        likeliest = np.array([row.likeliest for row in self.rows.hyper], dtype=np.int32)
        z = np.where(z_known, z, likeliest[:, None, None]).clip(-SYMBOL_LIMIT, SYMBOL_LIMIT)
        cells = (grid[0] // 2, grid[1] // 2)
        taken = reader.take(_MAP_ROW, cells[0] * cells[1]).values.clip(0, LEVELS - 1)
        levels = torch.from_numpy(taken).long().reshape(1, 1, *cells)
        parameters = self.exact.block(0, self.exact.hyper(torch.from_numpy(z)[None]), [])
        symbols = np.zeros(parameters.mean.numel(), dtype=np.int32)
        known = np.zeros(symbols.size, dtype=np.bool_)
        for scale, places in _runs(parameters, levels):
            if reader.exhausted:
                break
            run = reader.take(self.rows.scales[scale], len(places))
            symbols[places] = np.where(run.known, run.values, 0)
            known[places] = run.known
        limited = torch.from_numpy(symbols.clip(-SYMBOL_LIMIT, SYMBOL_LIMIT))
        y_hat = (limited.reshape(parameters.mean.shape) << FRACTION_BITS) + parameters.mean
        share = torch.from_numpy(known).float().reshape(parameters.mean.shape)
        return Received(
            y_hat.float() * 0.5**FRACTION_BITS,
            share.mean(1, keepdim=True),
            float(z_known.mean()),
            (float(share.mean()),),
        )


class SaliencyCodec(Codec):
    """`Codec` that looks at a picture before it codes it.

    Args:
        checkpoint: of a model with one block.
    Raises:
        ConfigError: more than one block.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        if checkpoint.config.n_blocks != 1:
            raise ConfigError(f"saliency needs one block, got {checkpoint.config.n_blocks}")
        costs = checkpoint.meta.error_costs or ()
        self.salient = SaliencyLatents(
            checkpoint.config, checkpoint.exact, checkpoint.tables, costs
        )
        self.latents = self.salient

    def encode(self, image: Any, **options: Any) -> bytes:
        """As `Codec.encode`."""
        picture = as_picture(image)
        pixels = picture.padded(STRIDE).float() / 255
        self.salient.levels = attention_levels(frozen_classifier(), pixels)
        return super().encode(picture, **options)


def _runs(
    parameters: BlockParameters, levels: Tensor
) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """(scale index, places in the flattened block) in coding order."""
    key = importance(parameters.index, levels)[0].numpy()
    order = np.argsort(-key, kind="stable")
    ordered = key[order]
    bounds = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(ordered)]
    for begin, end in pairwise(bounds):
        if end > begin:
            yield int(ordered[begin] % N_SCALES), order[begin:end]


METHODS = (
    Method(
        name="saliency",
        source="Hojjat et al. 2024, LimitNet: Progressive, content-aware image offloading for "
        "extremely weak devices and networks (MobiSys; arXiv 2504.13736)",
        idea="symbols by predicted σ and by how much is looked at their place, map sent along",
        departures=(
            "the map is a frozen classifier's attention instead of a small branch taught by a "
            "salient-object network; the score is the predicted σ with a bonus; the classifier "
            "that reads the pictures is not tuned"
        ),
        convert=one_block,
        overrides=ONE_RATE,
        model=SaliencyModel,
        codec=SaliencyCodec,
    ),
)
