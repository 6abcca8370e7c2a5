"""A study's report as tables, and two of its partitions as label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hierlab import LabelMap, load_classes
from hierlab.errors import StudyError
from hierlab.hierarchy.description import describe
from hierlab.study.grid import WHOLE
from hierlab.study.results import REST
from hierlab.study.store import StudyStore
from hierlab.wordnet.taxonomy import taxonomy_for

if TYPE_CHECKING:
    from hierlab.study.results import AxisAgreement, Heatmap, VarianceShare

__all__ = ["axis_table", "heatmap_table", "partition", "share_table", "with_short_names"]


def with_short_names(heatmap: Heatmap) -> Heatmap:
    """The same with files of prototypes told by their names, not by where they lie."""
    short = [name.rpartition("/")[2] if ".npz" in name else name for name in heatmap.names]
    short = [name.replace(".npz", "") for name in short]
    return replace(heatmap, names=tuple(short)) if len(set(short)) == len(short) else heatmap


def heatmap_table(heatmap: Heatmap) -> pd.DataFrame:
    """One row a pair of encoders, least alike first."""
    rows = [
        (heatmap.names[a], heatmap.names[b], round(float(heatmap.ari[a, b]), 3))
        for a in range(len(heatmap.names))
        for b in range(a)
    ]
    table = pd.DataFrame(rows, columns=["first", "second", "ARI"])
    return table.sort_values("ARI", kind="stable", ignore_index=True)


def axis_table(rows: Sequence[AxisAgreement]) -> pd.DataFrame:
    """One row an axis, method, preprocessing and K."""
    return pd.DataFrame(
        [
            (
                row.axis,
                row.method,
                row.preprocessing,
                row.k,
                row.ari.value,
                row.ari.low,
                row.ari.high,
                row.ari_min,
                row.pairs,
            )
            for row in rows
        ],
        columns=[
            *("what differs", "method", "preprocessing", "K"),
            *("ARI", "low", "high", "worst pair", "pairs"),
        ],
    ).round(3)


def share_table(rows: Sequence[VarianceShare]) -> pd.DataFrame:
    """One row a method, K and axis; shares in percent, the rest last as in the figure."""
    return pd.DataFrame(
        [
            (
                row.method,
                row.k,
                row.axis,
                *(100 * part for part in (row.share.value, row.share.low, row.share.high)),
            )
            for row in sorted(rows, key=lambda row: (row.axis == REST, -row.share.value))
        ],
        columns=["method", "K", "what differs", "share in %", "low", "high"],
    ).round(1)


def partition(folder: Path, heatmap: Heatmap, place: int) -> LabelMap:
    """One partition of a heatmap as a label map with named clusters.

    Raises:
        HierlabError: the study lost the cell.
    """
    name = heatmap.names[place]
    with StudyStore(folder) as store:
        cells = [
            cell
            for cell in store.cells()
            if (cell.method, cell.k, cell.draw) == (heatmap.method, heatmap.k, WHOLE)
            and name == (f"{cell.encoder}@{cell.prompts}" if cell.prompts else cell.encoder)
        ]
        if not cells:
            raise StudyError(f"the study has no partition of {name}; resume it")
        labels = store.labels(cells[0])
        classes = load_classes(store.grid.classes)
    levels = describe(classes, [labels], [f"k{heatmap.k}"], taxonomy=taxonomy_for(classes))
    shown = with_short_names(heatmap).names[place]
    return LabelMap(f"{shown} {heatmap.method}", classes, levels, {"study": folder.name})
