"""Agreement of a hierarchy with groups that people made, over the classes that they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import UnknownClassError
from hierlab.measures.bootstrap import bootstrap_ari, class_weights, interval

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap
    from hierlab.measures.groupings import Grouping

__all__ = ["GroupingAgreement", "grouping_agreement"]


@dataclass(frozen=True)
class GroupingAgreement:
    """One level against one grouping.

    Args:
        grouping: its name.
        groups, classes: how many of each it has in this list.
        level, k: of the hierarchy.
        ari: adjusted Rand index over those classes: 1 the same, 0 what chance gives.
        low, high: 95 % interval over resampled classes; None without resamples.
    """

    grouping: str
    groups: int
    classes: int
    level: str
    k: int
    ari: float
    low: float | None
    high: float | None


def grouping_agreement(
    label_map: LabelMap,
    groupings: Sequence[Grouping],
    *,
    resamples: int = 200,
    seed: int = 0,
) -> tuple[GroupingAgreement, ...]:
    """Hold each level of a hierarchy, the classes themselves apart, against each grouping.

    Args:
        label_map: the hierarchy.
        groupings: what people made.
        resamples: bootstrap samples of the classes that a grouping covers; 0 for no interval.
        seed: of the bootstrap.

    Raises:
        UnknownClassError: a grouping and the hierarchy share fewer than two classes.

    Source: Hubert and Arabie, Comparing partitions, J. Classification 2, 1985.
    """
    agreements: list[GroupingAgreement] = []
    for grouping in groupings:
        rows, groups = grouping.on(label_map.classes)
        if len(rows) < 2:
            raise UnknownClassError(
                f"grouping {grouping.name!r} and {label_map.name!r} share {len(rows)} classes: "
                f"one has keys such as {next(iter(grouping.groups))!r}, the other such as "
                f"{label_map.classes.ids[0]!r} ({label_map.classes.names[0]!r})"
            )
        weights = class_weights(len(rows), resamples, seed)
        agreements += [
            GroupingAgreement(
                grouping.name,
                len(np.unique(groups)),
                len(rows),
                level.name,
                level.k,
                *_interval(level.labels[rows], groups, weights),
            )
            for level in label_map.levels
            if level.k < len(label_map.classes)
        ]
    return tuple(agreements)


def _interval(
    labels: NDArray[np.int32], groups: NDArray[np.int32], weights: NDArray[np.float64]
) -> tuple[float, float | None, float | None]:
    values = bootstrap_ari(labels, groups, weights)
    if len(values) < 2:
        return float(values[0]), None, None
    estimate = interval(values[0], values[1:])
    return estimate.value, estimate.low, estimate.high
