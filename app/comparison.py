"""Two hierarchies side by side: hierlab's report, indexed for the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from app.figures.sankey import Ribbon

if TYPE_CHECKING:
    from hierlab import LabelMap
    from hierlab.measures.agreement import CompareReport, LevelAgreement

__all__ = [
    "MAX_ROWS",
    "agreement_table",
    "move_table",
    "ribbon_table",
    "ribbons_of",
    "shared_classes",
]

MAX_ROWS = 5_000


def agreement_table(report: CompareReport) -> pd.DataFrame:
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
            for one in report.levels
        ],
        columns=["levels", "ARI", "AMI", "moved", "clusters", "classes", "V", "NMI"],
    )


def move_table(agreement: LevelAgreement) -> pd.DataFrame:
    """One row a class that left its cluster; at most 5,000.

    Each cluster of A is matched with one of B: a class moved if B has it in another.
    """
    return pd.DataFrame(
        [
            (one.name, one.id, one.source, one.expected or "", one.target)
            for one in agreement.moves[:MAX_ROWS]
        ],
        columns=["class", "key", "in A", "its match in B", "in B"],
    )


def ribbons_of(agreement: LevelAgreement, first: LabelMap, second: LabelMap) -> tuple[Ribbon, ...]:
    """The flows of a pair of levels with cluster numbers, most classes first."""
    a = _numbers(first, agreement.first)
    b = _numbers(second, agreement.second)
    return tuple(
        Ribbon(a[flow.first], b[flow.second], flow.first, flow.second, flow.classes)
        for flow in agreement.flows
    )


def _numbers(label_map: LabelMap, level: str) -> dict[str, int]:
    clusters = label_map.level(level).clusters
    return {cluster.name: number for number, cluster in enumerate(clusters)}


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
    rows = []
    for position, key in enumerate(first.classes.ids):
        other = second.classes.index.get(key)
        if other is None:
            continue
        stands = {"a": int(a.labels[position]), "b": int(b.labels[other])}
        if all(stands[side] == number for side, number in wanted.items()):
            rows.append(
                (
                    first.classes.names[position],
                    key,
                    a.clusters[stands["a"]].name,
                    b.clusters[stands["b"]].name,
                )
            )
    return pd.DataFrame(rows[:MAX_ROWS], columns=["class", "key", "in A", "in B"])
