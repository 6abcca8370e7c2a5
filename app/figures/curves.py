"""Rate against accuracy, and rate against PSNR."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from app.figures.frame import log_ticks
from app.theme.markdown import in_figure
from app.theme.palette import OURS, codec_style

if TYPE_CHECKING:
    from codec_plugin.evaluation.reports.curves import Panel

__all__ = ["curve_figure"]

LEAST_BPP = 0.002


def curve_figure(
    panel: Panel, names: Sequence[str], *, log_rate: bool = True, height_px: int = 440
) -> go.Figure:
    """Draw one panel; a codec keeps its colour, dash and marker, and ours is bold.

    Args:
        panel: curves with 95 % intervals.
        names: all subjects of the results, in the order of the legend; more than the panel has.
        log_rate: bits per pixel on a log axis.
    """
    figure = go.Figure()
    for curve in sorted(panel.curves, key=lambda curve: names.index(curve.name)):
        colour, dash, marker = codec_style(curve.name)
        up = [high - value for high, value in zip(curve.high, curve.values, strict=True)]
        down = [value - low for low, value in zip(curve.low, curve.values, strict=True)]
        figure.add_trace(
            go.Scatter(
                x=curve.rates_bpp,
                y=curve.values,
                name=in_figure(curve.name),
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 4 if curve.name in OURS else 2},
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
    # The bytes of an answer alone, far below any picture's, would crush the axis.
    rates = [rate for curve in panel.curves for rate in curve.rates_bpp if rate >= LEAST_BPP]
    logarithmic = {
        "type": "log",
        **log_ticks(rates),
        "range": [log10(0.9 * min(rates)), log10(1.1 * max(rates))] if rates else None,
    }
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={
            "title": "bits per pixel of the file",
            **(logarithmic if log_rate else {"type": "linear"}),
        },
        yaxis={"title": in_figure(f"{panel.title} in {panel.axis}")},
        legend={"orientation": "h", "y": -0.22},
    )
    return figure
