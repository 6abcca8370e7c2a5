"""Charts of a study as SVG text: bars with intervals, agreement of pairs, curves over K."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.plots._figure import INK, PALETTE, new_figure, svg_text
from hierlab.study.suggest_k import KReport

__all__ = ["bars", "curves", "heatmap"]


def heatmap(names: Sequence[str], matrix: NDArray[np.float64], title: str) -> str:
    """Agreement of all pairs, (N, N), 0 to 1, with the numbers in the squares."""
    side = 90 + 48 * len(names)
    with new_figure(side, side) as figure:
        axes = figure.subplots()
        axes.imshow(matrix, cmap="cividis", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(matrix):
            ink, text = (INK if value > 0.5 else "white"), f"{value:.2f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
        axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(title, loc="left")
        return svg_text(figure)


def bars(rows: Sequence[tuple[str, float, float, float]], title: str) -> str:
    """Horizontal bars with intervals: (name, value, low, high), from 0 to 1."""
    names, values, lows, highs = zip(*rows, strict=True)
    places = np.arange(len(rows))
    with new_figure(520, 70 + 24 * len(rows)) as figure:
        axes = figure.subplots()
        axes.barh(places, np.clip(values, 0, 1), height=0.68, color=PALETTE[0], alpha=0.75)
        axes.hlines(places, np.clip(lows, 0, 1), np.clip(highs, 0, 1), color=INK, linewidth=1.6)
        for place, (_, value, low, high) in enumerate(rows):
            axes.text(1.02, place, f"{value:.2f}  [{low:.2f}, {high:.2f}]", va="center", fontsize=9)
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(places, names)
        axes.tick_params(axis="y", length=0, labelsize=9)
        axes.set_title(title, loc="left")
        return svg_text(figure)


def curves(report: KReport) -> str:
    """Stability (with standard errors), silhouette, gap and Wu-Palmer over K, K on a log axis."""
    rows = report.rows
    counts = [row.k for row in rows]
    gaps = np.array([row.gap for row in rows])
    curves: dict[str, Sequence[float | None]] = {
        "stability (ARI)": [row.stability for row in rows],
        "silhouette": [row.silhouette for row in rows],
        "gap, scaled": ((gaps - gaps.min()) / (np.ptp(gaps) or 1.0)).tolist(),
        "Wu-Palmer within": [row.within for row in rows],
    }
    with new_figure(820, 400) as figure:
        axes = figure.subplots()
        for (name, values), colour in zip(curves.items(), PALETTE, strict=False):
            points = [(k, y) for k, y in zip(counts, values, strict=True) if y is not None]
            if points:
                axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.8, label=name)
        stability = [row.stability for row in rows]
        errors = [row.stability_se for row in rows]
        axes.errorbar(counts, stability, errors, color=PALETTE[0], linestyle="")
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(k) for k in counts])
        axes.minorticks_off()
        for label in axes.get_xticklabels():
            if int(label.get_text()) in report.suggested:
                label.set_fontweight("bold")
        axes.set(ylim=(0, 1), xlabel="K, bold = suggested")
        axes.grid(axis="y", color="#dddddd", linewidth=0.8)
        axes.set_title("Stability, silhouette, gap and consistency over K", loc="left")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
        return svg_text(figure)
