"""How many classes each pair of clusters shares, as a heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from app.theme.markdown import counted, in_figure
from app.theme.palette import AMOUNT, MARK

if TYPE_CHECKING:
    from app.figures.sankey import Ribbon

__all__ = ["contingency_figure"]

# So many names stand upright on a telephone; a row of them needs this height, with its share of
# what the upright ones take below.
MOST_COLUMNS, ROW_PX = 24, 25


def contingency_figure(
    ribbons: Sequence[Ribbon],
    *,
    first: str,
    second: str,
    chosen: str | None = None,
    height_px: int = 560,
) -> go.Figure:
    """Draw shared classes, columns ordered so that the fullest cells stand near the diagonal.

    Args:
        ribbons: every pair of clusters that shares classes.
        first, second: names of the two partitions.
        chosen: id of a ribbon whose cell is framed.
    """
    rows = {one.first: one.first_name for one in ribbons}
    columns = {one.second: one.second_name for one in ribbons}
    row_place = {key: place for place, key in enumerate(rows)}
    column_place = {key: place for place, key in enumerate(columns)}
    table = np.zeros((len(rows), len(columns)))
    for one in ribbons:
        table[row_place[one.first], column_place[one.second]] = one.classes
    order = np.argsort(table.argmax(axis=0), kind="stable")
    names = list(columns.values())
    figure = go.Figure(
        go.Heatmap(
            z=table[:, order],
            x=[f"{place}" for place in range(len(names))],
            y=[f"{place}" for place in range(len(rows))],
            customdata=[
                [
                    f"{in_figure(row)} → {in_figure(names[place])}: "
                    + counted(int(table[number, place]), "class")
                    for place in order
                ]
                for number, row in enumerate(rows.values())
            ],
            colorscale=AMOUNT,
            colorbar={"title": "classes", "thickness": 12},
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    # A heatmap sends no clicks: unseen marks on the cells that hold classes do, if they have words.
    place_of = {int(old): new for new, old in enumerate(order)}
    figure.add_trace(
        go.Scatter(
            x=[f"{place_of[column_place[one.second]]}" for one in ribbons],
            y=[f"{row_place[one.first]}" for one in ribbons],
            mode="markers",
            marker={"size": 14, "symbol": "square", "opacity": 0.01, "color": "#888888"},
            customdata=[[one.id] for one in ribbons],
            text=[
                f"{in_figure(one.first_name)} → {in_figure(one.second_name)}: "
                + counted(one.classes, "class")
                for one in ribbons
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    for one in ribbons:
        if one.id == chosen:
            x, y = place_of[column_place[one.second]], row_place[one.first]
            frame = {"line": {"color": MARK, "width": 3}}
            figure.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, **frame)
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        clickmode="event+select",
        dragmode=False,
        xaxis={
            "title": {"text": f"clusters of {in_figure(second)}", "standoff": 8},
            "tickangle": -90,
            "range": [-0.5, len(names) - 0.5],
            **_ticks([names[place] for place in order], MOST_COLUMNS),
        },
        yaxis={
            "title": f"clusters of {in_figure(first)}",
            "range": [len(rows) - 0.5, -0.5],
            **_ticks(list(rows.values()), height_px // ROW_PX),
        },
    )
    return figure


def _ticks(names: Sequence[str], most: int) -> dict[str, object]:
    """Names at every so many places that they do not run into each other."""
    step = -(-len(names) // most)
    return {
        "tickvals": [f"{place}" for place in range(0, len(names), step)],
        "ticktext": [in_figure(name, 18) for name in names[::step]],
        "automargin": True,
        "showgrid": False,
    }
