"""Agreement: do two hierarchies say the same, and where do they not?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hierlab.datasets.class_matching import positions
from hierlab.errors import UnknownClassError
from hierlab.measures.partition_scores import contingency, partition_agreement

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = [
    "NMI_WARNING",
    "CompareReport",
    "Flow",
    "LevelAgreement",
    "Move",
    "compare",
]

NMI_WARNING = (
    "not adjusted for chance: with many clusters it is near 1 for any two partitions; "
    "read ARI or AMI instead"
)
# Names that say a level's place among others, not what it holds.
_USUAL = re.compile(r"coarse|mid|fine|level\d+")


@dataclass(frozen=True)
class Flow:
    """How many classes one cluster of the first map shares with one of the second."""

    first: str
    second: str
    classes: int


@dataclass(frozen=True)
class Move:
    """A class that left its cluster for one that is mostly made of others.

    A class that goes with most of its cluster has not moved, nor one that makes up most of its new
    cluster with others of its old: clusters that are united or split move nobody.

    Args:
        id, name: the class.
        source: its cluster in the first map.
        expected: the cluster of the second map that holds most of `source`.
        target: its cluster in the second map.
    """

    id: str
    name: str
    source: str
    expected: str
    target: str


@dataclass(frozen=True)
class LevelAgreement:
    """One level of each map over the classes that both have; scores as in `PartitionAgreement`.

    Args:
        moves: the classes that moved, in class order.
        flows: cluster pairs that share classes, most first.
    """

    first: str
    second: str
    k_first: int
    k_second: int
    classes: int
    ari: float
    ami: float
    homogeneity: float
    completeness: float
    v_measure: float
    nmi: float
    nmi_random: float
    moves: tuple[Move, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True)
class CompareReport:
    """Agreement of two maps, level by level.

    Args:
        shared: classes that both maps have; the others are left out.
        by_name: how many of those go by name, since their keys differ.
        only_first, only_second: classes that only one has.
        pairing: levels of different name that were paired by their numbers of clusters.
        unpaired: levels with no counterpart, as `map: level`.
        nmi_warning: why `nmi` is not the number to quote.
    """

    first: str
    second: str
    shared: int
    by_name: int
    only_first: int
    only_second: int
    levels: tuple[LevelAgreement, ...]
    pairing: tuple[str, ...]
    unpaired: tuple[str, ...]
    nmi_warning: str


def compare(first: LabelMap, second: LabelMap) -> CompareReport:
    """Compare two maps over the classes they share, by key, else by name.

    Levels of one name are paired, unless it is a usual one (coarse, mid, fine, level1, …); the rest
    so that their numbers of clusters are nearest.

    Raises:
        UnknownClassError: the maps share no class.
    """
    places = positions(first.classes, second.classes)
    rows_first, rows_second = np.flatnonzero(places >= 0), places[places >= 0]
    if not len(rows_first):
        raise UnknownClassError(
            f"the maps share no class by key or name: {first.name!r} has such as "
            f"{first.classes.ids[0]!r} ({first.classes.names[0]}), {second.name!r} such as "
            f"{second.classes.ids[0]!r} ({second.classes.names[0]})"
        )
    ids = [first.classes.ids[row] for row in rows_first]
    by_name = sum(
        key != second.classes.ids[row] for key, row in zip(ids, rows_second.tolist(), strict=True)
    )
    names = [first.classes.names[row] for row in rows_first]
    paired = _pair_levels(first.levels, second.levels)
    levels = tuple(
        _agreement(first.levels[i], second.levels[j], rows_first, rows_second, ids, names)
        for i, j in paired
    )
    lone_first = set(range(len(first.levels))) - {i for i, _ in paired}
    lone_second = set(range(len(second.levels))) - {j for _, j in paired}
    return CompareReport(
        first=first.name,
        second=second.name,
        shared=len(ids),
        by_name=by_name,
        only_first=len(first.classes) - len(ids),
        only_second=len(second.classes) - len(ids),
        levels=levels,
        pairing=tuple(
            f"{level.first} ({level.k_first}) with {level.second} ({level.k_second})"
            for level in levels
            if level.first != level.second
        ),
        unpaired=(
            *(f"{first.name}: {first.levels[i].name}" for i in sorted(lone_first)),
            *(f"{second.name}: {second.levels[j].name}" for j in sorted(lone_second)),
        ),
        nmi_warning=NMI_WARNING,
    )


def _pair_levels(first: tuple[Level, ...], second: tuple[Level, ...]) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment

    names = {level.name: number for number, level in enumerate(second)}
    paired = [
        (number, names[level.name])
        for number, level in enumerate(first)
        if level.name in names and not _USUAL.fullmatch(level.name)
    ]
    rest_first = [i for i in range(len(first)) if i not in {pair[0] for pair in paired}]
    rest_second = [j for j in range(len(second)) if j not in {pair[1] for pair in paired}]
    if rest_first and rest_second:
        sizes = [
            np.log([levels[n].k for n in rest])
            for levels, rest in ((first, rest_first), (second, rest_second))
        ]
        ratio = np.abs(sizes[0][:, None] - sizes[1])
        rows, columns = linear_sum_assignment(ratio)
        paired += [(rest_first[i], rest_second[j]) for i, j in zip(rows, columns, strict=True)]
    return sorted(paired)


def _agreement(
    first: Level,
    second: Level,
    rows_first: NDArray[np.int64],
    rows_second: NDArray[np.int64],
    ids: list[str],
    names: list[str],
) -> LevelAgreement:
    a, b = first.labels[rows_first], second.labels[rows_second]
    table = contingency(a, b)
    most_first = np.argsort(-table.counts, kind="stable")
    # The table numbers clusters by first appearance among the shared classes.
    sources = a[np.sort(np.unique(a, return_index=True)[1])][table.first[most_first]].tolist()
    targets = b[np.sort(np.unique(b, return_index=True)[1])][table.second[most_first]].tolist()
    homes: dict[int, int] = {}
    origins: dict[int, int] = {}
    for i, j in zip(sources, targets, strict=True):
        homes.setdefault(i, j)
        origins.setdefault(j, i)
    names_first = [cluster.name for cluster in first.clusters]
    names_second = [cluster.name for cluster in second.clusters]
    moves = tuple(
        Move(key, name, names_first[i], names_second[homes[i]], names_second[j])
        for key, name, i, j in zip(ids, names, a.tolist(), b.tolist(), strict=True)
        if homes[i] != j and origins[j] != i
    )
    flows = tuple(
        Flow(names_first[i], names_second[j], count)
        for i, j, count in zip(sources, targets, table.counts[most_first].tolist(), strict=True)
    )
    return LevelAgreement(
        first.name,
        second.name,
        first.k,
        second.k,
        len(ids),
        **asdict(partition_agreement(a, b)),
        moves=moves,
        flows=flows,
    )
