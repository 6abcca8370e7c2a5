"""What moves a hierarchy: agreement heatmap, agreement per axis, variance shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from app.theme.markdown import in_figure
from app.theme.palette import AMOUNT, LINES, MARKERS
from hierlab.study.results import REST

if TYPE_CHECKING:
    from hierlab.study.results import AxisAgreement, Heatmap, VarianceShare

__all__ = ["agreement_heatmap", "axis_figure", "axis_heatmap", "share_figure"]


def _short(value: float) -> str:
    """`.84`: two digits fit into a cell of a telephone's heatmap."""
    return "" if value != value else f"{value:.2f}".replace("0.", ".")


def agreement_heatmap(heatmap: Heatmap, *, height_px: int = 460) -> go.Figure:
    """Adjusted Rand index of every pair of encoders; a cell's place is in its custom data."""
    names = [in_figure(name, 34) for name in heatmap.names]
    places = range(len(names))
    cells = [(a, b) for a in places for b in places]
    figure = go.Figure(
        go.Heatmap(
            z=heatmap.ari,
            x=list(places),
            y=list(places),
            zmin=0,
            zmax=1,
            colorscale=AMOUNT,
            showscale=False,  # its room is that of three columns on a telephone: numbers tell more
            text=[[_short(value) for value in row] for row in heatmap.ari],
            texttemplate="%{text}",
            textfont={"size": 11},  # plotly's own are of 7 px on a telephone
            customdata=[[f"{names[a]}<br>{names[b]}" for b in places] for a in places],
            hovertemplate="%{customdata}<br>ARI %{z:.3f}<extra></extra>",
            hoverongaps=False,
        )
    )
    # A heatmap sends no clicks: unseen marks on the cells do, if they have words of their own.
    figure.add_trace(
        go.Scatter(
            x=[b for _, b in cells],
            y=[a for a, _ in cells],
            mode="markers",
            marker={"size": 26, "symbol": "square", "opacity": 0.01, "color": "#888888"},
            customdata=[[a, b] for a, b in cells],
            text=[f"{names[a]}<br>{names[b]}<br>ARI {heatmap.ari[a, b]:.3f}" for a, b in cells],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    # Numbers below and short names at the side, so that the cells keep their room on a telephone.
    down = [f"{place + 1} {in_figure(name, 20)}" for place, name in enumerate(heatmap.names)]
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={
            "title": "encoder, by number",
            "tickvals": list(places),
            "ticktext": [str(place + 1) for place in places],
        },
        yaxis={
            "tickvals": list(places),
            "ticktext": down,
            "autorange": "reversed",
            "automargin": True,
        },
        clickmode="event+select",
        dragmode=False,
    )
    return figure


def axis_heatmap(rows: Sequence[AxisAgreement], *, height_px: int = 340) -> go.Figure:
    """Mean ARI of partitions that differ on one axis, by method (mean over preprocessing)."""
    axes = list(dict.fromkeys(row.axis for row in rows))
    methods = list(dict.fromkeys(row.method for row in rows))
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        found.setdefault((row.axis, row.method), []).append(row.ari.value)
    means = [
        [
            sum(values) / len(values) if (values := found.get((axis, method))) else None
            for method in methods
        ]
        for axis in axes
    ]
    return go.Figure(
        go.Heatmap(
            z=means,
            x=[in_figure(method, 24) for method in methods],
            y=[in_figure(axis) for axis in axes],
            zmin=0,
            zmax=1,
            colorscale=AMOUNT,
            colorbar={"title": "ARI", "thickness": 12},
            texttemplate="%{z:.2f}",
            textfont={"size": 11},  # plotly's own are of 7 px on a telephone
            hovertemplate="%{y} differs, %{x}: ARI %{z:.3f}<extra></extra>",
            hoverongaps=False,
        ),
        {
            "height": height_px,
            "margin": {"t": 8, "l": 8, "r": 8, "b": 8},
            "xaxis": {"title": "method", "automargin": True},
            "yaxis": {"title": "what differs", "autorange": "reversed", "automargin": True},
            "dragmode": False,
        },
    )


def axis_figure(rows: Sequence[AxisAgreement], *, height_px: int = 420) -> go.Figure:
    """Mean ARI of partitions that differ on one axis, with 95 % intervals; a marker a method."""
    figure = go.Figure()
    axes = list(dict.fromkeys(row.axis for row in rows))
    methods = list(dict.fromkeys(row.method for row in rows))
    shown = dict.fromkeys(
        _axis_words(row) for row in sorted(rows, key=lambda row: axes.index(row.axis))
    )
    for number, method in enumerate(methods):
        own = [row for row in rows if row.method == method]
        figure.add_trace(
            go.Scatter(
                x=[row.ari.value for row in own],
                y=[_axis_words(row) for row in own],
                mode="markers",
                name=in_figure(method),
                marker={
                    "symbol": MARKERS[number % len(MARKERS)],
                    "color": LINES[number % len(LINES)],
                    "size": 10,
                },
                error_x={
                    "array": [row.ari.high - row.ari.value for row in own],
                    "arrayminus": [row.ari.value - row.ari.low for row in own],
                    "symmetric": False,
                },
                hovertemplate="%{y}: ARI %{x:.3f}",
            )
        )
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={"title": "ARI (1 = the same partition, 0 = chance)", "range": [0, 1.02]},
        yaxis={
            "title": "what differs, preprocessing",
            "categoryorder": "array",
            "categoryarray": list(shown),  # the order of the heatmap
            "autorange": "reversed",
            "automargin": True,
        },
        legend={"orientation": "h", "y": -0.2},
    )
    return figure


def _axis_words(row: AxisAgreement) -> str:
    return f"{in_figure(row.axis)}, {in_figure(row.preprocessing)}"


def _share_words(axis: str) -> str:
    return f"no choice alone<br>({REST})" if axis == REST else in_figure(axis)


def share_figure(rows: Sequence[VarianceShare], *, height_px: int = 380) -> go.Figure:
    """Share of the spread of partitions that each axis explains, with 95 % intervals.

    The axis that explains most is on top. What no choice explains alone stands apart, below.
    """
    most: dict[str, float] = {}
    for row in rows:
        most[row.axis] = max(most.get(row.axis, 0.0), row.share.value)
    # Plotly draws the first at the bottom.
    order = sorted(most, key=lambda axis: (axis != REST, most[axis]))
    figure = go.Figure()
    for number, method in enumerate(dict.fromkeys(row.method for row in rows)):
        own = [row for row in rows if row.method == method]
        figure.add_trace(
            go.Bar(
                x=[100 * row.share.value for row in own],
                y=[_share_words(row.axis) for row in own],
                orientation="h",
                name=in_figure(method),
                marker={
                    "color": LINES[number % len(LINES)],
                    "opacity": [0.35 if row.axis == REST else 1 for row in own],
                },
                error_x={
                    "color": "#999999",  # plotly's own is lost on a dark page
                    "thickness": 2,
                    "array": [100 * (row.share.high - row.share.value) for row in own],
                    "arrayminus": [100 * (row.share.value - row.share.low) for row in own],
                    "symmetric": False,
                },
                hovertemplate="%{y}: %{x:.1f} %",
            )
        )
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={"title": "share of the variance in % (ω²)"},
        yaxis={
            "title": "what differs",
            "automargin": True,
            "categoryorder": "array",
            "categoryarray": [_share_words(axis) for axis in order],
        },
        barmode="group",
        legend={"orientation": "h", "y": -0.25},
    )
    return figure
