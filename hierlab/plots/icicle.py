"""Icicle: the hierarchy from left to right, every cluster as tall as it has classes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from hierlab.labelmap import LabelMap
from hierlab.plots._figure import INK, PALETTE, Table, ink_on, new_figure, save_figure, tint
from hierlab.plots._layout import Block, Layout

__all__ = ["cluster_table", "plot_icicle"]

WIDTH_PX = 900
MIN_HEIGHT_PX = 260
MAX_HEIGHT_PX = 1500
# What a line of the smallest type needs.
LINE_PX = 9.0
SMALL_PT = 6.6
_POINTS_PER_PX = 0.72


def plot_icicle(label_map: LabelMap, path: Path) -> tuple[Path, ...]:
    """Draw the levels that group classes as columns, with examples of members beside the finest.

    In a map that is not nested a cluster stands in several parts, each in the colour of the
    coarse cluster that holds most of it.

    Returns:
        The figure and its CSV: a row per cluster and level.
    Raises:
        HierlabError: the suffix is not .png, .svg or .pdf, or the folder cannot be written.
    """
    layout = Layout(label_map)
    columns = len(layout.levels)
    count = len(label_map.classes)
    blocks = [layout.blocks(column) for column in range(columns)]
    wanted = LINE_PX * 1.6 * (len(blocks[-1]) if blocks else count) + 60
    height = int(min(max(wanted, MIN_HEIGHT_PX), MAX_HEIGHT_PX))
    with new_figure(WIDTH_PX, height) as figure:
        axes = figure.add_axes((0.008, 0.004, 0.984, 1 - 46 / height))
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH_PX), ylim=(count, 0))
        scale = height * (1 - 46 / height - 0.004) / count
        edges = _columns(columns)
        for column, row in enumerate(blocks):
            level = layout.levels[column]
            left, right = edges[column], edges[column + 1]
            for block in row:
                _draw_block(axes, layout, block, (left, right - 2), scale)
            _say(axes, left + 1, -4, f"{level.name} · {level.k}", 9, weight="bold", va="bottom")
        _draw_members(axes, layout, blocks[-1] if blocks else (), edges[-2], scale)
        title = f"{label_map.name} · {count} classes" + (
            "" if label_map.nested else " · not nested: parts of a cluster share its colour"
        )
        figure.text(0.009, 1 - 5 / height, title, fontsize=10, va="top", color=INK)
        return save_figure(figure, cluster_table(label_map), path)


def _columns(columns: int) -> list[float]:
    """Left edge of each column, of the members' column, and the right end."""
    if not columns:
        return [0.0, float(WIDTH_PX)]
    each = min(190.0, 0.62 * WIDTH_PX / columns)
    return [*(each * column for column in range(columns + 1)), float(WIDTH_PX)]


def _draw_block(
    axes: Any, layout: Layout, block: Block, span: tuple[float, float], scale: float
) -> None:
    from matplotlib.patches import Rectangle

    left, right = span
    height_px = block.size * scale
    colour = PALETTE[block.colour % len(PALETTE)]
    fill = tint(colour, 0.15 if block.column == 0 else 0.55 if block.cluster % 2 else 0.68)
    axes.add_patch(
        Rectangle(
            (left, block.start),
            right - left,
            block.size,
            facecolor=fill,
            edgecolor="white",
            linewidth=1.2 if height_px > 4 else 0.3,
        )
    )
    points = 9.5 if block.column == 0 else SMALL_PT + 0.4
    if height_px < LINE_PX or not block.largest:
        return
    cluster = layout.levels[block.column].clusters[block.cluster]
    points = min(points, height_px * _POINTS_PER_PX * 0.8)
    lines = max(1, int(height_px / (1.5 * points / _POINTS_PER_PX)))
    text = _wrapped(f"{cluster.name} · {cluster.size}", right - left - 10, points, min(lines, 4))
    _say(axes, left + 6, (block.start + block.stop) / 2, text, points, colour=ink_on(fill))


def _draw_members(
    axes: Any, layout: Layout, blocks: tuple[Block, ...], left: float, scale: float
) -> None:
    """Names of classes beside each block of the finest grouping, as many as one line holds."""
    names = layout.label_map.classes.names
    room = WIDTH_PX - left - 12
    if blocks:
        _say(axes, left + 7, -4, "classes", 9, weight="bold", va="bottom")
    for block in blocks:
        if block.size * scale < LINE_PX:
            continue
        members = [names[row] for row in layout.order[block.start : block.stop]]
        text = _fit(", ".join(members), room, SMALL_PT + 0.4)
        _say(axes, left + 7, (block.start + block.stop) / 2, text, SMALL_PT + 0.4, colour="#444444")


def _wrapped(text: str, width_px: float, points: float, lines: int) -> str:
    """Text in at most so many lines; the last is shortened to the width."""
    wrapped: list[str] = []
    words = text.split()
    while words and len(wrapped) < lines - 1:
        count = len(words)
        while count > 1 and _fit(" ".join(words[:count]), width_px, points).endswith("…"):
            count -= 1
        wrapped.append(" ".join(words[:count]))
        words = words[count:]
    if words:
        wrapped.append(_fit(" ".join(words), width_px, points))
    return "\n".join(wrapped)


def _fit(text: str, width_px: float, points: float) -> str:
    """Shorten text to a width, by the advances of its characters."""
    plain = " ".join(text.split())
    room = width_px / (points / _POINTS_PER_PX)
    used = 0.0
    last = 0
    for place, character in enumerate(plain):
        used += _advance(character)
        if used > room:
            return plain[:last].rstrip(" ,") + " …"
        if used + 2 * _advance("…") <= room:
            last = place + 1
    return plain


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    """Width of a character in the figure's font, as a share of the font size."""
    from matplotlib.ft2font import LoadFlags

    glyph = _font().load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / 100


@lru_cache(maxsize=1)
def _font() -> Any:
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont("DejaVu Sans"))
    font.set_size(100, 72)
    return font


def _say(
    axes: Any,
    x: float,
    y: float,
    text: str,
    points: float,
    *,
    colour: str = INK,
    weight: str = "normal",
    va: str = "center_baseline",
) -> None:
    axes.text(x, y, text, fontsize=points, color=colour, fontweight=weight, va=va, ha="left")


def cluster_table(label_map: LabelMap) -> Table:
    """A row per cluster and level, coarse to fine."""
    rows = [
        (level.name, number, cluster.name, cluster.synset or "", cluster.size, cluster.medoid)
        for level in label_map.levels
        for number, cluster in enumerate(level.clusters)
    ]
    return Table(("level", "cluster", "name", "synset", "size", "medoid"), rows)
