"""How many classes each cluster holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from app.theme.markdown import counted, held, in_figure
from app.theme.palette import LINES

if TYPE_CHECKING:
    from hierlab import Level

__all__ = ["MAX_BARS", "sizes_figure"]

MAX_BARS = 2_000


def sizes_figure(
    levels: dict[str, Level], *, chosen: int | None = None, height_px: int = 420
) -> go.Figure:
    """Bars of the sizes of at most 2,000 clusters, largest first; several maps share the axes.

    Args:
        levels: a level under the name of its map.
        chosen: cluster of the first level to bring out.
    """
    figure = go.Figure()
    for number, (name, level) in enumerate(levels.items()):
        order = sorted(range(level.k), key=lambda one: (-level.clusters[one].size, one))[:MAX_BARS]
        colours = [
            LINES[1] if number == 0 and cluster == chosen else LINES[(0, 2)[number % 2]]
            for cluster in order
        ]
        figure.add_trace(
            go.Bar(
                x=list(range(1, len(order) + 1)),
                y=[level.clusters[cluster].size for cluster in order],
                name=name,
                customdata=[
                    [
                        cluster,
                        in_figure(level.clusters[cluster].name),
                        counted(level.clusters[cluster].size, "class"),
                        held(level.clusters[cluster].coverage),
                    ]
                    for cluster in order
                ],
                marker={"color": colours},
                hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
            )
        )
    figure.update_layout(
        height=height_px,
        margin={"t": 8, "l": 8, "r": 8, "b": 8},
        xaxis={"title": "cluster, by size"},
        yaxis={"title": "classes"},
        barmode="group",
        showlegend=len(levels) > 1,
        legend={"orientation": "h", "y": 1.08},
        clickmode="event+select",
    )
    return figure
