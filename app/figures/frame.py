"""What all figures have in common: a title and a source that a saved picture keeps, and ink that
can be read on a light and on a dark page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import ceil, floor, log10

import plotly.graph_objects as go

from app.theme.markdown import in_figure
from app.theme.palette import INK

__all__ = ["log_ticks", "put_in_frame"]

LINE_PX, SOURCE_PX = 20, 24
TITLE_WIDTH = 44  # characters that fit on a telephone of 390 px


def put_in_frame(figure: go.Figure, title: str, source: str, *, dark: bool) -> None:
    """Give a figure its title, in lines short enough for a telephone, and its source below."""
    lines = textwrap.wrap(title, TITLE_WIDTH)
    strip_px = LINE_PX * len(lines) + SOURCE_PX
    ink = INK["dark" if dark else "light"]
    layout = figure.layout
    layout.title = {
        "text": "<br>".join(in_figure(line, 200) for line in lines),
        **{
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "pad": {"t": 2 + LINE_PX * (len(lines) - 1), "l": 2},
        },
        **{"y": 1, "yanchor": "top", "yref": "container"},
        "font": {"size": 14},
        "subtitle": {"text": in_figure(source, 120), "font": {"size": 11, "color": ink}},
    }
    layout.margin.t = (layout.margin.t or 0) + strip_px
    layout.height += strip_px
    words = {"size": 12, "color": ink}
    axes = {"tickfont": words, "title": {"font": words}}
    figure.update_xaxes(axes)
    figure.update_yaxes(axes)
    figure.update_annotations(font_color=ink)
    figure.update_traces({"outsidetextfont": words}, selector={"type": "bar"})
    figure.update_traces(
        {"colorbar": {"tickfont": words, "title": {"font": words}}}, selector={"type": "heatmap"}
    )
    layout.legend.font = words
    layout.modebar = {"orientation": "h", "bgcolor": "rgba(0,0,0,0)", "color": ink}


def log_ticks(values: Sequence[float]) -> dict[str, list[float] | list[str]]:
    """1, 2 and 5 of each power of ten in reach: plotly would write lone digits between them."""
    drawn = [value for value in values if value > 0]
    if not drawn:
        return {}
    low, high = floor(log10(min(drawn))), ceil(log10(max(drawn)))
    exact = [(digit, power) for power in range(low, high + 1) for digit in (1, 2, 5)]
    return {
        "tickvals": [digit * 10.0**power for digit, power in exact],
        "ticktext": [f"{digit * 10.0**power:g}" for digit, power in exact],
    }
