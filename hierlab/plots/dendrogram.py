"""Dendrogram: how the classes join, with the heights at which they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.merges import merge_tree
from hierlab.labelmap import LabelMap
from hierlab.plots._figure import INK, PALETTE, Table, new_figure, save_figure, tint

__all__ = ["plot_dendrogram"]

_LEAVES = 100  # branches drawn; the CSV holds the whole tree
_ROW = 15  # pixels a branch


def plot_dendrogram(
    label_map: LabelMap, similarity: NDArray[np.float64], path: Path, *, what: str
) -> tuple[Path, ...]:
    """Draw the upper joins of the tree, coloured by the clusters of the coarsest level.

    Args:
        label_map: a nested hierarchy over C classes.
        similarity: (C, C), as `merge_tree` takes it.
        path: where to.
        what: what the similarity is, for the axis.

    Returns:
        The figure and its CSV: a row per join, as in scipy's linkage matrix.
    Raises:
        HierlabError: as `merge_tree`.
    """
    from scipy.cluster.hierarchy import dendrogram

    tree = merge_tree(label_map, similarity)
    count = len(label_map.classes)
    shown = min(_LEAVES, count)
    drawn = dendrogram(tree, p=shown, truncate_mode="lastp", no_plot=True, show_leaf_counts=False)
    coarse = label_map.levels[0]
    first = _first_classes(tree)
    with new_figure(1000, 90 + _ROW * shown) as figure:
        axes = figure.subplots()
        low = 0.95 * min(height for heights in drawn["dcoord"] for height in heights if height > 0)
        for across, heights in zip(drawn["icoord"], drawn["dcoord"], strict=True):
            axes.plot(heights, across, color="#777777", linewidth=0.9)
        for place, leaf in enumerate(drawn["leaves"]):
            group = int(coarse.labels[first[leaf]])
            size = 1 if leaf < count else int(tree[leaf - count, 3])
            name = _branch_name(label_map, first[leaf], size)
            _name(axes, (low, 5.0 + 10 * place), name, group)
        axes.set_ylim(-2, 10 * shown + 2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(float(tree[-1, 2]) * 1.02, low)
        axes.set_xlabel(f"height: 1 less the mean {what}")
        axes.set_title(
            f"{label_map.name}: {shown} of {count} branches" if shown < count else label_map.name,
            loc="left",
        )
        figure.tight_layout(rect=(0, 0, 0.78, 1))
        rows = [
            (node, int(left), int(right), float(height), int(size))
            for node, (left, right, height, size) in enumerate(tree.tolist(), start=count)
        ]
        header = ("node", "left", "right", "height", "classes")
        return save_figure(figure, Table(header, rows), path)


def _name(axes: Any, place: tuple[float, float], text: str, group: int) -> None:
    colour = PALETTE[group % len(PALETTE)]
    axes.annotate(
        text,
        place,
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
        color=INK,
        annotation_clip=False,
        bbox={"facecolor": tint(colour, 0.75), "edgecolor": "none", "pad": 1.2},
    )


def _first_classes(tree: NDArray[np.float64]) -> list[int]:
    """One class below each node."""
    first = list(range(len(tree) + 1))
    for left in tree[:, 0].astype(int).tolist():
        first.append(first[left])
    return first


def _branch_name(label_map: LabelMap, row: int, size: int) -> str:
    """Name of the cluster that a branch is, or its first class and how many more there are."""
    name = label_map.classes.names[row]
    for level in label_map.levels:
        cluster = level.clusters[int(level.labels[row])]
        if cluster.size == size > 1:
            return f"{cluster.name} ({size})"
    return name if size == 1 else f"{name} and {size - 1} more"
