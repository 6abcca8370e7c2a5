"""What the address says: the place in a hierarchy that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hierlab import LabelMap

__all__ = ["Spot", "format_spot", "parse_number", "parse_spot", "spot_of_class"]


@dataclass(frozen=True)
class Spot:
    """One cluster of one level, both by number."""

    level: int
    cluster: int


def format_spot(label_map: LabelMap, spot: Spot) -> str:
    """Write a place as `mid:17`, for the address."""
    return f"{label_map.levels[spot.level].name}:{spot.cluster}"


def parse_spot(label_map: LabelMap, text: str | None) -> Spot | None:
    """Read `mid:17`; None for anything that is no place of this map."""
    name, colon, number = (text or "").rpartition(":")
    if not colon or not (number.isascii() and number.isdigit() and len(number) <= 7):
        return None
    for position, level in enumerate(label_map.levels):
        if level.name == name and int(number) < level.k:
            return Spot(position, int(number))
    return None


def spot_of_class(label_map: LabelMap, position: int, level: int) -> Spot:
    """The cluster of a level that holds a class."""
    return Spot(level, int(label_map.levels[level].labels[position]))


def parse_number(text: str | None, low: int, high: int, default: int) -> int:
    """Read a whole number within bounds; the default for anything else."""
    if text and text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high:
        return int(text)
    return default
