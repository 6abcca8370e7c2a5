"""Bytes of a latent in trit-planes, from the widest bins to single steps.

    stage 1: z, then the highest plane │ stage 2: the next plane │ … │ the last plane

Both sides know each element's table and the digits above; digits of one table and one bin are one
run. Runs of a plane are coded in an order that the method chooses, by integers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.baselines._trits import MIN_PLANES, TritTable
from codec_plugin.bitstream.coder import StageReader, StageWriter
from codec_plugin.bitstream.stages import SYMBOL_LIMIT, put_hyper, take_hyper
from codec_plugin.codec import Codec
from codec_plugin.entropy.exact import FRACTION_BITS, BlockParameters
from codec_plugin.errors import BitstreamError, ConfigError
from codec_plugin.latents import LatentCodec, Received
from codec_plugin.quantise import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codec_plugin.bitstream.container import Header, Segment
    from codec_plugin.checkpoint import Checkpoint

__all__ = ["PlaneCodec", "PlaneLatents", "PlaneRun"]

Integers = NDArray[np.int64]


class PlaneRun(NamedTuple):
    """Elements of one plane that share a table: scale index, bin, and where they stand."""

    scale: int
    bin: int
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
        tables = checkpoint.tables
        self.tables = [TritTable(tables.scale(index)) for index in range(tables.n_scales)]
        self.rank = rank

    @property
    def planes(self) -> int:
        """Planes of the widest table: stages of a file."""
        return max(MIN_PLANES, *(table.planes for table in self.tables))

    def encode(self, y: Tensor, z: Tensor, stages: int | None = None) -> list[bytes]:
        """Payloads of the planes, the highest first, from y (1, M, h, w) and z, not rounded."""
        z_int = whole_numbers(z)
        parameters = self.exact.block(0, self.exact.hyper(z_int), [])
        residual = y - parameters.mean * 0.5**FRACTION_BITS
        chosen = self.quantiser(0, residual, parameters.index)
        symbols = chosen[0].numpy().reshape(-1).astype(np.int64)
        index = parameters.index[0].numpy().reshape(-1)
        limits = np.array([table.limit for table in self.tables])[index]
        offset = np.clip(symbols, -limits, limits) + limits
        payloads = []
        for plane in reversed(range(self.planes)):
            writer = StageWriter()
            if plane == self.planes - 1:
                put_hyper(writer, z_int[0].contiguous().numpy(), self.rows)
            for run in self._runs(plane, index, offset // 3 ** (plane + 1)):
                digits = (offset[run.places] // 3**plane - 3 * run.bin).astype(np.int32)
                writer.put(self.tables[run.scale].row(plane, run.bin), digits)
            payloads.append(writer.finish())
        return payloads[:stages]

    def decode(self, segments: Iterable[Segment], grid: tuple[int, int]) -> Received:
        """Latents from the planes that arrived: each element at the mean of its bin."""
        readers = [StageReader(s.payload, whole=s.whole) for s in segments]
        first = readers[0] if readers else StageReader(b"", whole=False)
        z, z_known = take_hyper(
            first, (len(self.rows.hyper), grid[0] // 4, grid[1] // 4), self.rows
        )
        likeliest = np.array([row.likeliest for row in self.rows.hyper], dtype=np.int32)
        z = np.where(z_known, z, likeliest[:, None, None]).clip(-SYMBOL_LIMIT, SYMBOL_LIMIT)
        parameters = self.exact.block(0, self.exact.hyper(torch.from_numpy(z)[None]), [])
        index = parameters.index[0].numpy().reshape(-1)
        bins = np.zeros(index.size, dtype=np.int64)
        depth = np.array([table.planes for table in self.tables])[index]
        for number, reader in enumerate(readers):
            plane = self.planes - 1 - number
            self._take_plane(reader, plane, index, bins, depth)
        y_hat = self._values(parameters, index, bins, depth)
        share = float((depth == 0).mean())
        known = torch.from_numpy((depth == 0).reshape(1, -1, *grid)).float().mean(1, keepdim=True)
        return Received(y_hat, known, float(z_known.mean()), (share,))

    def _take_plane(
        self,
        reader: StageReader,
        plane: int,
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> None:
        """Read one plane: `bins` gain a digit and `depth` falls to `plane` where it is known."""
        planes = np.array([table.planes for table in self.tables])[index]
        ready = (planes > plane) & (depth == plane + 1)
        for run in self._runs(plane, index, bins, ready):
            if reader.exhausted:
                return
            digits, known = reader.take(self.tables[run.scale].row(plane, run.bin), len(run.places))
            if bool((digits[known] > 2).any()):
                raise BitstreamError("a plane holds a digit that no encoder writes")
            places = run.places[known]
            bins[places] = 3 * run.bin + digits[known]
            depth[places] = plane

    def _runs(
        self,
        plane: int,
        index: NDArray[np.uint8],
        bins: Integers,
        ready: NDArray[np.bool_] | None = None,
    ) -> Iterator[PlaneRun]:
        """Runs of a plane in coding order; `bins` are those of the plane above."""
        planes = np.array([table.planes for table in self.tables])
        chosen = np.flatnonzero(planes[index] > plane if ready is None else ready)
        if not chosen.size:
            return
        key = bins[chosen] * len(self.tables) + index[chosen]
        order = np.argsort(key, kind="stable")
        bounds = np.flatnonzero(np.diff(key[order])) + 1
        groups = [chosen[part] for part in np.split(order, bounds)]
        runs = [PlaneRun(int(index[g[0]]), int(bins[g[0]]), g) for g in groups]
        runs.sort(key=lambda run: (self.rank(self.tables[run.scale], plane, run.scale, run.bin),
                                   run.scale, run.bin))  # fmt: skip
        yield from runs

    def _values(
        self,
        parameters: BlockParameters,
        index: NDArray[np.uint8],
        bins: Integers,
        depth: Integers,
    ) -> Tensor:
        values = np.zeros(index.size)
        for scale in np.unique(index):
            table = self.tables[scale]
            for plane in range(table.planes + 1):
                own = np.flatnonzero((index == scale) & (depth == plane))
                if own.size:
                    values[own] = table.centre(plane)[bins[own]]
        mean = parameters.mean.double() * 0.5**FRACTION_BITS
        y_hat: Tensor = (mean + torch.from_numpy(values).reshape(mean.shape)).float()
        return y_hat


class PlaneCodec(Codec):
    """`Codec` whose stages are planes.

    Args:
        checkpoint: of a model with one block.
        rank: see `PlaneLatents`.
    """

    def __init__(self, checkpoint: Checkpoint, rank: Any) -> None:
        super().__init__(checkpoint)
        self.planes = PlaneLatents(checkpoint, rank)
        self.latents = self.planes

    def _check_origin(self, header: Header) -> None:
        if header.stages > self.planes.planes:
            raise BitstreamError(f"{header.stages} planes, this model has {self.planes.planes}")
        super()._check_origin(replace(header, payload_bytes=header.payload_bytes[:1]))
