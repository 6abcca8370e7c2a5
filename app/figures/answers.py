"""What a classifier says: bars at one number of bytes, lines over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.palette import DASHES, LINES, MARKERS
from app.text import in_figure

__all__ = ["answer_figure", "sureness_figure"]

Answers = Mapping[str, Sequence[tuple[str, float]]]


def answer_figure(answers: Answers, *, height_px: int = 420) -> go.Figure:
    """Bars of the most probable clusters, one panel a level, coarse on top.

    Args:
        answers: by level, (name, probability 0..1), most probable first.
    """
    figure = make_subplots(
        rows=len(answers),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.09,
        subplot_titles=[in_figure(level) for level in answers],
    )
    for row, found in enumerate(answers.values(), start=1):
        figure.add_trace(
            go.Bar(
                x=[100 * share for _, share in found],
                y=[f"{place} {in_figure(name, 22)}" for place, (name, _) in enumerate(found, 1)],
                text=[f"{100 * share:.0f} %" for _, share in found],
                textposition="outside",
                cliponaxis=False,
                orientation="h",
                marker={"color": LINES[(row - 1) % len(LINES)]},
                hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            ),
            row=row,
            col=1,
        )
        figure.update_yaxes(autorange="reversed", row=row, col=1)
    figure.update_xaxes(range=[0, 112])
    figure.update_xaxes(title="probability in %", row=len(answers), col=1)
    figure.update_layout(
        height=height_px, margin={"t": 28, "l": 8, "r": 8, "b": 8}, showlegend=False, bargap=0.25
    )
    return figure


def sureness_figure(
    sizes: Sequence[int],
    shares: Mapping[str, Sequence[float]],
    ends: Mapping[str, int],
    *,
    now: int,
    height_px: int = 320,
) -> go.Figure:
    """Lines of the best cluster's probability at each level against bytes.

    Args:
        sizes: bytes of each look.
        shares: by level, probability 0..1 of the most probable cluster at each look.
        ends: bytes at which each stage ends, marked.
        now: bytes shown at present, marked.
    """
    figure = go.Figure()
    for number, (level, values) in enumerate(shares.items()):
        figure.add_trace(
            go.Scatter(
                x=list(sizes),
                y=[100 * value for value in values],
                name=in_figure(level),
                mode="lines+markers",
                line={"color": LINES[number % len(LINES)], "dash": DASHES[number % len(DASHES)]},
                marker={"symbol": MARKERS[number % len(MARKERS)], "size": 8},
                hovertemplate="%{x} bytes: %{y:.0f} %",
            )
        )
    for level, end in ends.items():
        figure.add_vline(
            x=end,
            line={"color": "#8C8C8C", "dash": "dot"},
            annotation_text=f"{in_figure(level)} ends",
        )
    figure.add_vline(
        x=now,
        line={"color": LINES[1], "width": 2},
        annotation_text="now",
        annotation_position="bottom right",
    )
    figure.update_layout(
        height=height_px,
        margin={"t": 24, "l": 8, "r": 8, "b": 8},
        xaxis={"title": "bytes (log)", "type": "log"},
        yaxis={"title": "probability of the best cluster in %", "range": [0, 103]},
        legend={"orientation": "h", "y": 1.15},
    )
    return figure
