"""A hierarchy as nested areas: treemap, icicle or sunburst."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import plotly.graph_objects as go

from app.spot import Spot
from app.theme.markdown import counted, held, in_figure
from app.theme.palette import MARK, category, ink, lighter

if TYPE_CHECKING:
    from hierlab import LabelMap

__all__ = [
    "FOLDED",
    "KINDS",
    "ROOT",
    "Kind",
    "Node",
    "area_words",
    "node_of_spot",
    "path_of_class",
    "tree_figure",
    "tree_nodes",
]

Kind: TypeAlias = Literal["Treemap", "Icicle", "Sunburst"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ROOT = "all"
# Browsers draw more areas than this slowly, and nobody reads them.
MAX_NODES = 4_000
PATH_PX = 26
HEIGHT_PX, ROW_PX = 560, 16
# An area of an icicle that is lower has no room for its name.
NAME_PX = 21
# Ends the id of the area that stands for several too thin for their names.
FOLDED = "/~"
# Words on it are white, and it is seen on a light and on a dark page.
ROOT_COLOUR = "#66707C"
EDGE = "rgba(128,128,128,0.6)"


@dataclass(frozen=True)
class Node:
    """One area.

    Args:
        id: path of cluster numbers below `all`, so unique even where levels are not nested.
        parent: id of the area around it; empty for the root.
        size: number of classes.
        spot: the cluster it shows, or None for the root and for a single class.
        position: the class it shows, or None.
        coverage: share of the cluster's classes that its name holds for, 0..1, or None.
    """

    id: str
    parent: str
    label: str
    size: int
    colour: str
    spot: Spot | None = None
    position: int | None = None
    coverage: float | None = None


def tree_nodes(label_map: LabelMap) -> tuple[Node, ...]:
    """Areas of a label map, root first, classes as leaves.

    In a map that is not nested a cluster is shown once inside each cluster above that shares
    classes with it, labelled with its share. Levels (and the classes) that would make more than
    4,000 areas are left out.
    """
    root = Node(ROOT, "", label_map.name, len(label_map.classes), ROOT_COLOUR)
    nodes = [root]
    paths = [ROOT] * len(label_map.classes)
    top = [0] * len(label_map.classes)
    for number, level in enumerate(label_map.levels):
        if level.k == len(label_map.classes) and number:
            break
        labels = level.labels.tolist()
        if number == 0:
            top = labels
        groups: dict[str, list[int]] = {}
        for position, label in enumerate(labels):
            groups.setdefault(f"{paths[position]}/{label}", []).append(position)
        if len(nodes) + len(groups) > MAX_NODES:
            return tuple(nodes)
        for path, members in groups.items():
            cluster = labels[members[0]]
            whole = level.clusters[cluster].size == len(members)
            part = "" if whole else f" ({len(members)} of {level.clusters[cluster].size})"
            nodes.append(
                Node(
                    path,
                    path.rpartition("/")[0],
                    level.clusters[cluster].name + part,
                    len(members),
                    lighter(category(top[members[0]]), min(0.25 * number, 0.6)),
                    spot=Spot(number, cluster),
                    coverage=level.clusters[cluster].coverage,
                )
            )
            for position in members:
                paths[position] = path
    return tuple(nodes) + _leaves(label_map, paths, top, MAX_NODES - len(nodes))


def _leaves(
    label_map: LabelMap, paths: Sequence[str], top: Sequence[int], room: int
) -> tuple[Node, ...]:
    names = label_map.classes.names
    if len(names) > room:
        return ()
    return tuple(
        Node(f"{path}/={position}", path, name, 1, lighter(category(first), 0.6), position=position)
        for position, (path, name, first) in enumerate(zip(paths, names, top, strict=True))
    )


def node_of_spot(nodes: Sequence[Node], spot: Spot | None, path: str = "") -> Node:
    """The area that shows a cluster; the root if there is none.

    Args:
        path: of a class; of a cluster in parts its part is taken, else the largest.
    """
    shown = [node for node in nodes if spot is not None and node.spot == spot]
    with_class = [node for node in shown if path.startswith(f"{node.id}/")]
    return max(with_class or shown, key=lambda node: node.size, default=nodes[0])


def path_of_class(label_map: LabelMap, position: int) -> str:
    """Id of the area of a class, whether or not it is drawn."""
    levels = [
        level
        for number, level in enumerate(label_map.levels)
        if level.k < len(label_map.classes) or not number
    ]
    return "/".join((ROOT, *(str(level.labels[position]) for level in levels), f"={position}"))


def tree_figure(
    nodes: Sequence[Node], kind: Kind, *, depth: int, at: str = ROOT, path: str = ""
) -> go.Figure:
    """Draw areas with the class count as their size.

    Args:
        nodes: from `tree_nodes`.
        kind: Treemap, Icicle or Sunburst.
        depth: levels shown below the area `at`.
        at: id of the area that fills the figure.
        path: of a class to mark: the smallest area drawn that holds it gets a broad edge.
    """
    shown = _within(nodes, at, depth)
    height_px = HEIGHT_PX if kind != "Icicle" else _icicle_px(shown, at, depth)
    if kind == "Icicle":
        shown = _folded(shown, at, path, height_px)
    inside = [node.id for node in shown if f"{path}/".startswith(f"{node.id}/") and node.id != at]
    marked = max(inside, key=len, default="")
    trace = {"Treemap": go.Treemap, "Icicle": go.Icicle, "Sunburst": go.Sunburst}[kind]
    own: dict[str, Any] = {"tiling": {"pad": 1}, "pathbar": {"thickness": PATH_PX}}
    if kind == "Sunburst":
        own = {"insidetextorientation": "radial"}
    if kind != "Treemap":
        own["leaf"] = {"opacity": 1}  # else the leaves are dull, above all in the dark
    figure = go.Figure(
        trace(
            ids=[node.id for node in shown],
            labels=[in_figure(node.label) for node in shown],
            text=[
                area_words(node, below=at.count("/") + depth, lines=kind == "Treemap")
                for node in shown
            ],
            parents=[node.parent for node in shown],
            values=[node.size for node in shown],
            branchvalues="total",
            level=at,
            maxdepth=depth + 1,
            sort=kind != "Icicle",  # its areas come in order, those that stand for several last
            marker={
                "colors": [node.colour for node in shown],
                "line": {
                    "width": _edge_px(shown, at, marked),
                    "color": [MARK if node.id == marked else EDGE for node in shown],
                },
            },
            textfont={"color": [ink(node.colour) for node in shown]},
            customdata=[
                "<br>".join(filter(None, (counted(node.size, "class"), held(node.coverage))))
                for node in shown
            ],
            hovertemplate="<b>%{label}</b><br>%{customdata}<extra></extra>",
            texttemplate="%{label}" if kind == "Sunburst" else "%{text}",
            **own,
        )
    )
    figure.update_layout(
        height=height_px,
        # The path back to the root is drawn above the areas, in the margin.
        margin={"t": 8 if at == ROOT else PATH_PX + 4, "l": 0, "r": 0, "b": 8},
        uniformtext={"minsize": 11, "mode": "hide"},
    )
    return figure


def _edge_px(shown: Sequence[Node], at: str, marked: str) -> int | list[int]:
    """Widths of the edges: plotly draws no path back to the root where each has its own."""
    if at != ROOT or not marked:
        return 3 if marked else 1
    return [5 if node.id == marked else 1 for node in shown]


def _icicle_px(shown: Sequence[Node], at: str, depth: int) -> int:
    """Higher where many areas stand in one column, so that most of their names fit."""
    column = sum(node.id.count("/") == at.count("/") + depth for node in shown)
    return min(max(HEIGHT_PX, ROW_PX * column), 3 * HEIGHT_PX)


def _folded(shown: Sequence[Node], at: str, path: str, height_px: int) -> list[Node]:
    """One area for those of an icicle that stand together and are too thin for their names.

    Those right inside the area that fills the figure stay: there is no way further in.

    Args:
        path: of a class to mark, whose areas stay too.
    """
    sizes = {node.id: node.size for node in shown}
    least = NAME_PX * sizes[at] / height_px
    thin: dict[str, list[Node]] = {}
    for node in sorted(shown, key=lambda node: node.size):
        inside = node.parent.startswith(f"{at}/") and not f"{path}/".startswith(f"{node.id}/")
        together = thin.setdefault(node.parent, [])
        if inside and (node.size < least or 0 < sum(one.size for one in together) < least):
            together.append(node)
    several = {parent: nodes for parent, nodes in thin.items() if len(nodes) > 1}
    gone = {node.id for nodes in several.values() for node in nodes}
    ranked = sorted(shown, key=lambda node: -node.size)
    kept = [node for node in ranked if gone.isdisjoint(_above(node.id))]
    return kept + [
        Node(
            f"{parent}{FOLDED}",
            parent,
            f"{len(nodes)} smaller {'clusters' if nodes[0].position is None else 'classes'}",
            sum(node.size for node in nodes),
            nodes[-1].colour,
        )
        for parent, nodes in several.items()
        if parent in {node.id for node in kept}
    ]


def _above(node: str) -> list[str]:
    """An area's id, and those of all around it."""
    parts = node.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _within(nodes: Sequence[Node], at: str, depth: int) -> list[Node]:
    """The areas inside `at` down to a depth, and those around it: browsers are slow with more."""
    deepest = at.count("/") + depth
    return [
        node
        for node in nodes
        if f"{at}/".startswith(f"{node.id}/")
        or (node.id.startswith(f"{at}/") and node.id.count("/") <= deepest)
    ]


def area_words(node: Node, below: int, *, lines: bool) -> str:
    """The label, with the size where no smaller area is drawn inside; in short lines or in one."""
    words = in_figure(node.label, 40)
    if node.id.count("/") < below or node.position is not None:
        return words
    if not lines:
        return f"{words} · {node.size}"
    return "<br>".join(textwrap.wrap(words, 13, break_long_words=False)) + f"<br>{node.size}"
