"""Cells of the reports' tables: numbers with their intervals as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from codec_plugin.evaluation.statistics.bd_rate import Delta
    from codec_plugin.evaluation.statistics.bootstrap import Interval

__all__ = [
    "Table",
    "as_markdown",
    "delta_text",
    "marked",
    "percent",
    "ratio_text",
    "signed",
    "size_text",
]

Table = list[dict[str, str]]
"""Cells by column, a row a codec; all rows have the same columns."""


def as_markdown(table: Table) -> str:
    """A table for a page."""
    if not table:
        return ""
    head = list(table[0])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row[column] for column in head) + " |" for row in table]
    return "\n".join(lines) + "\n"


def percent(interval: Interval, *, signed: bool = False) -> str:
    """Mean and interval in percent."""
    sign = "+" if signed else ""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * interval.mean:{sign}.1f} ({low:{sign}.1f} to {high:{sign}.1f})"


def marked(gap: Interval) -> str:
    """A difference in points; a star where its interval excludes zero."""
    return percent(gap, signed=True) + (" *" if gap.low > 0 or gap.high < 0 else "")


def signed(gap: Interval, digits: int) -> str:
    """A difference in its own unit; a star where its interval excludes zero."""
    mean, low, high = (f"{value:+.{digits}f}" for value in (gap.mean, gap.low, gap.high))
    return f"{mean} ({low} to {high})" + (" *" if gap.low > 0 or gap.high < 0 else "")


def size_text(size: Interval | None) -> str:
    """Bytes and interval; a bound without end where resamples never get there."""
    if size is None:
        return "never"
    low, high = (f"{v:.0f}" if np.isfinite(v) else "never" for v in (size.low, size.high))
    return f"{size.mean:.0f} ({low} to {high})"


def ratio_text(ratio: Interval | None) -> str:
    """A ratio and its interval; ∞ where resamples never get there."""
    if ratio is None:
        return "-"
    high = f"{ratio.high:.2f}" if np.isfinite(ratio.high) else "∞"
    return f"{ratio.mean:.2f} ({ratio.low:.2f} to {high})"


def delta_text(delta: Delta, digits: int, *, factor: float = 1) -> str:
    """A Bjøntegaard delta and its interval, or why there is none."""
    if delta.value is None:
        return delta.note
    text = f"{factor * delta.value:+.{digits}f}"
    if delta.low is None or delta.high is None:
        return text
    low, high = (f"{factor * bound:+.{digits}f}" for bound in (delta.low, delta.high))
    return f"{text} ({low} to {high})"
