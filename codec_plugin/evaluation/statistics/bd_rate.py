"""Bjøntegaard deltas between codecs: rate, PSNR and accuracy, or a word that says why not.

Curves are piecewise monotone cubics (PCHIP) over the logarithm of the rate; a delta is the mean
distance of two curves over what they have in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from codec_plugin.evaluation.statistics.samples import Floats, draws_of, shared_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codec_plugin.evaluation.results_table import Row
    from codec_plugin.evaluation.statistics.summary import SummaryRow

__all__ = [
    "MIN_OVERLAP",
    "Curve",
    "Delta",
    "bd_quality",
    "bd_rate_percent",
    "bootstrapped",
    "mean_curve",
]

MIN_OVERLAP = 0.2
_MIN_POINTS = 4
_DRAWS = 500


class Curve(NamedTuple):
    """Mean rate (bpp, strictly increasing) and a mean quality, both (P,)."""

    rates_bpp: Floats
    values: Floats


class Delta(NamedTuple):
    """A Bjøntegaard delta.

    Attributes:
        value: percent of rate, or units of the quality; none if it cannot be told.
        note: `no overlap`, `too few points`, or empty.
        low, high: bounds that hold 95 % of its bootstrap distribution; none if not asked for, or
            where more than a twentieth of the resamples give no delta.
    """

    value: float | None
    note: str = ""
    low: float | None = None
    high: float | None = None


def mean_curve(summary: Sequence[SummaryRow], subject: str, measure: str) -> Curve:
    """A codec's curve of a summary: points of equal rate are one."""
    own = [entry for entry in summary if entry.subject == subject]
    rates, values = ([entry.mean(name) for entry in own] for name in ("rate_bpp", measure))
    return _curve(np.array(rates, dtype=np.float64), np.array(values, dtype=np.float64))


def bd_quality(test: Curve, anchor: Curve) -> Delta:
    """Mean gain in quality over the anchor on the common range of log rates.

    Source: Bjøntegaard 2001; PCHIP as in JCT-VC's common test conditions.
    """
    note = _refusal(test.rates_bpp, anchor.rates_bpp, logarithmic=True)
    if note:
        return Delta(None, note)
    return Delta(_mean_gap(*((np.log(c.rates_bpp), c.values) for c in (test, anchor))))


def bd_rate_percent(test: Curve, anchor: Curve) -> Delta:
    """Mean change of rate at equal quality in percent; below zero saves.

    Curves are first cut to where quality rises with rate, as the inverse must exist.
    """
    test, anchor = _increasing(test), _increasing(anchor)
    note = _refusal(test.values, anchor.values, logarithmic=False)
    if note:
        return Delta(None, note)
    gap = _mean_gap(*((c.values, np.log(c.rates_bpp)) for c in (test, anchor)))
    return Delta(100 * float(np.expm1(gap)))


def bootstrapped(
    rows: Sequence[Row],
    test: str,
    anchor: str,
    measure: str,
    delta: Callable[[Curve, Curve], Delta],
) -> Delta:
    """A delta of two codecs over the photographs that both have, with its 95 % interval.

    Resamples draw photographs, the same for both codecs.

    Args:
        rows: of a benchmark.
        test, anchor: names of the codecs' rows.
        measure: quality, such as `psnr_db`.
        delta: `bd_quality` or `bd_rate_percent`.
    """
    pair = shared_samples(rows, (test, anchor), measure)
    if not pair[0].images:
        return Delta(None, "no overlap")
    curves = [_curve(s.mean(s.rates_bpp), s.mean(s.values)) for s in pair]
    whole = delta(*curves)
    if whole.value is None:
        return whole
    counts = draws_of(len(pair[0].images), _DRAWS)
    means = [(s.mean(s.rates_bpp, counts), s.mean(s.values, counts)) for s in pair]
    drawn = [
        delta(*(_curve(rates[draw], values[draw]) for rates, values in means)).value
        for draw in range(_DRAWS)
    ]
    known = [value for value in drawn if value is not None]
    if len(known) < 0.95 * _DRAWS:
        return whole
    low, high = np.quantile(known, (0.025, 0.975))
    return whole._replace(low=float(low), high=float(high))


def _curve(rates: Floats, values: Floats) -> Curve:
    """Points in order of rate; those that have no value are left out, equal rates are one."""
    points = {
        round(float(rate), 5): float(value)
        for rate, value in zip(rates, values, strict=True)
        if np.isfinite(rate) and np.isfinite(value) and rate > 0
    }
    ordered = sorted(points)
    return Curve(np.array(ordered), np.array([points[rate] for rate in ordered]))


def _mean_gap(test: tuple[Floats, Floats], anchor: tuple[Floats, Floats]) -> float:
    """Mean of test - anchor over the common range of their abscissae, strictly increasing."""
    low = max(test[0][0], anchor[0][0])
    high = min(test[0][-1], anchor[0][-1])
    areas = [float(PchipInterpolator(x, y).integrate(low, high)) for x, y in (test, anchor)]
    return (areas[0] - areas[1]) / float(high - low)


def _refusal(first: Floats, second: Floats, *, logarithmic: bool) -> str:
    if min(len(first), len(second)) < _MIN_POINTS:
        return "too few points"
    spans = [np.log(v[[0, -1]]) if logarithmic else v[[0, -1]] for v in (first, second)]
    common = min(span[1] for span in spans) - max(span[0] for span in spans)
    narrowest = min(span[1] - span[0] for span in spans)
    return "no overlap" if common <= MIN_OVERLAP * narrowest else ""


def _increasing(curve: Curve) -> Curve:
    """The points whose quality is above that of all cheaper ones."""
    if not len(curve.values):
        return curve
    best = np.maximum.accumulate(curve.values)
    keep = np.concatenate([[True], curve.values[1:] > best[:-1]])
    return Curve(curve.rates_bpp[keep], curve.values[keep])
