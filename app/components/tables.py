"""The tables that stand beside the figures: same numbers, for readers, keyboards and exports.

pandas takes half a second to import, so that functions do it: the first figure need not wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.theme.markdown import in_markdown

if TYPE_CHECKING:
    import pandas as pd

    from hierlab import LabelMap
    from hierlab.measures.consistency import ConsistencyReport

__all__ = [
    "CONSISTENCY_COLUMNS",
    "CONSISTENCY_HELP",
    "CONSISTENCY_TITLE",
    "LEVEL_COLUMNS",
    "chance_sentence",
    "class_table",
    "cluster_table",
    "consistency_rows",
    "csv_bytes",
    "level_rows",
    "levels_at_chance",
    "member_table",
]

MAX_SHOWN = 5_000
MIN_LIFT = 0.02
HOLDS = "name holds for, %"
LEVEL_COLUMNS = ("level", "clusters", "smallest", "median", "largest")
CONSISTENCY_COLUMNS = ("level", "within", "between", "random", "lift")
CONSISTENCY_TITLE = "Wu-Palmer similarity in WordNet: 0 to 1, higher is closer"
CONSISTENCY_HELP = (
    "Means (NLTK's rules). within: over classes, of each to the others of its cluster; between: "
    "over pairs in two clusters; random: within, were the classes shuffled; lift: within minus it."
)


def level_rows(label_map: LabelMap) -> list[tuple[str, int, int, float, int]]:
    """One row a level: clusters and their sizes; a median that is whole is an int."""
    import numpy as np

    rows = []
    for one in label_map:
        middle = float(np.median(one.sizes))
        median = int(middle) if middle.is_integer() else middle
        rows.append((one.name, one.k, int(one.sizes.min()), median, int(one.sizes.max())))
    return rows


def cluster_table(label_map: LabelMap, level: int) -> pd.DataFrame:
    """One row a cluster of one level, largest first; at most 5,000."""
    import pandas as pd

    found = label_map.levels[level]
    names = dict(zip(label_map.classes.ids, label_map.classes.names, strict=True))
    rows = [
        (
            *(number, one.name, one.size),
            None if one.coverage is None else 100 * one.coverage,
            *(names[one.medoid], one.synset or "", one.confidence),
        )
        for number, one in enumerate(found.clusters)
    ]
    columns = ["number", "cluster", "classes", HOLDS, "medoid", "synset", "confidence"]
    table = pd.DataFrame(rows, columns=columns).sort_values(
        ["classes", "number"], ascending=[False, True], ignore_index=True
    )
    return _without_empty(table.head(MAX_SHOWN), "confidence", HOLDS)


def class_table(label_map: LabelMap) -> pd.DataFrame:
    """One row a class: key, name, and its cluster's number and name at every level."""
    import pandas as pd

    table = pd.DataFrame({"key": label_map.classes.ids, "class": label_map.classes.names})
    for level in label_map.levels:
        table[level.name] = level.labels
        table[f"{level.name} cluster"] = [level.clusters[label].name for label in level.labels]
    return table


def member_table(label_map: LabelMap, level: int, cluster: int) -> pd.DataFrame:
    """One row a class of one cluster, in class order; at most 5,000."""
    import pandas as pd

    found = label_map.levels[level]
    rows = [
        (
            label_map.classes.ids[position],
            label_map.classes.names[position],
            found.class_confidence[position] if found.class_confidence else None,
        )
        for position in found.members(cluster)[:MAX_SHOWN].tolist()
    ]
    return _without_empty(pd.DataFrame(rows, columns=["key", "class", "confidence"]), "confidence")


def consistency_rows(report: ConsistencyReport) -> list[tuple[object, ...]]:
    """One row a level: mean similarity within and between clusters, and the lift over chance."""
    return [
        (one.level, one.by_class, one.between, one.random_mean, one.lift)
        for one in report.levels
        if one.by_class is not None
    ]


def levels_at_chance(report: ConsistencyReport) -> list[str]:
    """Levels whose clusters are no nearer in WordNet than shuffled classes, to any use.

    A lift below 0.02, or within three standard deviations of chance; single classes and one
    cluster of all have none.
    """
    return [
        one.level
        for one in report.levels
        if one.lift is not None
        and 1 < one.k < report.classes
        and (one.lift < MIN_LIFT or (one.z is not None and one.z < 3))
    ]


def chance_sentence(levels: Sequence[str]) -> str:
    """What a level at chance means."""
    names = ", ".join(map(in_markdown, levels))
    return (
        f"Level {names}: no better than chance by WordNet. Classes in one cluster are hardly "
        "nearer to each other than classes drawn at random."
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def _without_empty(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.drop(columns=[name for name in columns if table[name].isna().all()])
