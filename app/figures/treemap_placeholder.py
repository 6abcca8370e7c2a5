"""A treemap as plain HTML, which a browser draws seconds before it has loaded plotly.

Laid out by plotly's own rules, so that nothing jumps when the figure takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from app.figures.tree import ROOT, Node, area_words
from app.theme.palette import ink

__all__ = ["SKETCH_STYLE", "squarify", "treemap_sketch"]

Box = tuple[float, float, float, float]
# What plotly leaves around the areas inside the root, and between two, in pixels.
HEAD_PX, EDGE_PX, GAP_PX = 24.0, 6.0, 1.0
MARGIN_PX = 8
# Of more, none has room for its name.
MAX_AREAS = 100
# Widths of the figure on a desk and on a telephone: the arrangement hangs on the shape.
WIDTHS_PX = {"wide": 731, "narrow": 366}
SKETCH_STYLE = """
.sketch { position: relative; }
.sketch > div {
  position: absolute; inset: calc(1rem + 8px) 0 auto; height: calc(var(--height) - 16px);
  font-size: 12px; line-height: 1.3;
}
.sketch a { position: absolute; overflow: hidden; padding: 4px 3px; text-decoration: none; }
.sketch a:first-child { padding-left: 6px; }
.sketch .narrow { display: none; }
@media (max-width: 640px) {
  .sketch .narrow { display: block; }
  .sketch .wide { display: none; }
}
/* Until the figure is there the sketch keeps its room, so that nothing below moves. */
[class*=_frame]:not(:has(.stElementContainer[class*=st-key-tree_])) .sketch {
  height: calc(var(--height) + 1rem);
}
[class*=_frame]:has(.sketch) .stElementContainer[class*=st-key-tree_] { min-height: 560px; }
[class*=_frame]:has(.slice path) .sketch > div { visibility: hidden; }
[class*=_frame]:has(.sketch):not(:has(.slice path)) .stElementContainer[class*=st-key-tree_] {
  opacity: 0;
  pointer-events: none;
}
"""


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Areas (left, top, right, bottom) inside a box, as square as can be.

    Bruls, Huizing and van Wijk (2000), with d3's rule for ending a row.

    Args:
        sizes: positive, largest first.
        box: (left, top, right, bottom) to fill.
    """
    left, top, right, bottom = box
    rest = float(sum(sizes))
    areas: list[Box] = []
    begin = 0
    while begin < len(sizes):
        wide, high = right - left, bottom - top
        end = _row_end(sizes, begin, max(wide / high, high / wide) / rest)
        row = sizes[begin:end]
        share = sum(row) / rest
        if wide < high:
            cut = top + high * share
            areas += _side_by_side(row, (left, top, right, cut), across=True)
            top = cut
        else:
            cut = left + wide * share
            areas += _side_by_side(row, (left, top, cut, bottom), across=False)
            left = cut
        rest -= sum(row)
        begin = end
    return areas


def _row_end(sizes: Sequence[float], begin: int, scale: float) -> int:
    """The first area that would make its row less square."""
    total = 0.0
    worst = float("inf")
    for end in range(begin, len(sizes)):
        total += sizes[end]
        beta = total * total * scale
        ratio = max(sizes[begin] / beta, beta / sizes[end])
        if ratio > worst:
            return end
        worst = ratio
    return len(sizes)


def _side_by_side(row: Sequence[float], box: Box, *, across: bool) -> list[Box]:
    left, top, right, bottom = box
    total = sum(row)
    areas: list[Box] = []
    done = 0.0
    for size in row:
        low, high = done / total, (done + size) / total
        if across:
            areas.append((left + (right - left) * low, top, left + (right - left) * high, bottom))
        else:
            areas.append((left, top + (bottom - top) * low, right, top + (bottom - top) * high))
        done += size
    return areas


def treemap_sketch(
    nodes: Sequence[Node], address: Callable[[Node], str], *, depth: int, height_px: int = 560
) -> str:
    """The root and its areas as HTML, in a wide and in a narrow arrangement; empty if too many.

    Args:
        nodes: from `tree_nodes`.
        depth: levels that the figure will show below the root.
        address: where a click on an area leads.
    """
    tops = sorted((node for node in nodes if node.parent == ROOT), key=lambda node: -node.size)
    if len(tops) > MAX_AREAS:
        return ""
    sizes = {name: (width, height_px - 2 * MARGIN_PX) for name, width in WIDTHS_PX.items()}
    drawn = "".join(
        f'<div class="{name}">{"".join(_areas(nodes[0], tops, address, depth, size))}</div>'
        for name, size in sizes.items()
    )
    return f'<div class="sketch" style="--height:{height_px}px" aria-hidden="true">{drawn}</div>'


def _areas(
    root: Node,
    tops: Sequence[Node],
    address: Callable[[Node], str],
    depth: int,
    size_px: tuple[float, float],
) -> Iterator[str]:
    wide, high = size_px
    half = GAP_PX / 2
    inside = (EDGE_PX - half, HEAD_PX - half, wide - EDGE_PX + half, high - EDGE_PX + half)
    places = squarify([node.size for node in tops], inside)
    outside = (-half, -half, wide + half, high + half)
    for node, (left, top, right, bottom) in zip((root, *tops), (outside, *places), strict=True):
        yield (
            f'<a href="{escape(address(node))}" tabindex="-1" style="'
            f"left:{100 * (left + half) / wide:.2f}%;"
            f"width:{100 * (right - left - GAP_PX) / wide:.2f}%;"
            f"top:{top + half:.1f}px;height:{bottom - top - GAP_PX:.1f}px;"
            f'background:{node.colour};color:{ink(node.colour)}">'
            f"{area_words(node, below=depth, lines=True)}</a>"
        )
