"""Agreement of many maps with each other at one level: a matrix of adjusted Rand indices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap
from hierlab.measures.partition_scores import partition_agreement
from hierlab.plots._figure import INK, Table, new_figure, save_figure

__all__ = ["agreement_matrix", "draw_agreement", "plot_agreement"]

MAX_NUMBERED = 24  # rows of a matrix whose cells show their numbers


def agreement_matrix(maps: Sequence[LabelMap], level: str | int) -> NDArray[np.float64]:
    """Adjusted Rand index of all pairs of maps at a level, over the classes they share: (M, M).

    Raises:
        HierlabError: a map has no such level, or two share no class.
    """
    matrix = np.eye(len(maps))
    for i, first in enumerate(maps):
        for j, second in enumerate(maps[:i]):
            shared = [key for key in first.classes.ids if key in second.classes.index]
            if not shared:
                raise HierlabError(f"{first.name!r} and {second.name!r} share no class")
            a = first.level(level).labels[[first.classes.index[key] for key in shared]]
            b = second.level(level).labels[[second.classes.index[key] for key in shared]]
            matrix[i, j] = matrix[j, i] = partition_agreement(a, b).ari
    return matrix


def plot_agreement(
    maps: Sequence[LabelMap], path: Path, *, level: str | int = 0
) -> tuple[Path, ...]:
    """Draw the adjusted Rand index of every pair of maps at one level.

    Returns:
        The figure and its CSV: a row per pair.
    Raises:
        HierlabError: fewer than two maps, a map has no such level, or two share no class.
    """
    if len(maps) < 2:
        raise HierlabError(f"agreement needs at least two maps, got {len(maps)}")
    matrix = agreement_matrix(maps, level)
    names = [label_map.name for label_map in maps]
    title = maps[0].level(level).name
    side = min(620, 70 * len(maps) + 60)
    height = side + 190
    with new_figure(900, height) as figure:
        axes = figure.add_axes((0.3, 130 / height, side / 900, side / height))
        shown = [name if len(name) <= 30 else name[:29] + "…" for name in names]
        draw_agreement(axes, shown, matrix)
        axes.set_title(f"{title}: adjusted Rand index (1 = same, 0 = chance)", loc="left")
        pairs = zip(*np.triu_indices(len(maps), 1), strict=True)
        rows = [(names[i], names[j], float(matrix[i, j])) for i, j in pairs]
        return save_figure(figure, Table(("first", "second", "ari"), rows), path)


def draw_agreement(axes: Any, names: Sequence[str], matrix: NDArray[np.float64]) -> None:
    """Squares of an (N, N) agreement from 0 to 1, with their numbers where there is room."""
    axes.imshow(matrix, cmap="cividis", vmin=0, vmax=1)
    if len(names) <= MAX_NUMBERED:
        for (row, column), value in np.ndenumerate(matrix):
            colour = INK if value > 0.5 else "white"
            axes.text(
                column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour
            )
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
