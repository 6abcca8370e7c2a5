"""Rows of a codec as arrays of photographs by cuts, and resamples of the photographs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = ["Floats", "Samples", "draws_of", "shared_samples"]

Floats = NDArray[np.float64]


class Samples(NamedTuple):
    """One codec's points.

    Attributes:
        images: N names, sorted.
        cuts: P names.
        bytes, rates_bpp, values: (N, P); not a number where a photograph lacks the cut.
    """

    images: tuple[str, ...]
    cuts: tuple[str, ...]
    bytes: Floats
    rates_bpp: Floats
    values: Floats

    def mean(self, values: Floats, counts: Floats | None = None) -> Floats:
        """Means over the photographs that have the cut, (P,), or (D, P) for `counts` (D, N)."""
        weights = np.ones((1, len(self.images))) if counts is None else counts
        known = np.isfinite(values)
        total = weights @ np.where(known, values, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = total / (weights @ known.astype(np.float64))
        return means[0] if counts is None else means


def shared_samples(rows: Sequence[Row], subjects: Sequence[str], measure: str) -> list[Samples]:
    """Points of several codecs over the photographs that all have, in one order.

    Args:
        rows: of a benchmark.
        subjects: names of the codecs' rows.
        measure: column of the values; rows without one are left out.
    """
    points: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = {s: {} for s in subjects}
    for row in rows:
        if row.subject in points and (value := row.value(measure)) is not None:
            own = points[row.subject].setdefault(row.image, {})
            own[row.cut] = (row.bytes, row.rate_bpp, value)
    images = tuple(sorted(set.intersection(*(set(points[subject]) for subject in subjects))))
    return [_samples(points[subject], images) for subject in subjects]


@lru_cache(maxsize=4)
def draws_of(count: int, draws: int, seed: int = 0) -> Floats:
    """How often each of `count` photographs is in each resample, (draws, count)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)


def _samples(
    own: dict[str, dict[str, tuple[float, float, float]]], images: tuple[str, ...]
) -> Samples:
    cuts = tuple(dict.fromkeys(cut for image in images for cut in own[image]))
    arrays = np.full((3, len(images), len(cuts)), np.nan)
    for place, image in enumerate(images):
        for number, cut in enumerate(cuts):
            if cut in own[image]:
                arrays[:, place, number] = own[image][cut]
    return Samples(images, cuts, *arrays)
