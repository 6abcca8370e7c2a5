"""Tree page: the hierarchy as one HTML file to click through and search, without a network."""

from __future__ import annotations

import html
from pathlib import Path

import msgspec

from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap
from hierlab.plots._figure import PALETTE
from hierlab.plots._layout import Layout
from hierlab.plots.icicle import cluster_table
from hierlab.utils.files import write_atomic

__all__ = ["plot_tree_page"]

# A browser keeps this many blocks fluid.
MAX_CLASSES = 30_000

_Node = tuple[int, int, int, int, str, int, int]


def plot_tree_page(label_map: LabelMap, path: Path) -> tuple[Path, ...]:
    """Write an icicle to zoom into and search: one file with its own script and data.

    Returns:
        The page and its CSV: a row per cluster and level.
    Raises:
        HierlabError: more than 30,000 classes, or the folder cannot be written.
    """
    if len(label_map.classes) > MAX_CLASSES:
        raise HierlabError(
            f"a page holds at most {MAX_CLASSES} classes, the map has {len(label_map.classes)}; "
            "draw a .png or .svg instead"
        )
    content = {
        "name": f"{label_map.name} · {len(label_map.classes)} classes",
        "columns": len(Layout(label_map).levels) + 2,
        "palette": PALETTE,
        "nodes": _nodes(label_map),
    }
    # A class called "</script>" must not end the script.
    data = msgspec.json.encode(content).decode().replace("<", "\\u003c")
    template = Path(__file__).with_name("_tree.html").read_text(encoding="utf-8")
    before, _, rest = template.replace("__TITLE__", html.escape(label_map.name)).partition(
        "__DATA__"
    )
    return (
        write_atomic(path, before + data + rest),
        write_atomic(path.with_suffix(".csv"), cluster_table(label_map).encode()),
    )


def _nodes(label_map: LabelMap) -> list[_Node]:
    """Root, blocks by level, classes: (parent, column, start, stop, name, colour, whole size)."""
    layout = Layout(label_map)
    count = len(label_map.classes)
    nodes: list[_Node] = [(-1, 0, 0, count, "all classes", 0, count)]
    holder = [0] * count
    for column, level in enumerate(layout.levels):
        for block in layout.blocks(column):
            cluster = level.clusters[block.cluster]
            run = (column + 1, block.start, block.stop)
            nodes.append((holder[block.start], *run, cluster.name, block.colour, cluster.size))
            holder[block.start : block.stop] = [len(nodes) - 1] * block.size
    colours = [nodes[number][5] for number in holder]
    leaf_column = len(layout.levels) + 1
    for place, row in enumerate(layout.order.tolist()):
        name = label_map.classes.names[row]
        leaf = (leaf_column, place, place + 1, name, colours[place], 1)
        nodes.append((holder[place], *leaf))
    return nodes
