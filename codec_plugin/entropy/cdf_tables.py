"""Integer probability tables: computed once when a model is frozen, carried by its checkpoint."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from codec_plugin.entropy.scale_table import N_SCALES, scale_ladder
from codec_plugin.errors import CheckpointError

if TYPE_CHECKING:
    import torch

    from codec_plugin.entropy.hyperprior import FactorisedPrior

__all__ = ["PRECISION_BITS", "CodingTables", "Floats", "TableRow", "quantised_row"]

PRECISION_BITS = 24
_TOTAL = 1 << PRECISION_BITS
_TAIL_MASS = 2.0**-18  # what a row leaves to its escape, unless the row would grow too long
_MAX_RADIUS = 2048
_MAX_ROWS = 8192
_MAX_ENTRIES = 1 << 22

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]


class TableRow(NamedTuple):
    """One table: symbols `low` … `low + n - 1`, then the escape.

    Attributes:
        frequencies: (n + 1,) int32, each >= 1, sum 2**24; the last is the escape's.
        low: value of the first symbol.
    """

    frequencies: Integers
    low: int


class CodingTables:
    """All tables of a checkpoint: one a scale, then one a channel of z.

    Where blocks refine channels of earlier ones, the scales come twice, for what is left of
    a cell is spread otherwise than a value that is coded for the first time.

    Args:
        frequencies: (total,) int32, all rows one after the other.
        lengths: (rows,) int32 entries of each row, the escape included.
        lows: (rows,) int32 value of each row's first symbol.
        n_scales: how many of the rows are the scales'; the rest are z's.
    Raises:
        CheckpointError: a row is not a table.
    """

    def __init__(
        self, frequencies: Integers, lengths: Integers, lows: Integers, n_scales: int
    ) -> None:
        self._frequencies, self._lengths, self._lows = frequencies, lengths, lows
        self.n_scales = n_scales
        self._check()
        self._starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])

    @classmethod
    def from_prior(cls, prior: "FactorisedPrior", *, refines: bool = False) -> "CodingTables":
        """Tables of all scales, once more for refinements, and of a trained prior."""
        scales = scale_ladder().tolist() * (2 if refines else 1)
        rows = [_gaussian_row(float(sigma)) for sigma in scales] + _prior_rows(prior)
        return cls._of_rows(rows, len(scales))

    def refitted(self, counts: Sequence[Floats], pseudo_count: float) -> "CodingTables":
        """These tables with the scales' rows moved towards observed symbols.

        Args:
            counts: for each scale index, how often each magnitude 0, 1, 2, … was seen.
            pseudo_count: how many symbols the old row counts for.
        """
        ladder = scale_ladder().tolist()
        rows = [self._row(row) for row in range(len(self))]
        for index, seen in zip(range(self.n_scales), counts, strict=True):
            gaussian = _gaussian_row(ladder[index % len(ladder)])
            rows[index] = _fitted_row(gaussian, seen, pseudo_count)
        return self._of_rows(rows, self.n_scales)

    @classmethod
    def _of_rows(cls, rows: Sequence[TableRow], n_scales: int) -> "CodingTables":
        return cls(
            np.concatenate([row.frequencies for row in rows]),
            np.array([len(row.frequencies) for row in rows], dtype=np.int32),
            np.array([row.low for row in rows], dtype=np.int32),
            n_scales,
        )

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, "torch.Tensor"]) -> "CodingTables":
        """Read what `tensors` returned; nothing in it is trusted.

        Raises:
            CheckpointError: a tensor is missing or malformed.
        """
        arrays = {}
        for name in ("frequencies", "lengths", "lows", "n_scales"):
            tensor = tensors.get(f"tables.{name}")
            if tensor is None or str(tensor.dtype) != "torch.int32" or tensor.ndim != 1:
                raise CheckpointError(f"the checkpoint lacks 'tables.{name}' (int32, one axis)")
            arrays[name] = np.asarray(tensor.numpy(), dtype=np.int32)
        if len(arrays["n_scales"]) != 1:
            raise CheckpointError("'tables.n_scales' must hold one number")
        n_scales = int(arrays["n_scales"][0])
        return cls(arrays["frequencies"], arrays["lengths"], arrays["lows"], n_scales)

    def tensors(self) -> dict[str, "torch.Tensor"]:
        """All integers, by name; equal tables give equal tensors."""
        import torch

        return {
            "tables.frequencies": torch.from_numpy(self._frequencies.copy()),
            "tables.lengths": torch.from_numpy(self._lengths.copy()),
            "tables.lows": torch.from_numpy(self._lows.copy()),
            "tables.n_scales": torch.tensor([self.n_scales], dtype=torch.int32),
        }

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._lengths)

    @property
    def n_hyper(self) -> int:
        """Rows of z, one a channel."""
        return len(self) - self.n_scales

    def first_scale(self, *, refined: bool) -> int:
        """Row of a block's first scale: the scales come a second time where blocks refine."""
        return N_SCALES if refined and self.n_scales > N_SCALES else 0

    def scale(self, index: int) -> TableRow:
        """Table of scale `index`, for symbols of y."""
        return self._row(index)

    def hyper(self, channel: int) -> TableRow:
        """Table of one channel of z."""
        return self._row(self.n_scales + channel)

    def _row(self, row: int) -> TableRow:
        part = self._frequencies[self._starts[row] : self._starts[row + 1]]
        return TableRow(part, int(self._lows[row]))

    def _check(self) -> None:
        rows = len(self._lengths)
        if not 1 <= self.n_scales < rows <= _MAX_ROWS or len(self._lows) != rows:
            raise CheckpointError(
                f"tables must have 1..{_MAX_ROWS} rows with a low each; got {rows} rows, "
                f"{len(self._lows)} lows, {self.n_scales} scales"
            )
        lengths = self._lengths.astype(np.int64)
        total = len(self._frequencies)
        if lengths.min() < 2 or lengths.sum() != total or total > _MAX_ENTRIES:
            raise CheckpointError(f"table lengths do not add up to their {total} entries")
        if int(self._frequencies.min()) < 1 or int(np.abs(self._lows.astype(np.int64)).max()) > (
            1 << 20
        ):
            raise CheckpointError("table frequencies must be >= 1 and lows within 2**20")
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        sums = np.add.reduceat(self._frequencies.astype(np.int64), starts)
        if bool((sums != _TOTAL).any()):
            raise CheckpointError(f"every table must sum to 2**{PRECISION_BITS}")


def quantised_row(mass: Floats, tail: float, low: int) -> TableRow:
    """Integers in proportion to probabilities, none below 1, sum 2**24.

    What rounding leaves goes to the likeliest symbol.

    Args:
        mass: (n,) probabilities of the symbols from `low` on.
        tail: probability of all others.
        low: value of the first symbol.
    """
    share = np.concatenate([mass, [tail]])
    share = np.maximum(share, 0) / share.sum()
    frequencies = 1 + np.floor(share * (_TOTAL - len(share))).astype(np.int64)
    frequencies[int(np.argmax(share))] += _TOTAL - int(frequencies.sum())
    return TableRow(frequencies.astype(np.int32), low)


def _gaussian_row(sigma: float) -> TableRow:
    from scipy.stats import norm

    radius = max(2, int(np.ceil(-norm.ppf(_TAIL_MASS / 2) * sigma)))
    edges = (np.arange(radius + 2) - 0.5) / sigma
    upper = norm.sf(edges)  # upper tail: no digits are lost far out
    half = upper[:-1] - upper[1:]
    mass = np.concatenate([half[:0:-1], half])
    return quantised_row(mass, 2 * float(upper[-1]), -radius)


def _fitted_row(row: TableRow, seen: Floats, pseudo_count: float) -> TableRow:
    """A symmetric row between its Gaussian and the magnitudes seen; the support stays."""
    radius = -row.low
    share = row.frequencies / row.frequencies.sum() * pseudo_count
    half = np.zeros(radius + 1)
    held = min(len(seen), radius + 1)
    half[:held] = seen[:held]
    half[1:] /= 2
    mass = share[:-1] + np.concatenate([half[:0:-1], half])
    return quantised_row(mass, float(share[-1] + seen[held:].sum()), row.low)


def _prior_rows(prior: "FactorisedPrior") -> list[TableRow]:
    import torch

    with torch.no_grad():
        grid = torch.arange(-_MAX_RADIUS, _MAX_RADIUS + 1, dtype=torch.float64) - 0.5
        cumulative = prior.cumulative(grid.expand(len(prior.location), -1)).numpy()
    return [_cropped_row(row) for row in cumulative]


def _cropped_row(cumulative: Floats) -> TableRow:
    """The stretch of symbols outside of which a distribution leaves 2**-18."""
    below = int(np.searchsorted(cumulative, _TAIL_MASS / 2, side="right"))
    above = int(np.searchsorted(cumulative, 1 - _TAIL_MASS / 2, side="left"))
    first = min(max(below - 1, 0), len(cumulative) - 2)
    last = min(max(above, first + 1), len(cumulative) - 1)
    inside = cumulative[first : last + 1]
    tail = float(inside[0] + 1 - inside[-1])
    return quantised_row(np.diff(inside), tail, first - _MAX_RADIUS)
