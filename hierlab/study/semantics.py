"""Semantics or looks: does likeness follow WordNet beyond what controls explain?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hierlab.measures.bootstrap import Interval, interval
from hierlab.study.statistics import holm, partial_correlation

if TYPE_CHECKING:
    from hierlab.classes import ClassList

__all__ = ["Discord", "Likeness", "discords", "follows"]


@dataclass(frozen=True)
class Likeness:
    """How closely an encoder's likeness of pairs follows a target.

    Args:
        encoder: whose cosines.
        target: such as `Wu-Palmer`.
        controls: what was held fixed, by name.
        raw: Spearman correlation over pairs of classes.
        partial: the same with the controls held fixed.
        p: that the partial correlation is not above zero, from the bootstrap, after Holm.
    """

    encoder: str
    target: str
    controls: tuple[str, ...]
    raw: Interval
    partial: Interval
    p: float


@dataclass(frozen=True)
class Discord:
    """A cluster whose classes are far apart in WordNet.

    Args:
        k: level it stands at.
        size: its classes.
        within: mean Wu-Palmer of its pairs.
        members: names, at most twelve.
    """

    k: int
    size: int
    within: float
    members: tuple[str, ...]


def follows(
    encoders: Sequence[tuple[str, NDArray[np.float64]]],
    target: tuple[str, NDArray[np.float64]],
    controls: Sequence[tuple[str, NDArray[np.float64]]],
    weights: NDArray[np.float64],
) -> list[Likeness]:
    """Correlate each encoder's likeness with a target, alone and given the controls.

    Args:
        encoders, target, controls: names and (C, C) symmetric likenesses.
        weights: (1 + B, C) class weights, the first row ones.
    """
    held = [matrix for _, matrix in controls]
    names = tuple(name for name, _ in controls)
    found = []
    for name, matrix in encoders:
        raw = partial_correlation(matrix, target[1], [], weights)
        given = partial_correlation(matrix, target[1], held, weights) if held else raw
        found.append((name, raw, given))
    # The bootstrap cannot tell p below one part in its size.
    chances = [float((1 + (given[1:] <= 0).sum()) / len(given)) for _, _, given in found]
    return [
        Likeness(
            name, target[0], names, interval(raw[0], raw[1:]), interval(given[0], given[1:]), p
        )
        for (name, raw, given), p in zip(found, holm(chances), strict=True)
    ]


def discords(
    labels: NDArray[np.int32],
    k: int,
    classes: ClassList,
    similarity: NDArray[np.float64],
    most: int = 6,
) -> list[Discord]:
    """Clusters of at least three classes with the lowest Wu-Palmer inside, worst first."""
    from hierlab.measures.pair_statistics import clusters_of

    found = []
    for members in clusters_of(labels):
        size = len(members)
        if size < 3:
            continue
        block = similarity[np.ix_(members, members)]
        within = (block.sum() - np.trace(block)) / (size * (size - 1))
        names = tuple(classes.names[at] for at in members[:12])
        found.append(Discord(k, size, float(within), names))
    return sorted(found, key=lambda discord: discord.within)[:most]
