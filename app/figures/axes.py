"""What the figures' axes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

__all__ = ["log_ticks"]


def log_ticks(values: Sequence[float]) -> dict[str, list[float] | list[str]]:
    """1, 2 and 5 of each power of ten in reach: plotly would write lone digits between them."""
    drawn = [value for value in values if value > 0]
    if not drawn:
        return {}
    low, high = floor(log10(min(drawn))), ceil(log10(max(drawn)))
    exact = [(digit, power) for power in range(low, high + 1) for digit in (1, 2, 5)]
    return {
        "tickvals": [digit * 10.0**power for digit, power in exact],
        "ticktext": [f"{digit * 10.0**power:g}" for digit, power in exact],
    }
