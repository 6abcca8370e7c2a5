"""Sizes: how the classes spread over the clusters of each level."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hierlab.labelmap import LabelMap, Level
from hierlab.measures.cluster_shape import shape
from hierlab.plots._figure import INK, PALETTE, Table, new_figure, save_figure
from hierlab.plots._layout import Layout

__all__ = ["plot_sizes"]

NAMED_BARS = 16


def plot_sizes(label_map: LabelMap, path: Path) -> tuple[Path, ...]:
    """Draw cluster sizes from the largest, a panel per level that groups classes.

    Returns:
        The figure and its CSV: a row per cluster.
    """
    levels = Layout(label_map).levels or label_map.levels[-1:]
    effective = {level.level: level.size_effective for level in shape(label_map).levels}
    with new_figure(900, 60 + 290 * len(levels)) as figure:
        panels = figure.subplots(len(levels), 1, squeeze=False)[:, 0]
        for axes, level in zip(panels, levels, strict=True):
            _draw_level(axes, level, effective[level.name])
        figure.suptitle(label_map.name, x=0.012, ha="left", fontsize=10)
        figure.tight_layout(rect=(0, 0, 1, 1), h_pad=1.6)
        rows = [
            (level.name, rank, level.clusters[number].name, int(level.sizes[number]))
            for level in levels
            for rank, number in enumerate(_largest_first(level), start=1)
        ]
        return save_figure(figure, Table(("level", "rank", "cluster", "classes"), rows), path)


def _largest_first(level: Level) -> list[int]:
    return [int(number) for number in np.argsort(-level.sizes, kind="stable")]


def _draw_level(axes: Any, level: Level, effective: float) -> None:
    order = _largest_first(level)
    sizes = level.sizes[order]
    places = np.arange(level.k)
    even = len(level.labels) / level.k
    few = level.k <= NAMED_BARS
    axes.bar(places, sizes, width=0.82 if level.k <= 200 else 1.0, color=PALETTE[0])
    axes.axhline(even, color=PALETTE[5], linewidth=1, linestyle="--")
    axes.annotate(
        f"even: {even:.3g}",
        (level.k - 0.5, even),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=PALETTE[5],
    )
    axes.set_title(
        f"{level.name}: {level.k} clusters, as even as {effective:.1f} equal ones", loc="left"
    )
    axes.set(ylabel="classes", xlim=(-0.7, level.k - 0.3))
    if few:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        names = [level.clusters[number].name for number in order]
        axes.set_xticks(places, [_wrapped(name) for name in names], fontsize=7.2)
        for place, size in zip(places.tolist(), sizes.tolist(), strict=True):
            axes.text(
                place, size, str(size), ha="center", va="bottom", fontsize=8, color=INK, bbox=box
            )
        axes.margins(y=0.12)
    else:
        axes.set_xlabel("clusters, largest first")
        largest = ", ".join(level.clusters[number].name for number in order[:4])
        axes.text(
            0.99, 0.93, f"largest: {largest}", transform=axes.transAxes, ha="right", fontsize=8
        )


def _wrapped(name: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(name, 11, break_long_words=False)[:3])
