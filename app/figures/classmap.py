"""The classes as points of a plane, coloured by cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.figures.tree import MARK
from app.theme.markdown import in_figure
from app.theme.palette import category

if TYPE_CHECKING:
    from hierlab import Level

__all__ = ["class_map_figure"]

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
MANY = 12


def class_map_figure(
    positions: NDArray[np.float64],
    level: Level,
    names: Sequence[str],
    *,
    chosen: int | None = None,
    marked: int | None = None,
    height_px: int = 560,
) -> go.Figure:
    """Scatter of the classes.

    Args:
        positions: (C, 2).
        level: the partition that gives the colours; colours repeat with another symbol.
        names: C class names.
        chosen: a cluster to bring out; the others fade.
        marked: position of a class to ring and name.
    """
    labels = level.labels
    numbers = [chosen] if chosen is not None else []
    figure = go.Figure()
    groups = range(level.k) if level.k <= MANY else [None]
    for group in groups:
        rows = np.flatnonzero(labels == group) if group is not None else np.arange(len(labels))
        faded = bool(numbers) and group is not None and group not in numbers
        shades = [category(int(label)) for label in labels[rows]]
        symbols = [SYMBOLS[int(label) // MANY % len(SYMBOLS)] for label in labels[rows]]
        figure.add_trace(
            go.Scattergl(
                x=positions[rows, 0],
                y=positions[rows, 1],
                mode="markers",
                name=level.clusters[group].name if group is not None else "classes",
                text=[names[row] for row in rows.tolist()],
                customdata=[[int(row), level.clusters[int(labels[row])].name] for row in rows],
                marker={
                    "size": 8,
                    "color": shades,
                    "symbol": symbols,
                    "opacity": 0.25 if faded else _opacity(labels[rows], chosen, group),
                    "line": {"width": 0.5, "color": "rgba(64,64,64,0.7)"},
                },
                hovertemplate="<b>%{text}</b><br>%{customdata[1]}<extra></extra>",
            )
        )
    if marked is not None:
        figure.add_trace(
            go.Scatter(
                x=positions[[marked], 0],
                y=positions[[marked], 1],
                mode="markers+text",
                text=[in_figure(names[marked])],
                textposition="top center",
                textfont={"size": 14},
                marker={"size": 18, "symbol": "circle-open", "color": MARK, "line": {"width": 4}},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 0, "r": 0, "b": 8},
        showlegend=level.k <= MANY,
        legend={"orientation": "h", "y": -0.04, "itemclick": False, "itemdoubleclick": False},
        dragmode="pan",
        clickmode="event+select",
        xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x"},
    )
    return figure


def _opacity(
    labels: NDArray[np.int32], chosen: int | None, group: int | None
) -> float | list[float]:
    """Opacity per point where one trace holds all clusters, else one for all."""
    if group is not None or chosen is None:
        return 0.95
    return [0.95 if label == chosen else 0.2 for label in labels.tolist()]
