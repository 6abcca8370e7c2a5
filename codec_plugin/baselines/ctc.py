"""Context-based trit-planes: digits whose probabilities two networks refine from those above.

    plane p+1 … known ─► middles, depths of all bins ─┬─► rate network ─► tilt, peak ─► table of the
    ẑ ─► features ────────────────────────────────────┤                                digits of p
                                                      └─► distortion network ─► move inside the bin

Block, step and λ are those of `trit-plane`, whose order of digits holds too. Both networks are
frozen to integers in the checkpoint, and a digit's table follows from integers alone, so that
encoder and decoder agree to the bit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from codec_plugin.baselines._digit_context import DEPTH_UNIT, LADDER, MOVE_LIMIT, DigitContextModel
from codec_plugin.baselines._plane_codec import PlaneCodec, PlaneLatents, PlaneRun
from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE
from codec_plugin.baselines.trit_plane import gain_first
from codec_plugin.entropy.integer_layers import FRACTION_BITS, PARAMETER_BITS, Y_CLIP
from codec_plugin.entropy.scale_table import scale_ladder
from codec_plugin.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from codec_plugin.baselines._plane_codec import Integers
    from codec_plugin.baselines._trits import TritTable
    from codec_plugin.bitstream.range_coder import Row
    from codec_plugin.checkpointing.checkpoint import Checkpoint
    from codec_plugin.entropy.integer_model import ExactState
    from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "ContextLatents"]

_QUARTER_BITS = PARAMETER_BITS - 2
_STEPS = 2 * LADDER + 1


class ContextLatents(PlaneLatents):
    """Code digits with the tables that the rate network leans.

    Args:
        checkpoint: of a model with `plane_context`.
    Raises:
        ConfigError: it has no such networks.
    """

    def __init__(self, checkpoint: Checkpoint, rank: object) -> None:
        super().__init__(checkpoint, rank)  # type: ignore[arg-type]
        if not self.config.plane_networks:
            raise ConfigError(
                "ctc needs a checkpoint with its two networks; train one with c2f train "
                "--method ctc"
            )

    def contexts(
        self,
        state: ExactState,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> Integers:
        """Tilt and peak of each element, as one number."""
        tilt, peak = (
            ((answer.long() + (1 << _QUARTER_BITS - 1)) >> _QUARTER_BITS).clamp(-LADDER, LADDER)
            for answer in self._answers(0, state, tables, index, bins, depth)
        )
        found: Integers = ((tilt + LADDER) * _STEPS + peak + LADDER).numpy().reshape(-1)
        return found

    def row(self, table: TritTable, plane: int, run: PlaneRun) -> Row:
        """The table of a run, leant as its context says."""
        tilt, peak = divmod(run.context, _STEPS)
        return table.tilted(plane, run.bin, tilt - LADDER, peak - LADDER)

    def corrected(
        self,
        state: ExactState,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
        values: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """The mean of each bin, moved by at most half of it or a deviation; whole symbols stay."""
        shift, shrink = (
            answer.numpy().reshape(-1) * 0.5**PARAMETER_BITS
            for answer in self._answers(1, state, tables, index, bins, depth)
        )
        middle, width = _bins(tables, index, bins, depth)
        move = np.clip(shift + np.sign(middle) * shrink, -MOVE_LIMIT, MOVE_LIMIT)
        move = move * np.minimum(width / 2, scale_ladder().numpy()[index])
        moved: NDArray[np.float64] = np.where(depth > 0, values + move, values)
        return moved

    def _answers(
        self,
        network: int,
        state: ExactState,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> tuple[Tensor, Tensor]:
        limit = Y_CLIP >> FRACTION_BITS
        seen = [
            torch.from_numpy(part.clip(-limit, limit) << FRACTION_BITS)
            .int()
            .reshape(state.mean.shape)
            for part in (_bins(tables, index, bins, depth)[0], depth * DEPTH_UNIT)
        ]
        answer = self.exact.plane_context(network, state, seen)
        return answer.mean, answer.raw_scale


def _bins(
    tables: list[TritTable], index: NDArray[np.uint8], bins: Integers, depth: Integers
) -> tuple[Integers, Integers]:
    """Middle and width of each element's bin, in symbols."""
    width = np.int64(3) ** depth
    limits = np.array([table.limit for table in tables], dtype=np.int64)[index]
    return bins * width + width // 2 - limits, width


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    channels = model.config.base_channels
    return reblock(model, (channels,), stage_conditioning=False, plane_context=True)


METHODS = (
    Method(
        name="ctc",
        source="Jeon et al. 2023, Context-based trit-plane coding for progressive image "
        "compression (CVPR)",
        idea="trit-planes, each digit's probabilities and each bin's value refined from the digits "
        "above",
        departures=(
            "each network is one for all planes and has the shape of our Δ-networks (a 3 × 3 and "
            "two 1 × 1 layers); a digit's three probabilities have two degrees, in quarters of a "
            "bit; trained beside the codec, a random plane a step, instead of after it; the order "
            "is that of `trit-plane`, by the probabilities before they are refined"
        ),
        convert=_convert,
        overrides=ONE_RATE,
        model=DigitContextModel,
        codec=partial(PlaneCodec, rank=gain_first, latents=ContextLatents),
    ),
)
