"""Rate and distortion on Kodak as others publish it, beside curves that were measured here."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from codec_plugin.evaluation.results_table import CLEAN, subjects_of
from codec_plugin.evaluation.statistics.bd_rate import Curve, mean_curve
from codec_plugin.evaluation.statistics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.evaluation.reports.cells import Table
    from codec_plugin.evaluation.results_table import Row

__all__ = ["PublishedCurve", "measured_curves", "published_curves", "rates_table"]


class PublishedCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points of a codec in CompressAI's published results.

    Attributes:
        name: of the codec.
        what: who made the figures.
        file: of CompressAI's repository.
        bpp: mean bits per pixel, rising.
        psnr_db: mean PSNR over RGB.
    """

    name: str
    what: str
    file: str
    bpp: tuple[float, ...]
    psnr_db: tuple[float, ...]


class _Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    what: str
    curves: tuple[PublishedCurve, ...]


def published_curves() -> tuple[PublishedCurve, ...]:
    """What CompressAI publishes of the 24 Kodak photographs, as shipped.

    Source: InterDigitalInc/CompressAI, results/image/kodak (Bégaint et al. 2020, arXiv 2011.03029).
    """
    place = files("codec_plugin") / "results" / "kodak-published.json"
    return msgspec.json.decode(place.read_bytes(), type=_Published).curves


def measured_curves(rows: Sequence[Row]) -> dict[str, Curve]:
    """Mean rate and mean PSNR at every cut, by codec."""
    summary = summarise(rows)
    names = [name for name in subjects_of(rows) if name != CLEAN]
    return {name: mean_curve(summary, name, "psnr_db") for name in names}


def rates_table(
    measured: Mapping[str, Curve], published: Sequence[PublishedCurve], rates_bpp: Sequence[float]
) -> Table:
    """PSNR of every codec at some rates, best at the last of them first.

    Read off straight lines over the logarithm of the rate, between points that were measured; `-`
    outside of them, and no line for a codec that has none of the rates.

    Args:
        measured: curves of codecs that ran here.
        published: curves of others.
        rates_bpp: bits per pixel of the columns.
    """
    curves = [
        (name, "here", np.array(c.rates_bpp), np.array(c.values)) for name, c in measured.items()
    ]
    curves += [(c.name, c.what, np.array(c.bpp), np.array(c.psnr_db)) for c in published]
    lines = []
    for name, where, rates, values in curves:
        read = np.interp(np.log(rates_bpp), np.log(rates), values, left=np.nan, right=np.nan)
        if np.isnan(read).all():
            continue
        cells = {
            f"{rate:g} bpp": "-" if np.isnan(v) else f"{v:.2f}"
            for rate, v in zip(rates_bpp, read, strict=True)
        }
        order = next(v for v in read[::-1] if not np.isnan(v))
        lines.append((np.isnan(read[-1]), -order, {"codec": name, "run by": where} | cells))
    return [cells for *_, cells in sorted(lines, key=lambda line: line[:2])]
