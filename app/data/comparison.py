"""Two hierarchies side by side: hierlab's report, indexed for the figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from app.figures.sankey import Ribbon
from hierlab.datasets.class_matching import positions

if TYPE_CHECKING:
    from hierlab import LabelMap
    from hierlab.measures.agreement import CompareReport, LevelAgreement

__all__ = [
    "MAX_ROWS",
    "agreement_table",
    "format_ribbon",
    "move_table",
    "parse_ribbon",
    "ribbon_table",
    "ribbons_of",
    "shared_classes",
    "stand_of",
    "telling",
    "united",
]

MAX_ROWS = 5_000


def telling(report: CompareReport) -> list[LevelAgreement]:
    """The pairs of levels without single classes against single classes, which tell nothing."""
    return [one for one in report.levels if min(one.k_first, one.k_second) < one.classes]


def agreement_table(pairs: Sequence[LevelAgreement]) -> pd.DataFrame:
    """One row a pair of levels: what matters most first, since a telephone shows four columns."""
    return pd.DataFrame(
        [
            (
                f"{one.first} / {one.second}",
                one.ari,
                one.ami,
                len(one.moves),
                f"{one.k_first} / {one.k_second}",
                one.classes,
                one.v_measure,
                one.nmi,
            )
            for one in pairs
        ],
        columns=["levels", "ARI", "AMI", "moved", "clusters", "classes", "V", "NMI"],
    )


def move_table(agreement: LevelAgreement) -> pd.DataFrame:
    """One row a class that moved (`hierlab.measures.agreement.Move`); at most 5,000."""
    return pd.DataFrame(
        [
            (one.name, one.id, one.source, one.expected, one.target)
            for one in agreement.moves[:MAX_ROWS]
        ],
        columns=["class", "key", "in A", "most of it in B", "in B"],
    )


def ribbons_of(agreement: LevelAgreement, first: LabelMap, second: LabelMap) -> tuple[Ribbon, ...]:
    """The flows of a pair of levels with cluster numbers, most classes first.

    By number, since an imported map may have two clusters of one name.
    """
    counts = Counter((one["a"], one["b"]) for _, one in _stands(agreement, first, second))
    a, b = first.level(agreement.first).clusters, second.level(agreement.second).clusters
    return tuple(
        Ribbon(i, j, a[i].name, b[j].name, count)
        for (i, j), count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    )


def united(ribbons: tuple[Ribbon, ...]) -> list[tuple[str, tuple[str, ...], int]]:
    """Clusters of B that hold most of several clusters of A, most classes first.

    Args:
        ribbons: from `ribbons_of`.

    Returns:
        name in B, names in A, and how many classes of those it has.
    """
    homes: dict[int, Ribbon] = {}
    for one in ribbons:  # most classes first
        homes.setdefault(one.first, one)
    groups: dict[int, list[Ribbon]] = {}
    for one in homes.values():
        groups.setdefault(one.second, []).append(one)
    found = [
        (
            parts[0].second_name,
            tuple(one.first_name for one in parts),
            sum(one.classes for one in parts),
        )
        for parts in groups.values()
        if len(parts) > 1
    ]
    return sorted(found, key=lambda one: -one[2])


def format_ribbon(chosen: str, agreement: LevelAgreement, first: LabelMap, second: LabelMap) -> str:
    """Write `a3-b17`, `a3` or `b17` as `ab@n02123045`, …: by a class that stands there."""
    wanted = {end[0]: int(end[1:]) for end in chosen.split("-")}
    for key, stands in _stands(agreement, first, second):
        if all(stands[side] == number for side, number in wanted.items()):
            return f"{''.join(wanted)}@{key}"
    return chosen


def parse_ribbon(
    text: str, agreement: LevelAgreement, first: LabelMap, second: LabelMap
) -> str | None:
    """Read `ab@n02123045`, `a@…` or `b@…` (`a3-b17` of older addresses); None if it is neither."""
    sides, at, key = text.partition("@")
    if at and sides in ("a", "b", "ab"):
        stands = stand_of(key, agreement, first, second)
        return None if stands is None else "-".join(f"{side}{stands[side]}" for side in sides)
    return text if re.fullmatch(r"[ab]\d{1,7}|a\d{1,7}-b\d{1,7}", text, re.ASCII) else None


def stand_of(
    key: str, agreement: LevelAgreement, first: LabelMap, second: LabelMap
) -> dict[str, int] | None:
    """Numbers of the clusters that hold a class in A (`a`) and in B (`b`); None if not in both."""
    stands = _stands(agreement, first, second)
    return next((place for one, place in stands if one == key), None)


def _stands(
    agreement: LevelAgreement, first: LabelMap, second: LabelMap
) -> Iterator[tuple[str, dict[str, int]]]:
    """Key of each class of A that B has, and the cluster numbers it has in both."""
    a, b = first.level(agreement.first).labels, second.level(agreement.second).labels
    for position, other in enumerate(positions(first.classes, second.classes).tolist()):
        if other >= 0:
            yield first.classes.ids[position], {"a": int(a[position]), "b": int(b[other])}


def ribbon_table(ribbons: tuple[Ribbon, ...], first: str, second: str) -> pd.DataFrame:
    """One row a ribbon, in the order given."""
    return pd.DataFrame(
        [(one.first_name, one.second_name, one.classes) for one in ribbons[:MAX_ROWS]],
        columns=[f"A: {first}", f"B: {second}", "classes"],
    )


def shared_classes(
    chosen: str, agreement: LevelAgreement, first: LabelMap, second: LabelMap
) -> pd.DataFrame:
    """The classes of a ribbon `a3-b17`, or of one cluster `a3` or `b17`."""
    wanted = {end[0]: int(end[1:]) for end in chosen.split("-")}
    a, b = first.level(agreement.first), second.level(agreement.second)
    rows = [
        (
            first.classes.names[first.classes.index[key]],
            key,
            a.clusters[stands["a"]].name,
            b.clusters[stands["b"]].name,
        )
        for key, stands in _stands(agreement, first, second)
        if all(stands[side] == number for side, number in wanted.items())
    ]
    return pd.DataFrame(rows[:MAX_ROWS], columns=["class", "key", "in A", "in B"])
