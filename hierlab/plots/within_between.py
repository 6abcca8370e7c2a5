"""Within and between: similarity inside and across clusters against K, with the chance level."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hierlab.errors import HierlabError
from hierlab.measures.consistency import ConsistencyReport, LevelConsistency
from hierlab.plots._figure import INK, PALETTE, Table, new_figure, save_figure

__all__ = ["plot_within_between"]

HEADER = (
    "hierarchy",
    "policy",
    "level",
    "k",
    "within",
    "within_low",
    "within_high",
    "between",
    "random_mean",
    "random_sd",
)


def plot_within_between(reports: Mapping[str, ConsistencyReport], path: Path) -> tuple[Path, ...]:
    """Draw mean similarity within (solid) and between (dashed) clusters of one or more maps.

    Bars are 95 % intervals over resampled classes; the grey line is random clusters of any size.

    Args:
        reports: consistency by the name to show; all of one policy.

    Returns:
        The figure and its CSV: a row per map and level.
    Raises:
        HierlabError: no report, or reports of different policies.
    """
    policies = {report.policy for report in reports.values()}
    if len(policies) != 1:
        raise HierlabError(
            f"expected reports of one Wu-Palmer policy, got {', '.join(sorted(policies)) or 'none'}"
        )
    policy = policies.pop()
    rows = [
        _row(name, policy, level) for name, report in reports.items() for level in _grouping(report)
    ]
    if not rows:
        raise HierlabError("no level of these maps has two classes in one cluster: nothing to draw")
    with new_figure(900, 470 + 11 * len(reports)) as figure:
        height = 470 + 11 * len(reports)
        low = (100 + 11 * len(reports)) / height
        axes = figure.add_axes((0.075, low, 0.9, 1 - low - 38 / height))
        for number, (name, report) in enumerate(reports.items()):
            _draw_map(axes, _grouping(report), name, PALETTE[number % len(PALETTE)])
        levels = [level for report in reports.values() for level in _grouping(report)]
        chance = [level.random_mean for level in levels if level.random_mean is not None]
        mean = sum(chance) / len(chance)
        axes.axhline(mean, color="#888888", linewidth=1, label="random clusters", zorder=1)
        counts = sorted({level.k for level in levels})
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(k) for k in counts])
        axes.minorticks_off()
        axes.margins(x=0.12)
        axes.set(xlabel="clusters K (logarithmic)", ylabel=f"mean Wu-Palmer similarity, {policy}")
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_title("within clusters (solid) and between (dashed)", loc="left", color=INK)
        axes.legend(
            loc="upper left", bbox_to_anchor=(0, -0.15), ncols=2, frameon=False, fontsize=8.5
        )
        return save_figure(figure, Table(HEADER, rows), path)


def _grouping(report: ConsistencyReport) -> list[LevelConsistency]:
    """Levels in which some cluster has two classes."""
    return [level for level in report.levels if level.within is not None]


def _draw_map(axes: Any, levels: list[LevelConsistency], name: str, colour: str) -> None:
    k = [level.k for level in levels]
    within = np.array([level.within for level in levels], dtype=float)
    bounds = np.array([(level.within_low, level.within_high) for level in levels], dtype=float)
    # No interval where none was drawn; the estimate may lie outside its percentiles.
    sides = (within - bounds[:, 0], bounds[:, 1] - within)
    errors = [np.clip(np.nan_to_num(side), 0, None) for side in sides]
    axes.errorbar(k, within, errors, color=colour, marker="o", capsize=3, linewidth=1.8, label=name)
    between = np.array([level.between for level in levels], dtype=float)
    axes.plot(k, between, color=colour, marker="o", markersize=3, linestyle="--")


def _row(name: str, policy: str, level: LevelConsistency) -> tuple[object, ...]:
    values = tuple(getattr(level, field) for field in HEADER[2:])
    return (name, policy, *("" if value is None else value for value in values))
