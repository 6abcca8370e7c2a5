"""What a classifier says: bars at one number of bytes, lines over all of them.

Both are drawn at every move of a slider, so each is made in one go: plotly takes tens of
milliseconds for every later change of a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from app.figures.frame import log_ticks
from app.theme.markdown import in_figure
from app.theme.palette import DASHES, LINES, MARKERS

__all__ = ["answer_figure", "confidence_figure"]

Answers = Mapping[str, Sequence[tuple[str, float]]]
GREY = "#8C8C8C"
NOTE_PX = 14
NOW = LINES[3]  # no level of the shipped codecs has this colour


def answer_figure(answers: Answers, *, height_px: int = 420) -> go.Figure:
    """Bars of the most probable clusters, one panel a level, coarse on top.

    Args:
        answers: by level, (name, probability 0..1), most probable first.
    """
    bars, notes = [], []
    layout: dict[str, Any] = {}
    share = 1 / max(len(answers), 1)
    for row, (level, found) in enumerate(answers.items()):
        number = "" if row == 0 else str(row + 1)
        top = 1 - row * share
        bars.append(
            {
                "type": "bar",
                "x": [100 * part for _, part in found],
                "y": [f"{place} {in_figure(name, 22)}" for place, (name, _) in enumerate(found, 1)],
                "text": [f"{100 * part:.0f} %" for _, part in found],
                "textposition": "outside",
                "constraintext": "none",  # else it shrinks with the bar
                "cliponaxis": False,
                "orientation": "h",
                "marker": {"color": LINES[row % len(LINES)]},
                "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>",
                "xaxis": "x",
                "yaxis": f"y{number}",
            }
        )
        layout[f"yaxis{number}"] = {
            "autorange": "reversed",
            "domain": [top - 0.82 * share, top - 0.02],
            "anchor": "x",
            "automargin": True,
        }
        notes.append(_note(in_figure(level), x=0, y=top, align="left"))
    last = "" if len(answers) < 2 else str(len(answers))
    return go.Figure(
        bars,
        {
            **layout,
            "xaxis": {"range": [0, 112], "title": "probability in %", "anchor": f"y{last}"},
            "annotations": notes,
            "height": height_px,
            "margin": {"t": 16, "l": 8, "r": 8, "b": 8},
            "showlegend": False,
            "bargap": 0.25,
        },
    )


def confidence_figure(
    sizes: Sequence[int],
    shares: Mapping[str, Sequence[float]],
    ends: Mapping[str, int],
    *,
    now: int,
    of: str = "the best cluster",
    height_px: int = 320,
) -> go.Figure:
    """Lines of the best cluster's probability at each level against bytes.

    Args:
        sizes: bytes of each look.
        shares: by level, probability 0..1 of the most probable cluster at each look.
        ends: bytes at which each level is told, marked.
        now: bytes shown at present, marked.
        of: whose probability it is, for the axis.
    """
    from math import log10

    lines = [
        {
            "type": "scatter",
            "x": list(sizes),
            "y": [100 * value for value in values],
            "name": in_figure(level),
            "mode": "lines+markers",
            "line": {"color": LINES[number % len(LINES)], "dash": DASHES[number % len(DASHES)]},
            "marker": {"symbol": MARKERS[number % len(MARKERS)], "size": 8},
            "hovertemplate": "%{x} bytes: %{y:.0f} %",
        }
        for number, (level, values) in enumerate(shares.items())
    ]
    marked = [(end, f"{in_figure(level)} told", GREY, "dot") for level, end in ends.items()]
    marked.append((now, "now", NOW, "solid"))
    return go.Figure(
        lines,
        {
            "shapes": [
                {
                    "type": "line",
                    "x0": at,
                    "x1": at,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": colour, "dash": dash, "width": 2},
                }
                for at, _, colour, dash in marked
            ],
            # On a log axis a note stands at the logarithm of its place, a line at the place.
            "annotations": [
                {
                    # Each higher than the one before: two may stand close together.
                    **_note(words, x=log10(max(at, 1)), y=1),
                    "yshift": NOTE_PX * row,
                    "xref": "x",
                    "font": {"size": 11},
                }
                for row, (at, words, _, _) in enumerate(marked)
            ],
            "height": height_px,
            # Room for the notes, one above the other; the legend stands below, where none reaches.
            "margin": {"t": 20 + NOTE_PX * len(marked), "l": 8, "r": 8, "b": 8},
            "xaxis": {"title": "bytes (log)", "type": "log", **log_ticks(sizes)},
            "yaxis": {"title": f"probability of {in_figure(of, 24)} in %", "range": [0, 103]},
            "legend": {"orientation": "h", "y": -0.28, "yanchor": "top"},
        },
    )


def _note(words: str, *, x: float, y: float, align: str = "right") -> dict[str, Any]:
    """Words beside a place of the paper."""
    return {
        "text": words,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": align,
        "yanchor": "bottom",
        "showarrow": False,
    }
