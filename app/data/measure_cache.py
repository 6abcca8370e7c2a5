"""What is worked out about a label map, kept by its content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from hierlab import HierlabError, LabelMap, compare, wu_palmer
from hierlab.measures.class_similarity import own_similarity, similarity_of
from hierlab.measures.consistency import consistency
from hierlab.measures.groupings import groupings_for
from hierlab.measures.human_agreement import grouping_agreement
from hierlab.measures.projection import class_positions
from hierlab.wordnet.taxonomy import taxonomy_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hierlab.measures.agreement import CompareReport
    from hierlab.measures.class_similarity import ClassSimilarity
    from hierlab.measures.consistency import ConsistencyReport
    from hierlab.measures.human_agreement import GroupingAgreement

__all__ = ["agreement_between", "alike", "measured", "people", "positions"]

MAX_CLASSES = 100_000
MAX_MEASURED = 5_000


@st.cache_data(max_entries=64, show_spinner=False)
def measured(key: str, _label_map: LabelMap) -> tuple[ConsistencyReport | None, str]:
    """Wu-Palmer consistency of all levels and clusters, over the classes that WordNet has.

    Returns:
        The report, or None; and a sentence on what it leaves out, or why there is none.
    """
    classes = _label_map.classes
    if len(classes) > MAX_MEASURED:
        return None, f"Wu-Palmer is measured for at most {MAX_MEASURED:,} classes here."
    none = None, "Wu-Palmer cannot be measured: WordNet knows fewer than two of the classes."
    try:
        taxonomy = taxonomy_for(classes)
        if taxonomy is None:
            return none
        resolution = taxonomy.resolve(classes)
        if len(resolution.known) < 2:
            return none
        wnids = [wnid for wnid in resolution.wnids if wnid is not None]
        matrix = wu_palmer(taxonomy, wnids, "nltk")
    except HierlabError as error:
        return None, f"Wu-Palmer cannot be measured: {error}."
    report = consistency(
        _label_map,
        (matrix + matrix.T) / 2,
        policy="nltk",
        positions=resolution.known,
        resamples=0,
        discords=len(classes),
    )
    notes = []
    if len(wnids) < len(classes):
        notes.append(f"over the {len(wnids):,} of {len(classes):,} classes that WordNet has")
    if guessed := sum(resolution.guessed):
        notes.append(f"{guessed:,} of them by the likeliest sense of their name")
    return report, f"Wu-Palmer: {', '.join(notes)}." if notes else ""


@st.cache_resource(max_entries=32, show_spinner="Comparing…")
def agreement_between(key: str, other: str, _first: LabelMap, _second: LabelMap) -> CompareReport:
    """Where two maps agree.

    Raises:
        HierlabError: they share no class, or have more than 100,000.
    """
    if max(len(_first.classes), len(_second.classes)) > MAX_CLASSES:
        raise HierlabError(
            f"the page compares up to {MAX_CLASSES:,} classes; use hierlab compare for more"
        )
    return compare(_first, _second)


@st.cache_data(max_entries=64, show_spinner=False)
def people(key: str, _label_map: LabelMap) -> tuple[GroupingAgreement, ...]:
    """Agreement of every level with the shipped groups that people made of such classes."""
    groupings = groupings_for(_label_map.classes)
    return grouping_agreement(_label_map, groupings, resamples=0) if groupings else ()


@st.cache_resource(max_entries=8, show_spinner=False)
def alike(key: str, _label_map: LabelMap) -> ClassSimilarity | None:
    """How alike the classes are; None where nothing here knows."""
    return similarity_of(_label_map)


@st.cache_data(max_entries=32, show_spinner=False)
def positions(
    key: str, wordnet: bool, _label_map: LabelMap
) -> tuple[NDArray[np.float64], str] | None:
    """The classes on a plane, and what their distances mean.

    Args:
        wordnet: lay out by WordNet, whatever the map was made from.

    Returns:
        None for too many classes, or where WordNet lacks them.
    """
    if wordnet:
        found = similarity_of(replace(_label_map, provenance={}))
    else:
        found = own_similarity(_label_map)
    return None if found is None else (class_positions(found.matrix), found.about)
