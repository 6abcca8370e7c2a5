"""A place in a hierarchy, and how the address tells it.

It is told by a class that stands in it (`mid@n02123045`), never by a cluster's number alone:
in another map, or in the next edition of the same, the number is another cluster's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hierlab import LabelMap

__all__ = ["Spot", "class_of_key", "format_spot", "parse_spot", "spot_of_class"]


@dataclass(frozen=True)
class Spot:
    """One cluster of one level, both by number."""

    level: int
    cluster: int


def format_spot(label_map: LabelMap, spot: Spot, position: int | None = None) -> str:
    """Write a place as `mid@n02123045`, for the address.

    Args:
        position: the class that tells the cluster; its medoid if None.
    """
    level = label_map.levels[spot.level]
    classes = label_map.classes
    key = level.clusters[spot.cluster].medoid if position is None else classes.ids[position]
    return f"{level.name}@{key}"


def parse_spot(label_map: LabelMap, text: str | None, default_level: int = 0) -> Spot | None:
    """Read `mid@n02123045`, or `mid:17` of older addresses; None for what is no place of this map.

    Args:
        default_level: where to look for the class if the map has no level of that name.
    """
    name, at, key = (text or "").rpartition("@")
    if at and (position := class_of_key(label_map, key)) is not None:
        levels = [level.name for level in label_map.levels]
        return spot_of_class(
            label_map, position, levels.index(name) if name in levels else default_level
        )
    name, colon, number = (text or "").rpartition(":")
    if not colon or not (number.isascii() and number.isdigit() and len(number) <= 7):
        return None
    for position, level in enumerate(label_map.levels):
        if level.name == name and int(number) < level.k:
            return Spot(position, int(number))
    return None


def class_of_key(label_map: LabelMap, key: str | None) -> int | None:
    """Position of a class by its key; None if the map has no such class."""
    return None if key is None else label_map.classes.index.get(key)


def spot_of_class(label_map: LabelMap, position: int, level: int) -> Spot:
    """The cluster of a level that holds a class."""
    return Spot(level, int(label_map.levels[level].labels[position]))
