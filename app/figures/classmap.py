"""The classes as points of a plane, with names of clusters that stand where their classes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from app.theme.palette import category, lighter

if TYPE_CHECKING:
    from hierlab import LabelMap, Level

__all__ = ["ClassMap", "MapLevel", "MapName", "class_map", "laid_flat", "name_place"]

SHADES = (0.0, 0.4, 0.2, 0.55)


class MapName(TypedDict):
    """The name of a cluster: where it stands, and half of its classes are within `reach` of it."""

    name: str
    size: int
    coverage: float | None
    x: float
    y: float
    reach: float


class MapLevel(TypedDict):
    """One level: the cluster of each class, and the clusters' names."""

    name: str
    labels: list[int]
    clusters: list[MapName]


class ClassMap(TypedDict):
    """All that a class map draws.

    Keys: x, y: of each class, in -1..1; names, keys, colours: of each class; levels: coarse first,
    without one of single classes; chosen: level and cluster to bring out; marked: class to ring.
    """

    x: list[float]
    y: list[float]
    names: list[str]
    keys: list[str]
    colours: list[str]
    levels: list[MapLevel]
    chosen: tuple[int, int] | None
    marked: int | None


def class_map(
    points: NDArray[np.float64],
    label_map: LabelMap,
    level: int,
    *,
    chosen: tuple[int, int] | None = None,
    marked: int | None = None,
) -> ClassMap:
    """Gather what a class map draws.

    Args:
        points: (C, 2).
        level: number of the level that gives the colours: hues are the first level's, shades the
            clusters inside.
        chosen: level and cluster to bring out.
        marked: position of a class to ring and name.
    """
    places = laid_flat(points)
    classes = label_map.classes
    shown = [one for one in label_map.levels if one.k < len(classes)] or [label_map.levels[0]]
    return {
        "x": places[:, 0].round(4).tolist(),
        "y": places[:, 1].round(4).tolist(),
        "names": list(classes.names),
        "keys": list(classes.ids),
        "colours": _colours(label_map.levels[0], label_map.levels[level]),
        "levels": [_level(places, one) for one in shown],
        "chosen": chosen,
        "marked": marked,
    }


def laid_flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn points so that they spread most from left to right; (C, 2), centred, in -1..1."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    if len(axes) < 2:
        return np.asarray(centred)
    # No mirror: a turn keeps what stood clockwise clockwise.
    axes[1] *= np.sign(np.linalg.det(axes))
    turned = centred @ axes.T
    turned -= (turned.max(axis=0) + turned.min(axis=0)) / 2
    return np.asarray(turned / max(float(np.abs(turned).max()), 1e-12))


def name_place(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Where the name of a cluster stands, and how far the nearer half of its classes reaches.

    A cluster may lie in several islands: the name stands in the middle of the half that is densest,
    never in the void between.

    Args:
        points: (N, 2) of its classes.
    """
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    half = max(1, (len(points) + 1) // 2)
    reach = np.sort(apart, axis=1)[:, half - 1]
    heart = int(reach.argmin())
    near = points[np.argsort(apart[heart], kind="stable")[:half]]
    x, y = near.mean(axis=0)
    return round(float(x), 4), round(float(y), 4), round(float(reach[heart]), 4)


def _level(places: NDArray[np.float64], level: Level) -> MapLevel:
    clusters: list[MapName] = []
    for number, cluster in enumerate(level.clusters):
        x, y, reach = name_place(places[level.members(number)])
        clusters.append(
            {
                "name": cluster.name,
                "size": cluster.size,
                "coverage": cluster.coverage,
                "x": x,
                "y": y,
                "reach": reach,
            }
        )
    return {"name": level.name, "labels": level.labels.tolist(), "clusters": clusters}


def _colours(top: Level, level: Level) -> list[str]:
    """The hue of the first level's cluster; inside it the clusters of the level differ in shade."""
    place: dict[int, int] = {}
    inside: dict[int, int] = {}
    colours = []
    for first, label in zip(top.labels.tolist(), level.labels.tolist(), strict=True):
        if label not in place:
            place[label] = inside.get(first, 0)
            inside[first] = place[label] + 1
        share = 0.0 if level is top else SHADES[place[label] % len(SHADES)]
        colours.append(lighter(category(first), share))
    return colours
