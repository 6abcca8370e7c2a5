"""Bytes of a latent in trit-planes, from the widest bins to single steps.

    stage 1: fewest digits a symbol, z, the highest plane │ stage 2: the next plane │ … │ the last

Both sides know each element's table and the digits above; digits of one table and one bin are one
run. Runs of a plane are coded in an order that the method chooses, by integers. Symbols are never
clipped: where one is larger than its table foresees, all of that picture get as many digits as it
needs. Planes above the highest of the widest table belong to stage 1, so that the number of stages
is the checkpoint's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.baselines._trits import TritTable, planes_of
from codec_plugin.bitstream.range_coder import PRECISION_BITS, Row, StageReader, StageWriter
from codec_plugin.codec import Codec
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactState
from codec_plugin.errors import BitstreamError, ConfigError
from codec_plugin.latent_codec.latent_codec import LatentCodec, Received
from codec_plugin.latent_codec.rdo_quantization import whole_numbers
from codec_plugin.latent_codec.symbol_order import SYMBOL_LIMIT, put_hyper, take_hyper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codec_plugin.bitstream.container import Header
    from codec_plugin.bitstream.segments import Segment
    from codec_plugin.checkpointing.checkpoint import Checkpoint

__all__ = ["CONTEXTS", "PlaneCodec", "PlaneLatents", "PlaneRun"]

Integers = NDArray[np.int64]

CONTEXTS = 1 << 12
"""More than any `contexts` tells apart."""

_MOST_PLANES = planes_of(SYMBOL_LIMIT)
_SHARE = (1 << PRECISION_BITS) // (_MOST_PLANES + 1)
_DIGITS_ROW = Row(
    np.append([_SHARE] * _MOST_PLANES, [(1 << PRECISION_BITS) - _SHARE * _MOST_PLANES]), 1
)
"""Coder's table of the fewest digits, 1 to 14, all alike; the escape is unused."""


class PlaneRun(NamedTuple):
    """Elements of one plane that share a table: scale index, bin, context, where they stand."""

    scale: int
    bin: int
    context: int
    places: NDArray[np.intp]


class PlaneLatents(LatentCodec):
    """Code one block plane by plane.

    Args:
        checkpoint: of a model with one block.
        rank: sort key of a run, the smallest first: (table, plane, scale index, bin) to integer.
    Raises:
        ConfigError: more than one block.
    """

    def __init__(
        self, checkpoint: Checkpoint, rank: Callable[[TritTable, int, int, int], int]
    ) -> None:
        costs = checkpoint.meta.error_costs or ()
        super().__init__(checkpoint.config, checkpoint.exact, checkpoint.tables, costs)
        if self.config.n_blocks != 1:
            raise ConfigError(f"planes need one block, this checkpoint has {self.config.n_blocks}")
        self._coding = checkpoint.tables
        self._tables: dict[int, list[TritTable]] = {}
        self.rank = rank

    @property
    def planes(self) -> int:
        """Planes of the widest table: stages of a file."""
        return max(table.planes for table in self.tables(1))

    def tables(self, least: int) -> list[TritTable]:
        """Of every scale index, with so many digits at least."""
        if least not in self._tables:
            rows = map(self._coding.scale, range(self._coding.n_scales))
            self._tables[least] = [TritTable(row, least) for row in rows]
        return self._tables[least]

    def encode(self, y: Tensor, z: Tensor, stages: int | None = None) -> list[bytes]:
        """Payloads of the planes, the highest first, from y (1, M, h, w) and z, not rounded."""
        z_int = whole_numbers(z)
        state = self.exact.hyper(z_int)
        parameters = self.exact.block(0, state, [])
        residual = y - parameters.mean * 0.5**FRACTION_BITS
        chosen = self.quantiser(0, residual, parameters.index)
        symbols = chosen[0].numpy().reshape(-1).astype(np.int64)
        index = parameters.index[0].numpy().reshape(-1)
        least = planes_of(int(np.abs(symbols).max(initial=0)))
        tables = self.tables(least)
        offset = symbols + np.array([table.limit for table in tables])[index]
        planes = np.array([table.planes for table in tables])[index]
        payloads = []
        for stage in range(self.planes):
            writer = StageWriter()
            if stage == 0:
                writer.put(_DIGITS_ROW, np.array([least], dtype=np.int32))
                put_hyper(writer, z_int[0].contiguous().numpy(), self.rows)
            for plane in self._planes_of_stage(stage, least):
                depth = np.minimum(planes, plane + 1)
                bins = offset // 3**depth
                context = self.contexts(state, tables, index, bins, depth)
                for run in self._runs(tables, plane, index, bins, planes > plane, context):
                    digits = (offset[run.places] // 3**plane - 3 * run.bin).astype(np.int32)
                    writer.put(self.row(tables[run.scale], plane, run), digits)
            payloads.append(writer.finish())
        return payloads[:stages]

    def decode(self, segments: Iterable[Segment], grid: tuple[int, int]) -> Received:
        """Latents from the planes that arrived: each element at the mean of its bin."""
        readers = [StageReader(s.payload, whole=s.whole) for s in segments]
        first = readers[0] if readers else StageReader(b"", whole=False)
        digits_run = first.take(_DIGITS_ROW, 1)
        least = int(digits_run.values[0]) if digits_run.known[0] else 1
        if not 1 <= least <= _MOST_PLANES:
            raise BitstreamError(f"symbols of {least} digits: no encoder writes that")
        z, z_known = take_hyper(
            first, (len(self.rows.hyper), grid[0] // 4, grid[1] // 4), self.rows
        )
        likeliest = np.array([row.likeliest for row in self.rows.hyper], dtype=np.int32)
        z = np.where(z_known, z, likeliest[:, None, None]).clip(-SYMBOL_LIMIT, SYMBOL_LIMIT)
        state = self.exact.hyper(torch.from_numpy(z)[None])
        parameters = self.exact.block(0, state, [])
        index = parameters.index[0].numpy().reshape(-1)
        bins = np.zeros(index.size, dtype=np.int64)
        tables = self.tables(least)
        depth = np.array([table.planes for table in tables])[index]
        for stage, reader in enumerate(readers):
            for plane in self._planes_of_stage(stage, least):
                if reader.exhausted:
                    break
                context = self.contexts(state, tables, index, bins, depth)
                self._take_plane(reader, tables, plane, index, bins, depth, context)
        values = self._values(tables, index, bins, depth)
        values = self.corrected(state, tables, index, bins, depth, values)
        mean = parameters.mean.double() * 0.5**FRACTION_BITS
        y_hat = (mean + torch.from_numpy(values).reshape(mean.shape)).float()
        share = float((depth == 0).mean())
        known = torch.from_numpy((depth == 0).reshape(1, -1, *grid)).float().mean(1, keepdim=True)
        return Received(y_hat, known, float(z_known.mean()), (share,))

    def contexts(
        self,
        state: ExactState,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> Integers:
        """Context (N,) in 0..CONTEXTS-1 of each element before a plane: here none."""
        return np.zeros(index.size, dtype=np.int64)

    def row(self, table: TritTable, plane: int, run: PlaneRun) -> Row:
        """Coder's table of a run."""
        return table.row(plane, run.bin)

    def corrected(
        self,
        state: ExactState,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
        values: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """What stands for each element, from the mean of its bin (N,): here that."""
        return values

    def _planes_of_stage(self, stage: int, least: int) -> range:
        """Planes of a 0-based stage, the highest first."""
        lowest = self.planes - 1 - stage
        highest = max(lowest, least - 1) if stage == 0 else lowest
        return range(highest, lowest - 1, -1)

    def _take_plane(
        self,
        reader: StageReader,
        tables: list[TritTable],
        plane: int,
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
        context: Integers,
    ) -> None:
        """Read one plane: `bins` gain a digit and `depth` falls to `plane` where it is known."""
        planes = np.array([table.planes for table in tables])[index]
        ready = (planes > plane) & (depth == plane + 1)
        for run in self._runs(tables, plane, index, bins, ready, context):
            if reader.exhausted:
                return
            row = self.row(tables[run.scale], plane, run)
            digits, known = reader.take(row, len(run.places))
            if bool((digits[known] > 2).any()):
                raise BitstreamError("a plane holds a digit that no encoder writes")
            places = run.places[known]
            bins[places] = 3 * run.bin + digits[known]
            depth[places] = plane

    def _runs(
        self,
        tables: list[TritTable],
        plane: int,
        index: NDArray[np.uint8],
        bins: Integers,
        ready: NDArray[np.bool_],
        context: Integers,
    ) -> Iterator[PlaneRun]:
        """Runs of a plane in coding order; `bins` are those of the plane above."""
        chosen = np.flatnonzero(ready)
        if not chosen.size:
            return
        key = (bins[chosen] * len(tables) + index[chosen]) * CONTEXTS + context[chosen]
        order = np.argsort(key, kind="stable")
        bounds = np.flatnonzero(np.diff(key[order])) + 1
        groups = [chosen[part] for part in np.split(order, bounds)]
        runs = [PlaneRun(int(index[g[0]]), int(bins[g[0]]), int(context[g[0]]), g) for g in groups]
        runs.sort(key=lambda run: (self.rank(tables[run.scale], plane, run.scale, run.bin),
                                   run.scale, run.bin))  # fmt: skip
        yield from runs

    def _values(
        self,
        tables: list[TritTable],
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> NDArray[np.float64]:
        """Mean of each element's bin, in symbols."""
        values = np.zeros(index.size)
        for scale in np.unique(index):
            table = tables[scale]
            for plane in range(table.planes + 1):
                own = np.flatnonzero((index == scale) & (depth == plane))
                if own.size:
                    values[own] = table.centre(plane, bins[own])
        return values


class PlaneCodec(Codec):
    """`Codec` whose stages are planes.

    Args:
        checkpoint: of a model with one block.
        rank: see `PlaneLatents`.
        latents: what codes the planes.
    Attributes:
        payload_form: raised where the same checkpoint makes other bytes than before; a benchmark
            then measures anew.
    """

    payload_form = "2: as many digits as the symbols need"

    def __init__(
        self, checkpoint: Checkpoint, rank: Any, latents: type[PlaneLatents] = PlaneLatents
    ) -> None:
        super().__init__(checkpoint)
        self.planes = latents(checkpoint, rank)
        self.latents = self.planes

    def _check_origin(self, header: Header) -> None:
        if header.stages > self.planes.planes:
            raise BitstreamError(f"{header.stages} planes, this model has {self.planes.planes}")
        super()._check_origin(replace(header, payload_bytes=header.payload_bytes[:1]))
