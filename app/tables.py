"""The tables that stand beside the figures: same numbers, for readers, keyboards and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from hierlab import LabelMap
    from hierlab.measures.consistency import ConsistencyReport
    from hierlab.overview import ClusterReport

__all__ = [
    "class_table",
    "cluster_table",
    "consistency_table",
    "csv_bytes",
    "level_table",
    "member_table",
]

MAX_SHOWN = 5_000


def level_table(label_map: LabelMap) -> pd.DataFrame:
    """One row a level: clusters and their sizes."""
    from hierlab.overview import show

    return pd.DataFrame(
        [(one.name, one.k, one.size_min, one.size_median, one.size_max) for one in show(label_map)],
        columns=["level", "clusters", "smallest", "median", "largest"],
    )


def cluster_table(label_map: LabelMap, level: int) -> pd.DataFrame:
    """One row a cluster of one level, largest first; at most 5,000."""
    found = label_map.levels[level]
    names = dict(zip(label_map.classes.ids, label_map.classes.names, strict=True))
    rows = [
        (number, one.name, one.size, names[one.medoid], one.synset or "", one.confidence)
        for number, one in enumerate(found.clusters)
    ]
    columns = ["number", "cluster", "classes", "medoid", "synset", "confidence"]
    table = pd.DataFrame(rows, columns=columns).sort_values(
        ["classes", "number"], ascending=[False, True], ignore_index=True
    )
    return _without_empty(table.head(MAX_SHOWN), "confidence")


def class_table(label_map: LabelMap) -> pd.DataFrame:
    """One row a class: key, name, and its cluster's number and name at every level."""
    table = pd.DataFrame({"key": label_map.classes.ids, "class": label_map.classes.names})
    for level in label_map.levels:
        table[level.name] = level.labels
        table[f"{level.name} cluster"] = [level.clusters[label].name for label in level.labels]
    return table


def member_table(label_map: LabelMap, report: ClusterReport, level: int) -> pd.DataFrame:
    """One row a class of one cluster, in class order; at most 5,000."""
    found = label_map.levels[level]
    rows = [
        (
            label_map.classes.ids[position],
            label_map.classes.names[position],
            found.class_confidence[position] if found.class_confidence else None,
        )
        for position in found.members(report.number)[:MAX_SHOWN].tolist()
    ]
    return _without_empty(pd.DataFrame(rows, columns=["key", "class", "confidence"]), "confidence")


def consistency_table(report: ConsistencyReport) -> pd.DataFrame:
    """One row a level: mean similarity within and between clusters, and the lift over chance."""
    return pd.DataFrame(
        [
            (one.level, one.k, one.within, one.between, one.random_mean, one.lift)
            for one in report.levels
            if one.within is not None
        ],
        columns=["level", "clusters", "within", "between", "random", "lift"],
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def _without_empty(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.drop(columns=[name for name in columns if table[name].isna().all()])
