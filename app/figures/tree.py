"""A hierarchy as nested areas: treemap, icicle or sunburst."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import plotly.graph_objects as go

from app.figures.names_beside import ROW_PX, Row, put_names_beside
from app.spot import Spot
from app.theme.markdown import counted, held, in_figure
from app.theme.palette import MARK, category, ink, lighter

if TYPE_CHECKING:
    from hierlab import LabelMap

__all__ = [
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
HEIGHT_PX = 560
# Names beside an icicle: with more it would be so high that nobody scrolls to its end.
MAX_ROWS = 120
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
    rows: list[Row] = []
    if kind == "Icicle":
        shown = _in_order(shown)
        rows = _rows(shown, at, path)
    inside = [node.id for node in shown if f"{path}/".startswith(f"{node.id}/") and node.id != at]
    marked = max(inside, key=len, default="")
    trace = {"Treemap": go.Treemap, "Icicle": go.Icicle, "Sunburst": go.Sunburst}[kind]
    own: dict[str, Any] = {"tiling": {"pad": 1}, "pathbar": {"thickness": PATH_PX}}
    if kind == "Sunburst":
        own = {"insidetextorientation": "radial"}
    if kind != "Treemap":
        own["leaf"] = {"opacity": 1}  # else the leaves are dull, above all in the dark
    parents = {node.parent for node in shown}
    words = [
        _narrow_words(node, parents)
        if rows
        else area_words(node, below=at.count("/") + depth, lines=kind == "Treemap")
        for node in shown
    ]
    figure = go.Figure(
        trace(
            ids=[node.id for node in shown],
            labels=[in_figure(node.label) for node in shown],
            text=words,
            parents=[node.parent for node in shown],
            values=[node.size for node in shown],
            branchvalues="total",
            level=at,
            maxdepth=depth + 1,
            sort=kind != "Icicle",  # its areas come in the order of the names beside them
            marker={
                "colors": [node.colour for node in shown],
                "line": {
                    "width": _edge_px(shown, at, marked, broad=not rows),
                    "color": [MARK if node.id == marked else EDGE for node in shown],
                },
            },
            textfont={"color": [ink(node.colour) for node in shown]},
            customdata=[_told(node) for node in shown],
            hovertemplate="%{customdata}<extra></extra>",
            texttemplate="%{label}" if kind == "Sunburst" else "%{text}",
            **own,
        )
    )
    figure.update_layout(
        height=max(HEIGHT_PX, ROW_PX * (len(rows) + 3)),
        # The path back to the root is drawn above the areas, in the margin.
        margin={"t": 8 if at == ROOT else PATH_PX + 8, "l": 0, "r": 0, "b": 8},
        uniformtext={"minsize": 11, "mode": "hide"},
    )
    if rows:
        put_names_beside(figure, rows, marked)
    return figure


def _edge_px(shown: Sequence[Node], at: str, marked: str, *, broad: bool) -> int | list[int]:
    """Widths of the edges: plotly draws no path back to the root where each has its own.

    Args:
        broad: whether the edge of the marked area alone tells it.
    """
    if at != ROOT or not marked:
        return 3 if marked and broad else 1
    return [5 if node.id == marked else 1 for node in shown]


def _rows(shown: Sequence[Node], at: str, path: str) -> list[Row]:
    """Names of the areas in an icicle's last column, to stand beside it.

    None where each area has room for its own; at most 120, of the largest.

    Args:
        shown: in the icicle's order.
        path: of a class to mark, whose area is among them.
    """
    deepest = max(node.id.count("/") for node in shown)
    last = [node for node in shown if node.id.count("/") == deepest and node.id != at]
    total = sum(node.size for node in last)
    if all(node.size * HEIGHT_PX >= ROW_PX * total for node in last):
        return []
    ranked = sorted(last, key=lambda one: (not f"{path}/".startswith(f"{one.id}/"), -one.size))
    named = {node.id for node in ranked[:MAX_ROWS]}
    ends = [below / total for below in accumulate(node.size for node in last)]
    return [
        Row(node.id, _row_words(node), _told(node), node.colour, *place)
        for node, place in zip(last, pairwise([0.0, *ends]), strict=True)
        if node.id in named
    ]


def _in_order(shown: Sequence[Node]) -> list[Node]:
    """Areas as an icicle has them from above: inside each the largest first."""
    inside: dict[str, list[Node]] = {}
    for node in sorted(shown, key=lambda node: node.size):
        inside.setdefault(node.parent, []).append(node)
    found: list[Node] = []
    waiting = inside.get("", [])
    while waiting:
        found.append(waiting.pop())
        waiting += inside.get(found[-1].id, [])
    return found


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
    return _in_lines(words, 13) + f"<br>{node.size}"


def _in_lines(words: str, width: int) -> str:
    return "<br>".join(textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False))


def _narrow_words(node: Node, parents: Collection[str]) -> str:
    """The label in lines that a column has room for on a telephone; none in the last column."""
    if node.id not in parents:
        return ""
    return _in_lines(in_figure(node.label, 40), 10)


def _row_words(node: Node) -> str:
    """The label as there is room for it on a telephone, and the size of a cluster."""
    words = in_figure(node.label, 26)
    return words if node.position is not None else f"{words} · {node.size}"


def _told(node: Node) -> str:
    """What is told of an area at the pointer."""
    size, holds = counted(node.size, "class"), held(node.coverage)
    return "<br>".join(filter(None, (f"<b>{in_figure(node.label)}</b>", size, holds)))
