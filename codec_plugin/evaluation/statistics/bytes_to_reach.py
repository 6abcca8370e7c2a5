"""Bytes at which a codec's answers are nearly as good as on the originals, and ratios of two.

Only measured points count: of the settings or cuts, the same for all photographs, whose mean
accuracy is high enough, the one of fewest mean bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.evaluation.results_table import CLEAN
from codec_plugin.evaluation.statistics.bootstrap import Interval
from codec_plugin.evaluation.statistics.samples import Floats, Samples, draws_of, shared_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = ["reach_bytes", "reach_ratio"]

_DRAWS = 2000


def reach_bytes(rows: Sequence[Row], subject: str, measure: str, share: float) -> Interval | None:
    """Mean bytes for a share of the accuracy on the originals; none where no point has it.

    Args:
        rows: of a benchmark, the originals' among them.
        subject: name of the codec's rows.
        measure: such as `correct_coarse`.
        share: of the mean on the originals of the same photographs, 0..1.
    Returns:
        The bytes with their 95 % bootstrap interval, infinite where resamples never have it.
    """
    clean, own = shared_samples(rows, (CLEAN, subject), measure)
    return _interval(*(_reached(clean, own, share, draws) for draws in (None, _DRAWS)))


def reach_ratio(
    rows: Sequence[Row], first: str, second: str, measure: str, share: float
) -> Interval | None:
    """Bytes of `first` over those of `second`, by the photographs that both have.

    Resamples draw photographs, the same for both and for the originals.
    """
    clean, one, two = shared_samples(rows, (CLEAN, first, second), measure)
    ratios = []
    for draws in (None, _DRAWS):
        sizes = [_reached(clean, own, share, draws) for own in (one, two)]
        with np.errstate(invalid="ignore"):
            ratios.append(sizes[0] / sizes[1])
    return _interval(*ratios)


def _reached(clean: Samples, own: Samples, share: float, draws: int | None) -> Floats:
    """Bytes (D,) of the cheapest good enough point in each resample; infinite where none is."""
    if not own.images:
        return np.full(1, np.inf)
    counts = np.ones((1, len(own.images))) if draws is None else draws_of(len(own.images), draws)
    wanted = share * clean.mean(clean.values, counts)[:, :1]
    # A prefix that shows nothing of a photograph tells nothing of it.
    right = counts @ np.nan_to_num(own.values) / counts.sum(1, keepdims=True)
    sizes = np.where(right >= wanted - 1e-12, own.mean(own.bytes, counts), np.inf)
    smallest: Floats = sizes.min(1)
    return smallest


def _interval(mean: Floats, drawn: Floats) -> Interval | None:
    known = drawn[~np.isnan(drawn)]
    if not np.isfinite(mean[0]) or not known.size:
        return None
    # No interpolation between resamples: some may be infinite.
    low, high = np.quantile(known, (0.025, 0.975), method="inverted_cdf")
    return Interval(float(mean[0]), float(low), float(high))
