"""Heatmap: similarity of all pairs of classes in cluster order; clusters are bright squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hierlab.labelmap import LabelMap
from hierlab.measures.pair_statistics import symmetric
from hierlab.plots._figure import Table, new_figure, save_figure
from hierlab.plots._layout import Layout

__all__ = ["plot_heatmap"]

MAX_CELLS = 400


def plot_heatmap(
    label_map: LabelMap, similarity: NDArray[np.float64], path: Path, *, what: str = "similarity"
) -> tuple[Path, ...]:
    """Draw a (C, C) similarity with rows and columns in cluster order.

    With more than 400 classes neighbours in that order share a cell, which shows their mean.

    Args:
        similarity: larger = more alike.
        what: what it is, for the colour bar.

    Returns:
        The figure and its CSV: the matrix as drawn.
    Raises:
        HierlabError: the similarity does not fit the classes.
    """
    layout = Layout(label_map)
    matrix = symmetric(similarity, len(label_map.classes))[np.ix_(layout.order, layout.order)]
    step = -(-len(matrix) // MAX_CELLS)
    cells = _block_means(matrix, step)
    with new_figure(900, 690) as figure:
        axes = figure.add_axes((0.19, 0.02, 0.7, 0.913))
        low, high = np.quantile(cells, (0.02, 0.99))
        image = axes.imshow(
            cells,
            cmap="cividis",
            vmin=float(low),
            vmax=float(max(high, low + 1e-9)),
            extent=(0, len(matrix), len(matrix), 0),
            interpolation="nearest",
        )
        axes.set_xticks([])
        ticks, names = [], []
        for block in layout.blocks(0) if layout.levels else ():
            ticks.append((block.start + block.stop) / 2)
            names.append(f"{layout.levels[0].clusters[block.cluster].name} · {block.size}")
            for line in (axes.axhline, axes.axvline):
                line(block.stop, color="white", linewidth=0.7)
        few = len(ticks) <= 40
        axes.set_yticks(ticks if few else [], names if few else [], fontsize=8)
        axes.tick_params(length=0)
        axes.set_title(f"{label_map.name}: {what} of {len(matrix)} classes", loc="left")
        bar = figure.colorbar(image, cax=figure.add_axes((0.905, 0.02, 0.018, 0.913)))
        bar.outline.set_visible(False)
        return save_figure(figure, _table(layout, cells, step), path)


def _block_means(matrix: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    starts = np.arange(0, len(matrix), step)
    counts = np.diff(starts, append=len(matrix))
    sums = np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)
    means: NDArray[np.float64] = sums / np.outer(counts, counts)
    return means


def _table(layout: Layout, cells: NDArray[np.float64], step: int) -> Table:
    ids = [layout.label_map.classes.ids[row] for row in layout.order]
    names = [
        ids[start] if step == 1 else f"{ids[start]}..{ids[min(start + step, len(ids)) - 1]}"
        for start in range(0, len(ids), step)
    ]
    rows = [
        (name, *(round(value, 4) for value in row))
        for name, row in zip(names, cells.tolist(), strict=True)
    ]
    return Table(("classes", *names), rows)
