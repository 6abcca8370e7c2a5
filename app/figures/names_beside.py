"""Names beside a column of areas that are too thin for them, each joined to its area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.theme.palette import MARK, ink

__all__ = ["BESIDE", "ROW_PX", "Row", "put_names_beside", "row_heights"]

# What plotly needs for a name of 12 px.
ROW_PX = 21
# Begins the ids of rows: those of a figure's own areas are its own.
BESIDE = "~"
EDGE = "rgba(128,128,128,0.6)"
# Where the figure ends and where the rows begin, as shares of the width.
FIGURE_END, ROWS_BEGIN = 0.515, 0.55


@dataclass(frozen=True)
class Row:
    """A name.

    Args:
        id: of its area.
        words: the name as it stands in the row.
        told: what is told of it at the pointer.
        colour: of its area.
        begin, end: where its area is, from the top, as shares of the height.
    """

    id: str
    words: str
    told: str
    colour: str
    begin: float
    end: float


def put_names_beside(figure: go.Figure, rows: Sequence[Row], marked: str = "") -> None:
    """Narrow the only trace of a figure, and put the rows beside it, in their order.

    A click on a row tells the id of its area behind `BESIDE`.

    Args:
        figure: its height and margins are set, and hold `ROW_PX` for each row.
        marked: id of the area whose row is marked.
    """
    height_px = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    heights = row_heights([height_px * (row.end - row.begin) for row in rows], ROW_PX)
    figure.update_traces(domain={"x": [0, FIGURE_END]})
    figure.add_trace(
        go.Treemap(  # of one column: axes would hold up a finger that scrolls the page
            ids=[BESIDE, *(BESIDE + row.id for row in rows)],
            labels=["", *(row.words for row in rows)],
            parents=["", *(BESIDE for _ in rows)],
            values=[sum(heights), *heights],
            branchvalues="total",
            sort=False,
            domain={"x": [ROWS_BEGIN, 1]},
            tiling={"packing": "slice", "pad": 0},
            pathbar={"visible": False},
            marker={
                "colors": ["rgba(0,0,0,0)", *(row.colour for row in rows)],
                "pad": {"t": 0, "l": 0, "r": 0, "b": 0},
                "line": {
                    "width": [0, *(3 if row.id == marked else 1 for row in rows)],
                    "color": [EDGE, *(MARK if row.id == marked else EDGE for row in rows)],
                },
            },
            textfont={"color": ["rgba(0,0,0,0)", *(ink(row.colour) for row in rows)]},
            textposition="middle left",
            customdata=["", *(row.told for row in rows)],
            hovertemplate=["<extra></extra>", *("%{customdata}<extra></extra>" for _ in rows)],
            texttemplate="%{label}",
        )
    )
    joins, above = [], 0.0
    for row, row_px in zip(rows, heights, strict=True):
        area, name = (row.begin + row.end) / 2, (above + row_px / 2) / sum(heights)
        joins.append(f"M {FIGURE_END},{1 - area:.5f} L {ROWS_BEGIN},{1 - name:.5f}")
        above += row_px
    line = {"width": 1, "color": EDGE}
    figure.add_shape(type="path", path=" ".join(joins), xref="paper", yref="paper", line=line)


def row_heights(areas_px: Sequence[float], least_px: float) -> list[float]:
    """Heights of rows: all of one share of their areas', but none below the least.

    Their sum is that of the areas, or what the least needs.
    """
    thin: set[int] = set()
    while True:
        free_px = sum(areas_px) - least_px * len(thin)
        rest_px = sum(area for place, area in enumerate(areas_px) if place not in thin)
        share = free_px / rest_px if rest_px else 0.0
        more = {place for place, area in enumerate(areas_px) if share * area < least_px} - thin
        if not more:
            break
        thin |= more
    return [
        least_px if place in thin else share * area_px for place, area_px in enumerate(areas_px)
    ]
