"""Pictures of a study as SVG text: no plotting library, the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hierlab.study.suggest_k import KReport

__all__ = ["bars", "curves", "heatmap"]

_FONT = 'font-family="system-ui,sans-serif" font-size="12"'
_INK = ("#1b6ca8", "#b8500b", "#3a7d34", "#7b4fa3")


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}" '
        f'{_FONT}><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}'
        "<!-- hierlab --></svg>\n"
    )


def _text(x: float, y: float, words: str, anchor: str = "start", extra: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222" {extra}>'
        f"{escape(words)}</text>"
    )


def heatmap(names: Sequence[str], matrix: NDArray[np.float64], title: str) -> str:
    """Agreement of all pairs, 0 white to 1 dark, with the numbers in the squares."""
    side, margin = 46, 12 + 6.6 * max(map(len, names), default=0)
    parts = [_text(8, 18, title, extra='font-weight="bold"')]
    for row, name in enumerate(names):
        y = 32 + row * side
        parts.append(_text(margin - 6, y + side / 2 + 4, name, "end"))
        for column in range(len(names)):
            value = float(matrix[row, column])
            depth = round(255 - 200 * min(max(value, 0), 1))
            x = margin + column * side
            tone = "#fff" if value > 0.6 else "#222"
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{side - 2}" height="{side - 2}" '
                f'fill="rgb({depth - 30 if depth > 30 else 0},{depth},255)"/>'
                f'<text x="{x + side / 2 - 1:.1f}" y="{y + side / 2 + 4}" text-anchor="middle" '
                f'fill="{tone}">{value:.2f}</text>'
            )
    size = len(names) * side
    return _svg(margin + size + 8, 40 + size, parts, title)


def bars(
    rows: Sequence[tuple[str, float, float, float]], title: str, *, highest: float = 1.0
) -> str:
    """Horizontal bars with intervals: (name, value, low, high), from 0 to `highest`."""
    width, margin = 360, 16 + 6.6 * max((len(row[0]) for row in rows), default=0)
    parts = [_text(8, 18, title, extra='font-weight="bold"')]

    def x(value: float) -> float:
        return margin + width * min(max(value, 0), highest) / highest

    for number, (name, value, low, high) in enumerate(rows):
        y = 32 + number * 24
        parts.append(_text(margin - 6, y + 13, name, "end"))
        parts.append(
            f'<rect x="{margin:.1f}" y="{y}" width="{x(value) - margin:.1f}" height="16" '
            f'fill="{_INK[0]}" fill-opacity="0.75"/>'
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y + 8}" y2="{y + 8}" '
            'stroke="#222" stroke-width="2"/>'
        )
        parts.append(_text(margin + width + 8, y + 13, f"{value:.2f}  [{low:.2f}, {high:.2f}]"))
    return _svg(margin + width + 150, 44 + 24 * len(rows), parts, title)


def curves(report: KReport) -> str:
    """Stability (with standard errors), silhouette, gap and Wu-Palmer over K, K on a log axis."""
    rows = report.rows
    series: list[tuple[str, list[float | None]]] = [
        ("stability (ARI)", [row.stability for row in rows]),
        ("silhouette", [row.silhouette for row in rows]),
        ("gap, scaled", _scaled([row.gap for row in rows])),
        ("Wu-Palmer within", [row.within for row in rows]),
    ]
    width, height, left, top = 620.0, 300.0, 48.0, 36.0
    logs = np.log([row.k for row in rows])
    span = float(logs[-1] - logs[0]) or 1.0

    def x(at: int) -> float:
        return left + width * float(logs[at] - logs[0]) / span

    def y(value: float) -> float:
        return top + height * (1 - min(max(value, 0.0), 1.0))

    parts = [
        _text(
            8, 18, "Stability, silhouette, gap and consistency over K", extra='font-weight="bold"'
        )
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(
            f'<line x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
            'stroke="#ddd"/>'
        )
        parts.append(_text(left - 6, y(tick) + 4, f"{tick:g}", "end"))
    for at, row in enumerate(rows):
        weight = 'font-weight="bold"' if row.k in report.suggested else ""
        parts.append(_text(x(at), top + height + 18, str(row.k), "middle", weight))
        low, high = row.stability - row.stability_se, row.stability + row.stability_se
        parts.append(
            f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}" '
            f'stroke="{_INK[0]}"/>'
        )
    for number, (name, values) in enumerate(series):
        points = [(x(at), y(value)) for at, value in enumerate(values) if value is not None]
        if not points:
            continue
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{_INK[number]}" stroke-width="2"/>'
        )
        parts.append(
            _text(
                left + width + 10,
                top + 20 + 18 * number,
                name,
                extra=f'style="fill:{_INK[number]}"',
            )
        )
    parts.append(_text(left + width / 2, top + height + 36, "K, bold = suggested", "middle"))
    return _svg(left + width + 150, top + height + 46, parts, "Choosing K")


def _scaled(values: Sequence[float]) -> list[float | None]:
    low, high = min(values), max(values)
    return [(value - low) / ((high - low) or 1.0) for value in values]
