"""The report of a study computed from its finished cells: every figure, and the answer in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.clustering.vectors import centred_cosines
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.resolve import resolve
from hierlab.embeddings.similarity_matrix import load_similarity
from hierlab.errors import HierlabError, StudyError
from hierlab.labelmap import load_label_map
from hierlab.measures.bootstrap import Interval, bootstrap_ari, class_weights, interval
from hierlab.measures.cluster_shape import effective_number
from hierlab.measures.groupings import groupings_for
from hierlab.measures.pair_statistics import class_means, pair_means, random_moments
from hierlab.study.grid import WHOLE, Cell, StudyGrid
from hierlab.study.results import (
    Consistency,
    Heatmap,
    IncoherentCluster,
    PeopleAgreement,
    ReferenceAgreement,
    SimilarityCorrelation,
    StudyReport,
)
from hierlab.study.semantics import correlations, incoherent_clusters
from hierlab.study.stability import Labels, axis_agreement, variance
from hierlab.study.store import StudyStore
from hierlab.study.suggest_k import wordnet_similarity
from hierlab.study.summary import answer
from hierlab.study.vector_sources import JOINED, control_vectors

__all__ = ["study_report"]

_REPLICATES = 100
_REPLICATES_OF_CORRELATIONS = 400  # the smallest p that can be resolved is one part in so many
_SINGLE = "single"
_CACHED = 4096  # labels held at once: 16 MB for 1000 classes
_MAX_HEATMAP = 24  # encoders

Matrix = NDArray[np.float64]


class _Cells(NamedTuple):
    """The finished cells of a study with their labels.

    Args:
        every: cell, of all draws.
        labels: (C,) of a cell.
        classes: the C classes.
    """

    every: Sequence[Cell]
    labels: Labels
    classes: ClassList

    @property
    def whole(self) -> list[Cell]:
        """Those over every class."""
        return [cell for cell in self.every if cell.draw == WHOLE]

    def by_method(self) -> Iterator[tuple[str, int, str, list[Cell]]]:
        """Method, k, encoders and cells of the rows that are averaged, sorted."""
        groups: dict[tuple[str, int, str], list[Cell]] = {}
        for cell in self.whole:
            several = cell.encoder.count(JOINED) + 1
            consensus = _SINGLE if several == 1 else f"consensus of {several}"
            encoders = cell.encoder if cell.control else consensus
            key = (f"{cell.method} ({cell.preprocessing})", cell.k, encoders)
            groups.setdefault(key, []).append(cell)
        for (method, k, encoders), cells in sorted(groups.items(), key=lambda group: group[0]):
            yield method, k, encoders, cells


def study_report(
    folder: str | Path,
    *,
    reference: str | Path | None = None,
    similarity: str | Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> StudyReport:
    """Compute every figure of a study's report from its finished cells.

    Args:
        folder: of the study, finished or not.
        reference: a label map over the same classes to compare with.
        similarity: (C, C) from images, such as a confusion matrix, to be correlated with.
        seed: of the bootstrap over classes.
        progress: called with (done, total) steps.

    Raises:
        StudyError: no study, no finished cell, or a reference over other classes.
    """
    with StudyStore(folder) as store:
        grid = store.grid
        classes = load_classes(grid.classes)
        cells = _Cells(store.cells(), lru_cache(_CACHED)(store.labels), classes)
        if not cells.every:
            raise StudyError(f"{folder} has no finished cell; run: hierlab study --resume {folder}")
        weights = class_weights(len(classes), _REPLICATES, seed)
        left_out: list[str] = []
        agreements = axis_agreement(cells.every, cells.labels, weights)
        progress(1, 5)
        shares = variance(cells.every, cells.labels, weights)
        progress(2, 5)
        wordnet = wordnet_similarity(classes)
        if wordnet is None:
            left_out.append("Wu-Palmer: these classes are not WordNet's, or WordNet is not here")
        consistency = [] if wordnet is None else _consistency(cells, wordnet)
        incoherent = [] if wordnet is None else _incoherent(cells, wordnet)
        progress(3, 5)
        more = class_weights(len(classes), _REPLICATES_OF_CORRELATIONS, seed)
        correlated = _correlations(grid, classes, wordnet, similarity, more, left_out)
        progress(4, 5)
        people = _people(cells, seed)
        references = [] if reference is None else _references(cells, reference, weights)
        heatmaps = _heatmaps(cells)
        progress(5, 5)
    return StudyReport(
        answer=answer(agreements, shares, consistency, people, correlated),
        grid=grid,
        cells=len(cells.every),
        agreements=tuple(agreements),
        shares=tuple(shares),
        consistency=tuple(consistency),
        people=tuple(people),
        heatmaps=tuple(heatmaps),
        likeness=tuple(correlated),
        discords=tuple(incoherent),
        references=tuple(references),
        left_out=tuple(left_out),
    )


def _consistency(cells: _Cells, wordnet: Matrix) -> list[Consistency]:
    table = []
    for method, k, encoders, group in cells.by_method():
        rows = []
        for cell in group:
            labels = cells.labels(cell)
            sizes = np.bincount(labels)
            within = pair_means(labels, wordnet).within
            chance = random_moments(sizes, wordnet)
            if within is not None and chance is not None:
                by_class = float(np.nanmean(class_means(labels, wordnet)))
                shape = (float(sizes.max()), effective_number(sizes))
                rows.append((by_class, within, chance[0], *shape))
        if rows:
            by_class, within, random, largest, effective = map(float, np.mean(rows, axis=0))
            name = encoders if encoders != _SINGLE else f"{len(rows)} single"
            lift = by_class - random
            table.append(
                Consistency(method, k, name, by_class, within, random, lift, largest, effective)
            )
    return table


def _people(cells: _Cells, seed: int) -> list[PeopleAgreement]:
    table = []
    for grouping in groupings_for(cells.classes):
        rows, groups = grouping.on(cells.classes)
        weights = class_weights(len(rows), _REPLICATES, seed)
        for method, k, encoders, group in cells.by_method():
            ari = _mean_ari([cells.labels(cell)[rows] for cell in group], groups, weights)
            name = encoders if encoders != _SINGLE else f"{len(group)} single"
            table.append(PeopleAgreement(grouping.name, method, k, name, ari))
    return table


def _mean_ari(
    partitions: Sequence[NDArray[np.int32]], other: NDArray[np.int32], weights: Matrix
) -> Interval:
    values = [bootstrap_ari(labels, other, weights) for labels in partitions]
    mean = np.mean(values, axis=0)
    return interval(mean[0], mean[1:])


def _incoherent(cells: _Cells, wordnet: Matrix) -> list[IncoherentCluster]:
    """Of the widest consensus there is, else of the first encoder."""
    candidates = [cell for cell in cells.whole if not cell.control]
    widest = max(
        candidates, key=lambda cell: (cell.encoder.count(JOINED), cell.method == "consensus")
    )
    same = ("encoder", "method", "seed", "preprocessing", "prompts")
    return [
        cluster
        for cell in sorted(candidates, key=lambda cell: cell.k)
        if all(getattr(cell, name) == getattr(widest, name) for name in same)
        for cluster in incoherent_clusters(cells.labels(cell), cell.k, cells.classes, wordnet)
    ]


def _correlations(
    grid: StudyGrid,
    classes: ClassList,
    wordnet: Matrix | None,
    similarity: str | Path | None,
    weights: Matrix,
    left_out: list[str],
) -> list[SimilarityCorrelation]:
    def available(
        names: Sequence[str], title: str, vectors: Callable[[str], Matrix]
    ) -> list[tuple[str, Matrix]]:
        cosines = []
        for name in names:
            try:
                cosines.append((name, centred_cosines(vectors(name))))
            except HierlabError as error:
                left_out.append(f"{title}{name}: {error}")
        return cosines

    spared = ("minilm", "spelling")
    controls = available(spared, "control ", lambda name: control_vectors(name, classes))
    encoders = available(grid.encoders, "", lambda name: resolve(name, classes).vectors)
    rows: list[SimilarityCorrelation] = []
    if wordnet is not None:
        rows += correlations(encoders, ("Wu-Palmer", wordnet), controls, weights)
    if similarity is not None:
        images, _ = load_similarity(similarity, classes)
        held = controls if wordnet is None else [*controls, ("Wu-Palmer", wordnet)]
        rows += correlations(encoders, ("image similarity", images), held, weights)
    return rows


def _references(cells: _Cells, reference: str | Path, weights: Matrix) -> list[ReferenceAgreement]:
    other = load_label_map(reference)
    if other.classes.ids != cells.classes.ids:
        raise StudyError(
            f"{reference} is about {len(other.classes)} other classes than the study's "
            f"{len(cells.classes)}, or has them in another order"
        )
    table = []
    for level in other:
        groups: dict[str, list[NDArray[np.int32]]] = {}
        for cell in cells.whole:
            if cell.k == level.k and not cell.control:
                several = " of several" if JOINED in cell.encoder else ""
                groups.setdefault(cell.method + several, []).append(cells.labels(cell))
        table += [
            ReferenceAgreement(other.name, method, level.k, _mean_ari(rows, level.labels, weights))
            for method, rows in sorted(groups.items())
        ]
    return table


def _heatmaps(cells: _Cells) -> list[Heatmap]:
    groups: dict[tuple[str, int], dict[str, Cell]] = {}
    for cell in cells.whole:
        if JOINED not in cell.encoder and not cell.control:
            name = f"{cell.encoder}@{cell.prompts}" if cell.prompts else cell.encoder
            groups.setdefault((cell.method, cell.k), {}).setdefault(name, cell)
    heatmaps = []
    for (method, k), named in sorted(groups.items()):
        if not 1 < len(named) <= _MAX_HEATMAP:
            continue
        partitions = [cells.labels(cell) for cell in named.values()]
        ones = np.ones((1, len(partitions[0])))
        ari = np.eye(len(named))
        for i, j in zip(*np.tril_indices(len(named), -1), strict=True):
            ari[i, j] = ari[j, i] = bootstrap_ari(partitions[i], partitions[j], ones)[0]
        heatmaps.append(Heatmap(method, k, tuple(named), ari))
    return heatmaps
