"""How sure the classes of a map are."""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go

from app.theme.markdown import in_figure
from app.theme.palette import LINES, MARK

__all__ = ["histogram"]


def histogram(
    values: Iterable[float], *, marked: tuple[str, float] | None = None, height_px: int = 360
) -> go.Figure:
    """Histogram of class confidences, 0..1, in twenty bins.

    Args:
        marked: name and confidence of a class to mark.
    """
    figure = go.Figure(
        go.Histogram(
            x=list(values),
            xbins={"start": 0, "end": 1.0001, "size": 0.05},
            marker={"color": LINES[0], "line": {"width": 1, "color": "rgba(128,128,128,0.6)"}},
            hovertemplate="%{x}<br>classes: %{y}<extra></extra>",
        )
    )
    if marked is not None:
        name, value = marked
        figure.add_vline(
            value,
            line={"color": MARK, "width": 3},
            annotation={
                "text": in_figure(name, 40),
                "xanchor": "right" if value > 0.5 else "left",
                "yanchor": "bottom",
            },
        )
    figure.update_layout(
        height=height_px,
        margin={"t": 28 if marked else 8, "l": 8, "r": 8, "b": 8},
        xaxis={"title": "confidence", "range": [0, 1]},
        yaxis={"title": "classes"},
    )
    return figure
