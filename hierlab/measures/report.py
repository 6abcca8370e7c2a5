"""Everything that can be measured of one hierarchy, gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.labelmap import LabelMap
from hierlab.measures.cluster_shape import ShapeReport, shape
from hierlab.measures.consistency import ConsistencyReport, consistency
from hierlab.measures.groupings import Grouping, groupings_for
from hierlab.measures.human_agreement import GroupingAgreement, grouping_agreement
from hierlab.wordnet.taxonomy import Taxonomy
from hierlab.wordnet.wu_palmer import Policy, wu_palmer

__all__ = ["MeasureReport", "measure"]

# The (C, C) matrix of this many classes takes 1.8 GiB.
MAX_WU_PALMER_CLASSES = 15_500


@dataclass(frozen=True)
class MeasureReport:
    """All measures of one hierarchy.

    Args:
        map: name of the label map.
        id: its identity.
        classes: number of classes.
        consistency: one report a Wu-Palmer policy; empty without WordNet.
        shape: sizes, nesting, silhouettes.
        people: agreement with groups that people made; empty where none is about these classes.
        left_out: one sentence for each thing that could not be measured, or only in part.
    """

    map: str
    id: str
    classes: int
    consistency: tuple[ConsistencyReport, ...]
    shape: ShapeReport
    people: tuple[GroupingAgreement, ...]
    left_out: tuple[str, ...]


def measure(
    label_map: LabelMap,
    *,
    taxonomy: Taxonomy | None = None,
    vectors: NDArray[np.float64] | None = None,
    policies: Sequence[Policy] = ("nltk", "textbook"),
    groupings: Sequence[Grouping] | None = None,
    seed: int = 0,
) -> MeasureReport:
    """Measure consistency with WordNet, agreement with people, shape; say what was left out.

    Args:
        label_map: the hierarchy over C classes.
        taxonomy: WordNet; without it there is no consistency.
        vectors: (C, D) prototypes; without them there is no silhouette.
        policies: Wu-Palmer policies, each reported under its name.
        groupings: what people put together; the shipped ones about these classes if not given.
        seed: of the bootstrap over classes.

    Raises:
        HierlabError: vectors or groupings that do not fit the classes.
    """
    left_out: list[str] = []
    against = groupings_for(label_map.classes) if groupings is None else groupings
    reports: tuple[ConsistencyReport, ...] = ()
    if taxonomy is None:
        left_out.append("consistency: no WordNet was given")
    else:
        reports = _consistency(label_map, taxonomy, policies, seed, left_out)
    if vectors is None:
        left_out.append("silhouette: no prototypes were given")
    return MeasureReport(
        map=label_map.name,
        id=label_map.id,
        classes=len(label_map.classes),
        consistency=reports,
        shape=shape(label_map, vectors),
        people=grouping_agreement(label_map, against, seed=seed),
        left_out=tuple(left_out),
    )


def _consistency(
    label_map: LabelMap,
    taxonomy: Taxonomy,
    policies: Sequence[Policy],
    seed: int,
    left_out: list[str],
) -> tuple[ConsistencyReport, ...]:
    resolution = taxonomy.resolve(label_map.classes)
    known, total = resolution.known, len(label_map.classes)
    if len(known) < 2:
        left_out.append(f"consistency: {len(known)} of the {total} classes are in WordNet")
        return ()
    if len(known) > MAX_WU_PALMER_CLASSES:
        left_out.append(
            f"consistency: {len(known)} classes are more than {MAX_WU_PALMER_CLASSES}; "
            "measure a sample of them"
        )
        return ()
    if len(known) < total:
        left_out.append(
            f"consistency covers the {len(known)} of {total} classes that are in WordNet"
        )
    if guessed := sum(resolution.guessed):
        left_out.append(
            f"consistency: {guessed} classes have no WordNet id and stand for the likeliest sense "
            "of their name"
        )
    wnids = [wnid for wnid in resolution.wnids if wnid is not None]
    return tuple(
        consistency(
            label_map,
            wu_palmer(taxonomy, wnids, policy),
            policy=policy,
            positions=known,
            seed=seed,
        )
        for policy in policies
    )
