"""What a study says, as data: the answer first, then the figures that carry it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.clustering.vectors import centred_cosines
from hierlab.errors import HierlabError, StudyError, TaxonomyError
from hierlab.measures.bootstrap import Interval, bootstrap_ari, class_weights, interval
from hierlab.study.grid import WHOLE, Cell, StudyGrid
from hierlab.study.semantics import Discord, Likeness, discords, follows
from hierlab.study.stability import (
    AxisAgreement,
    VarianceShare,
    axis_agreement,
    variance,
)
from hierlab.study.store import StudyStore
from hierlab.study.summary import answer
from hierlab.study.vector_sources import JOINED, control_vectors

__all__ = [
    "Consistency",
    "Heatmap",
    "PeopleAgreement",
    "ReferenceAgreement",
    "StudyReport",
    "study_report",
]

_REPLICATES = 100
_REPLICATES_OF_LIKENESS = 400  # the smallest p that can be told is one part in so many
_SINGLE = "single"
_CACHED = 4096  # labels held at once: 16 MB for 1000 classes


@dataclass(frozen=True)
class Consistency:
    """Wu-Palmer (nltk policy) in the clusters of one method, mean over its encoders.

    Args:
        method, k: whose partitions.
        encoders: how many were averaged, or the name of the one control.
        by_class: mean over classes of the mean with their companions: the figure to quote.
        within: mean over pairs in one cluster, which the largest clusters own.
        random: the same for random partitions of equal sizes.
        lift: by_class less random.
        largest: classes in the largest cluster, mean over the partitions.
        effective: as many equal clusters would be as even, mean over the partitions.
    """

    method: str
    k: int
    encoders: str
    by_class: float
    within: float
    random: float
    lift: float
    largest: float
    effective: float


@dataclass(frozen=True)
class PeopleAgreement:
    """Agreement of one method with groups that people made, mean over its encoders.

    Args:
        grouping: name of what people made.
        method, k: whose partitions.
        encoders: how many were averaged, or the name of the one control.
        ari: over the classes that the grouping covers.
    """

    grouping: str
    method: str
    k: int
    encoders: str
    ari: Interval


@dataclass(frozen=True)
class Heatmap:
    """Agreement of all pairs of encoders: (N, N) ARI."""

    method: str
    k: int
    names: tuple[str, ...]
    ari: NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceAgreement:
    """Agreement of a given label map with the study's partitions of as many clusters."""

    reference: str
    method: str
    k: int
    ari: Interval


@dataclass(frozen=True)
class StudyReport:
    """All figures of a study; `answer` in words comes first."""

    answer: tuple[str, ...]
    grid: StudyGrid
    cells: int
    agreements: tuple[AxisAgreement, ...]
    shares: tuple[VarianceShare, ...]
    consistency: tuple[Consistency, ...]
    people: tuple[PeopleAgreement, ...]
    heatmaps: tuple[Heatmap, ...]
    likeness: tuple[Likeness, ...]
    discords: tuple[Discord, ...]
    references: tuple[ReferenceAgreement, ...]
    left_out: tuple[str, ...]


def study_report(
    folder: str | Path,
    *,
    reference: str | Path | None = None,
    similarity: str | Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> StudyReport:
    """Compute every figure of a study's report from its finished cells.

    Args:
        folder: of the study, finished or not.
        reference: a label map over the same classes to compare with.
        similarity: (C, C) likeness from images, such as a confusion matrix, to be correlated with.
        seed: of the bootstrap over classes.
        progress: told (done, total) steps.

    Raises:
        StudyError: no study, no finished cell, or a reference over other classes.
    """
    from hierlab.datasets.class_lists import load_classes

    told = progress or (lambda done, total: None)
    with StudyStore(folder) as store:
        cells = store.cells()
        if not cells:
            raise StudyError(f"{folder} has no finished cell; run: hierlab study --resume {folder}")
        classes = load_classes(store.grid.classes)
        labels = lru_cache(_CACHED)(store.labels)
        weights = class_weights(len(classes), _REPLICATES, seed)
        left_out: list[str] = []
        agreements = axis_agreement(cells, labels, weights)
        told(1, 5)
        shares = variance(cells, labels, weights)
        told(2, 5)
        wordnet = _wordnet(classes, left_out)
        table = [] if wordnet is None else _consistency(cells, labels, wordnet)
        odd = [] if wordnet is None else _discords(cells, labels, classes, wordnet)
        told(3, 5)
        more = class_weights(len(classes), _REPLICATES_OF_LIKENESS, seed)
        likeness = _likeness(store.grid, classes, wordnet, similarity, more, left_out)
        told(4, 5)
        people = _people(cells, labels, classes, seed)
        references = _references(cells, labels, classes, reference, weights)
        heatmaps = _heatmaps(cells, labels)
        told(5, 5)
        grid = store.grid
    return StudyReport(
        answer(agreements, shares, table, people, likeness),
        grid,
        len(cells),
        tuple(agreements),
        tuple(shares),
        tuple(table),
        tuple(people),
        tuple(heatmaps),
        tuple(likeness),
        tuple(odd),
        tuple(references),
        tuple(left_out),
    )


def _wordnet(classes: ClassList, left_out: list[str]) -> NDArray[np.float64] | None:
    from hierlab.study.suggest_k import wordnet_similarity

    try:
        found = wordnet_similarity(classes)
    except TaxonomyError as error:
        left_out.append(f"Wu-Palmer: {error}")
        return None
    if found is None:
        left_out.append("Wu-Palmer: these classes are not WordNet's, or WordNet is not here")
    return found


def _whole(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.draw == WHOLE]


def _consistency(
    cells: Sequence[Cell],
    labels: Callable[[Cell], NDArray[np.int32]],
    wordnet: NDArray[np.float64],
) -> list[Consistency]:
    from hierlab.measures.cluster_shape import effective_number
    from hierlab.measures.pair_statistics import class_means, pair_means, random_moments

    groups: dict[tuple[str, int, str], list[tuple[float, ...]]] = {}
    for cell in _whole(cells):
        found = labels(cell)
        sizes = np.bincount(found)
        within = pair_means(found, wordnet).within
        chance = random_moments(sizes, wordnet)
        if within is None or chance is None:
            continue
        by_class = float(np.nanmean(class_means(found, wordnet)))
        key = (f"{cell.method} ({cell.preprocessing})", cell.k, _who(cell))
        told = (by_class, within, chance[0], float(sizes.max()), effective_number(sizes))
        groups.setdefault(key, []).append(told)
    table = []
    for (method, k, who), rows in sorted(groups.items()):
        by_class, within, random, largest, effective = map(float, np.mean(rows, axis=0))
        name = who if who != _SINGLE else f"{len(rows)} single"
        lift = by_class - random
        table.append(
            Consistency(method, k, name, by_class, within, random, lift, largest, effective)
        )
    return table


def _who(cell: Cell) -> str:
    """Rows that are averaged: single encoders, consensus of so many, or one control."""
    several = cell.encoder.count(JOINED) + 1
    if cell.control:
        return cell.encoder
    return _SINGLE if several == 1 else f"consensus of {several}"


def _people(
    cells: Sequence[Cell],
    labels: Callable[[Cell], NDArray[np.int32]],
    classes: ClassList,
    seed: int,
) -> list[PeopleAgreement]:
    from hierlab.measures.groupings import groupings_for

    found = []
    for grouping in groupings_for(classes):
        rows, made = grouping.on(classes)
        weights = class_weights(len(rows), _REPLICATES, seed)
        groups: dict[tuple[str, int, str], list[NDArray[np.float64]]] = {}
        for cell in _whole(cells):
            key = (f"{cell.method} ({cell.preprocessing})", cell.k, _who(cell))
            groups.setdefault(key, []).append(bootstrap_ari(labels(cell)[rows], made, weights))
        for (method, k, who), values in sorted(groups.items()):
            mean = np.mean(values, axis=0)
            name = who if who != _SINGLE else f"{len(values)} single"
            told = interval(mean[0], mean[1:])
            found.append(PeopleAgreement(grouping.name, method, k, name, told))
    return found


def _discords(
    cells: Sequence[Cell],
    labels: Callable[[Cell], NDArray[np.int32]],
    classes: ClassList,
    wordnet: NDArray[np.float64],
) -> list[Discord]:
    """Of the widest consensus there is, else of the first encoder."""
    here = [cell for cell in _whole(cells) if not cell.control]
    widest = max(here, key=lambda cell: (cell.encoder.count(JOINED), cell.method == "consensus"))
    same = [
        c
        for c in here
        if (c.encoder, c.method, c.seed) == (widest.encoder, widest.method, widest.seed)
    ]
    found: list[Discord] = []
    for cell in sorted(same, key=lambda one: one.k):
        if cell.preprocessing == widest.preprocessing and cell.prompts == widest.prompts:
            found += discords(labels(cell), cell.k, classes, wordnet)
    return found


def _likeness(
    grid: StudyGrid,
    classes: ClassList,
    wordnet: NDArray[np.float64] | None,
    similarity: str | Path | None,
    weights: NDArray[np.float64],
    left_out: list[str],
) -> list[Likeness]:
    from hierlab.embeddings.similarity_matrix import load_similarity

    controls: list[tuple[str, NDArray[np.float64]]] = []
    for control in ("minilm", "spelling"):
        try:
            controls.append((control, centred_cosines(control_vectors(control, classes))))
        except HierlabError as error:
            left_out.append(f"control {control}: {error}")
    encoders = _encodercentred_cosines(grid, classes, left_out)
    found: list[Likeness] = []
    if wordnet is not None:
        found += follows(encoders, ("Wu-Palmer", wordnet), controls, weights)
    if similarity is not None:
        images, _ = load_similarity(similarity, classes)
        held = controls if wordnet is None else [*controls, ("Wu-Palmer", wordnet)]
        found += follows(encoders, ("image likeness", images), held, weights)
    return found


def _encodercentred_cosines(
    grid: StudyGrid, classes: ClassList, left_out: list[str]
) -> list[tuple[str, NDArray[np.float64]]]:
    from hierlab.embeddings.resolve import resolve

    found: list[tuple[str, NDArray[np.float64]]] = []
    for encoder in grid.encoders:
        try:
            found.append((encoder, centred_cosines(resolve(encoder, classes).vectors)))
        except HierlabError as error:
            left_out.append(f"{encoder}: {error}")
    return found


def _references(
    cells: Sequence[Cell],
    labels: Callable[[Cell], NDArray[np.int32]],
    classes: ClassList,
    reference: str | Path | None,
    weights: NDArray[np.float64],
) -> list[ReferenceAgreement]:
    from hierlab.labelmap import load_label_map

    if reference is None:
        return []
    other = load_label_map(reference)
    if other.classes.ids != classes.ids:
        raise StudyError(
            f"{reference} is about {len(other.classes)} other classes than the study's "
            f"{len(classes)}, or has them in another order"
        )
    found = []
    for level in other:
        groups: dict[str, list[NDArray[np.float64]]] = {}
        for cell in _whole(cells):
            if cell.k == level.k and not cell.control:
                several = " of several" if JOINED in cell.encoder else ""
                values = bootstrap_ari(level.labels, labels(cell), weights)
                groups.setdefault(cell.method + several, []).append(values)
        for method, rows in sorted(groups.items()):
            mean = np.mean(rows, axis=0)
            found.append(
                ReferenceAgreement(other.name, method, level.k, interval(mean[0], mean[1:]))
            )
    return found


def _heatmaps(cells: Sequence[Cell], labels: Callable[[Cell], NDArray[np.int32]]) -> list[Heatmap]:
    single = [cell for cell in _whole(cells) if JOINED not in cell.encoder and not cell.control]
    groups: dict[tuple[str, int], dict[str, Cell]] = {}
    for cell in single:
        name = f"{cell.encoder}@{cell.prompts}" if cell.prompts else cell.encoder
        groups.setdefault((cell.method, cell.k), {}).setdefault(name, cell)
    found = []
    for (method, k), named in sorted(groups.items()):
        if not 1 < len(named) <= 24:
            continue
        count = len(named)
        known = [labels(cell) for cell in named.values()]
        ones = np.ones((1, len(known[0])))
        ari = np.eye(count)
        for i in range(count):
            for j in range(i):
                ari[i, j] = ari[j, i] = bootstrap_ari(known[i], known[j], ones)[0]
        found.append(Heatmap(method, k, tuple(named), ari))
    return found
