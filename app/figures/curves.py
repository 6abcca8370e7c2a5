"""Rate against accuracy, and rate against PSNR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from app.figures.axes import log_ticks
from app.theme.markdown import in_figure
from app.theme.palette import DASHES, LINES, MARKERS

if TYPE_CHECKING:
    from codec_plugin.evaluation.reports.curves import Panel

__all__ = ["curve_figure"]


def curve_figure(
    panel: Panel, names: Sequence[str], *, log_rate: bool = True, height_px: int = 440
) -> go.Figure:
    """Draw one panel; a subject keeps its colour, dash and marker whatever else is shown.

    Args:
        panel: curves with 95 % intervals.
        names: all subjects of the results, in the order of the legend; more than the panel has.
        log_rate: bits per pixel on a log axis.
    """
    figure = go.Figure()
    for curve in sorted(panel.curves, key=lambda curve: names.index(curve.name)):
        number = names.index(curve.name)
        up = [high - value for high, value in zip(curve.high, curve.values, strict=True)]
        down = [value - low for low, value in zip(curve.low, curve.values, strict=True)]
        marker = MARKERS[number % len(MARKERS)]
        figure.add_trace(
            go.Scatter(
                x=curve.rates_bpp,
                y=curve.values,
                name=in_figure(curve.name),
                mode="lines+markers",
                line={"color": LINES[number % len(LINES)], "dash": DASHES[number % len(DASHES)]},
                marker={
                    "symbol": [marker if end else f"{marker}-open" for end in curve.stage_ends],
                    "size": 8,
                },
                error_y={
                    "array": up,
                    "arrayminus": down,
                    "symmetric": False,
                    "thickness": 0.8,
                    "width": 2,
                },
                hovertemplate="%{x:.4f} bpp: %{y:.2f} " + in_figure(panel.axis),
            )
        )
    if panel.clean is not None:
        figure.add_hline(
            y=panel.clean, line={"color": "#8C8C8C", "dash": "dot"}, annotation_text="original"
        )
    rates = [rate for curve in panel.curves for rate in curve.rates_bpp]
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={
            "title": "bits per pixel of the file",
            **({"type": "log", **log_ticks(rates)} if log_rate else {"type": "linear"}),
        },
        yaxis={"title": in_figure(f"{panel.title} in {panel.axis}")},
        legend={"orientation": "h", "y": -0.22},
    )
    return figure
