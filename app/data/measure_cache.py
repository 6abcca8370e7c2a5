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


@st.cache_data(max_entries=64, show_spinner=False)
def measured(key: str, _label_map: LabelMap) -> ConsistencyReport | None:
    """Wu-Palmer consistency of all levels and clusters; None where WordNet lacks the classes."""
    if len(_label_map.classes) > 5_000:
        return None
    try:
        taxonomy = taxonomy_for(_label_map.classes)
        if taxonomy is None:
            return None
        matrix = wu_palmer(taxonomy, _label_map.classes.ids, "nltk")
    except HierlabError:
        return None
    return consistency(
        _label_map,
        (matrix + matrix.T) / 2,
        policy="nltk",
        resamples=0,
        discords=len(_label_map.classes),
    )


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
