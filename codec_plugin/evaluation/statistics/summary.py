"""From rows to means with intervals a codec and cut, and what it costs to reach an accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from codec_plugin.evaluation.results_table import Row

__all__ = ["Mean", "SummaryRow", "bytes_to_reach", "level_names", "measure_of", "summarise"]


class Mean(NamedTuple):
    """A mean and its 95 % interval, to five digits; None where nothing is known."""

    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SummaryRow:
    """Means over the photographs of one codec and cut.

    Attributes:
        subject: the codec, or `clean`: the photographs themselves.
        cut: name of the cut.
        images: how many photographs.
        means: by measure: bytes, rate_bpp, psnr_db, ms_ssim, wu_palmer, correct_LEVEL, agree_LEVEL.
    """

    subject: str
    cut: str
    images: int
    means: Mapping[str, Mean]

    def mean(self, measure: str) -> float | None:
        """Mean of a measure; None where it is not known."""
        return self.means[measure].mean if measure in self.means else None

    def to_json(self) -> dict[str, Any]:
        """The row as it stands in results.summary.json."""
        keys = {"subject": self.subject, "cut": self.cut, "images": self.images}
        return keys | {name: mean._asdict() for name, mean in self.means.items()}


def level_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Levels of the results, coarse first, from the names of the measures."""
    return tuple(
        name.removeprefix("correct_") for name in rows[0].measures if name.startswith("correct_")
    )


def measure_of(rows: Sequence[Row], level: str) -> str:
    """Being right, where any photograph has a label; else agreeing with the original's answer."""
    labelled = any(row.measures[f"correct_{level}"] is not None for row in rows)
    return f"correct_{level}" if labelled else f"agree_{level}"


def summarise(rows: Sequence[Row], *, seed: int = 0) -> list[SummaryRow]:
    """Mean and 95 % interval of every measure, a row a codec and cut, in order of bytes."""
    if not rows:
        return []
    measures = ["bytes", "rate_bpp", "psnr_db", "ms_ssim", "wu_palmer"]
    measures += [f"{kind}_{lv}" for kind in ("correct", "agree") for lv in level_names(rows)]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.subject, row.cut), []).append(row)
    table = [
        SummaryRow(subject, cut, len(own), {name: _mean(own, name, seed) for name in measures})
        for (subject, cut), own in groups.items()
    ]
    return sorted(table, key=lambda entry: (entry.subject, entry.mean("bytes") or 0.0))


def bytes_to_reach(
    summary: Sequence[SummaryRow], subject: str, measure: str, wanted: float
) -> float | None:
    """Fewest mean bytes of a measured cut at which a measure's mean is at least a value, or none.

    Nothing is read off between cuts: accuracy need not rise evenly from one to the next.
    """
    sizes = [
        entry.mean("bytes")
        for entry in summary
        if entry.subject == subject
        and (known := entry.mean(measure)) is not None
        and known >= wanted
    ]
    return min((size for size in sizes if size is not None), default=None)


def _mean(rows: Sequence[Row], measure: str, seed: int) -> Mean:
    values = (row.value(measure) for row in rows)
    interval = bootstrap_mean([math.nan if v is None else v for v in values], seed=seed)
    bounds = (interval.mean, interval.low, interval.high)
    return Mean(*(None if math.isnan(v) else round(v, 5) for v in bounds))
