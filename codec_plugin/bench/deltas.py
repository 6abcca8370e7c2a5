"""Bjøntegaard deltas between codecs: rate, PSNR and accuracy, or a word that says why not."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MIN_OVERLAP", "Curve", "Delta", "bd_quality", "bd_rate_percent", "mean_curve"]

MIN_OVERLAP = 0.2
_MIN_POINTS = 4
Floats = NDArray[np.float64]


class Curve(NamedTuple):
    """Mean rate (bpp, strictly rising) and a mean quality, both (P,)."""

    rates_bpp: Floats
    values: Floats


class Delta(NamedTuple):
    """A Bjøntegaard delta.

    Attributes:
        value: percent of rate, or units of the quality; none if it cannot be told.
        note: `no overlap`, `too few points`, `not monotonic`, or empty.
    """

    value: float | None
    note: str = ""


def mean_curve(summary: Sequence[dict[str, Any]], subject: str, measure: str) -> Curve:
    """A codec's curve from `evaluate.summary.summarise`: points of equal rate are one."""
    points = {
        round(entry["rate_bpp"]["mean"], 5): entry[measure]["mean"]
        for entry in summary
        if entry["subject"] == subject and entry[measure]["mean"] is not None
    }
    rates = sorted(points)
    return Curve(np.array(rates), np.array([points[rate] for rate in rates]))


def bd_quality(test: Curve, anchor: Curve) -> Delta:
    """Mean gain in quality over the anchor on the common range of log rates.

    Source: Bjøntegaard 2001; Akima interpolation as in Herglotz et al. 2022 (`bjontegaard`).
    """
    note = _refusal(test.rates_bpp, anchor.rates_bpp, logarithmic=True)
    if note:
        return Delta(None, note)
    from bjontegaard import bd_psnr

    return _quiet(bd_psnr, anchor, test)


def bd_rate_percent(test: Curve, anchor: Curve) -> Delta:
    """Mean change of rate at equal quality in percent; below zero saves.

    Curves are first cut to where quality rises with rate, as the inverse must exist.
    """
    test, anchor = _rising(test), _rising(anchor)
    note = _refusal(test.values, anchor.values, logarithmic=False)
    if note:
        return Delta(None, note)
    from bjontegaard import bd_rate

    return _quiet(bd_rate, anchor, test)


def _quiet(function: Any, anchor: Curve, test: Curve) -> Delta:
    """Call the package; we have looked at the overlap ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = function(
            anchor.rates_bpp, anchor.values, test.rates_bpp, test.values, method="akima",
            require_matching_points=False, min_overlap=0,
        )  # fmt: skip
    return Delta(float(value)) if np.isfinite(value) else Delta(None, "no overlap")


def _refusal(first: Floats, second: Floats, *, logarithmic: bool) -> str:
    if min(len(first), len(second)) < _MIN_POINTS:
        return "too few points"
    spans = [np.log(v[[0, -1]]) if logarithmic else v[[0, -1]] for v in (first, second)]
    common = min(span[1] for span in spans) - max(span[0] for span in spans)
    narrowest = min(span[1] - span[0] for span in spans)
    return "no overlap" if common <= MIN_OVERLAP * narrowest else ""


def _rising(curve: Curve) -> Curve:
    """The points whose quality is above that of all cheaper ones."""
    if not len(curve.values):
        return curve
    best = np.maximum.accumulate(curve.values)
    keep = np.concatenate([[True], curve.values[1:] > best[:-1]])
    return Curve(curve.rates_bpp[keep], curve.values[keep])
