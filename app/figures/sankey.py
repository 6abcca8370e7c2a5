"""Where the classes of one partition stand in another, as ribbons, for ECharts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.theme.markdown import counted, in_figure, short
from app.theme.palette import category

__all__ = ["CLICK", "Ribbon", "sankey_height_px", "sankey_options", "strongest"]

# What a click sends back: the ribbon's two ends, or the one cluster.
CLICK = (
    "function (event) { return event.dataType === 'edge'"
    " ? event.data.source + '-' + event.data.target : event.name; }"
)


@dataclass(frozen=True)
class Ribbon:
    """Classes that cluster `first` of one level shares with cluster `second` of another."""

    first: int
    second: int
    first_name: str
    second_name: str
    classes: int

    @property
    def id(self) -> str:
        """How the address names it, such as `a3-b17`."""
        return f"a{self.first}-b{self.second}"


def strongest(ribbons: Sequence[Ribbon], count: int) -> tuple[Ribbon, ...]:
    """The ribbons of most classes, at most `count`, in the order of their clusters."""
    kept = sorted(ribbons, key=lambda one: (-one.classes, one.first, one.second))[:count]
    return tuple(sorted(kept, key=lambda one: (one.first, one.second)))


def sankey_height_px(ribbons: Sequence[Ribbon]) -> int:
    """Height at which every label has a line of its own."""
    most = max(len({one.first for one in ribbons}), len({one.second for one in ribbons}), 1)
    return min(max(320, 26 * most + 40), 2600)


def sankey_options(ribbons: Sequence[Ribbon], *, chosen: str | None = None) -> dict[str, Any]:
    """ECharts options of a two-column Sankey diagram.

    Args:
        ribbons: what to draw.
        chosen: id of a ribbon or cluster to bring out.
    """
    ends = {f"a{one.first}": one.first_name for one in ribbons}
    ends |= {f"b{one.second}": one.second_name for one in ribbons}
    nodes = [
        {
            "name": key,
            "depth": 0 if key.startswith("a") else 1,
            "itemStyle": {"color": category(int(key[1:]))},
            "label": {
                "formatter": _label(name),
                "position": "right" if key.startswith("a") else "left",
            },
            "tooltip": {"formatter": _tip(name)},
        }
        for key, name in ends.items()
    ]
    links = [
        {
            "source": f"a{one.first}",
            "target": f"b{one.second}",
            "value": one.classes,
            "lineStyle": {"opacity": _opacity(one, chosen)},
            "tooltip": {
                "formatter": f"{_tip(one.first_name)} → {_tip(one.second_name)}: "
                + counted(one.classes, "class")
            },
        }
        for one in ribbons
    ]
    return {
        "animation": False,
        "aria": {"enabled": True},
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "sankey",
                "left": 2,
                "right": 2,
                "top": 4,
                "bottom": 4,
                "nodeGap": 14,  # a line of its label: clusters of one class are thinner than that
                "nodeWidth": 14,
                "draggable": False,
                "emphasis": {"focus": "adjacency"},
                "lineStyle": {"color": "source", "curveness": 0.5},
                "label": {"fontSize": 12},
                "labelLayout": {"hideOverlap": True},
                "data": nodes,
                "links": links,
            }
        ],
    }


def _opacity(ribbon: Ribbon, chosen: str | None) -> float:
    if chosen is None:
        return 0.45
    hit = chosen in (ribbon.id, f"a{ribbon.first}", f"b{ribbon.second}")
    return 0.8 if hit else 0.15


def _label(name: str) -> str:
    """Words on the canvas, where braces would stand for a value; two fit side by side at 390 px."""
    return short(name, 24).replace("{", "(").replace("}", ")")


def _tip(name: str) -> str:
    """Words in a tooltip, which is HTML and knows braces too."""
    return in_figure(name).replace("{", "&#123;").replace("}", "&#125;")
