"""Names for clusters: the synset that covers each best, and the class at its centre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.errors import HierlabError
from hierlab.labelmap import Cluster

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.taxonomy import Resolution, Taxonomy

__all__ = ["Cover", "covers", "medoids", "name_clusters"]

# Of a larger cluster a part stands for all when its medoid is sought in WordNet.
MOST_COMPARED = 1000
# A second-best synset may name a cluster whose best name is taken if it covers it nearly as well.
NEARLY = 0.7


@dataclass(frozen=True)
class Cover:
    """How well one synset describes one cluster.

    Args:
        synset: number of the synset in the taxonomy.
        precision: share of the classes below the synset that lie in the cluster, 0..1.
        recall: share of the cluster's classes that lie below the synset, 0..1.
    """

    synset: int
    precision: float
    recall: float

    @property
    def score(self) -> float:
        """Precision times recall, 0..1."""
        return self.precision * self.recall


def name_clusters(
    labels: ArrayLike,
    classes: ClassList,
    taxonomy: Taxonomy | None = None,
    *,
    vectors: NDArray[np.float64] | None = None,
    similarity: NDArray[np.float64] | None = None,
) -> tuple[Cluster, ...]:
    """Describe the clusters of one level; no name stands twice.

    A single class keeps its name. A group gets the word of the synset with the greatest precision
    × recall over its classes; if a group that it fits better has the word already, that of a
    synset nearly as good, else the word with the medoid in brackets. "and others" follows a word
    that holds for less than a third of the group. Without a synset the group is "like" its medoid.

    Args:
        labels: (C,) cluster of each class, 0..K-1, none empty.
        classes: the C classes.
        taxonomy: WordNet; None for names from the medoids alone.
        vectors: (C, D) unit rows, from which the medoids are found.
        similarity: (C, C) larger = more alike, used if there are no vectors. Without either,
            Wu-Palmer similarity decides; without a taxonomy, the first class is the medoid.

    Returns:
        K clusters with name, size, medoid (class key) and synset (such as `dog.n.01`).

    Raises:
        HierlabError: the labels do not fit the classes or leave a cluster empty.
    """
    numbers = _checked(labels, len(classes))
    sizes = np.bincount(numbers)
    resolution = taxonomy.resolve(classes) if taxonomy is not None else None
    if vectors is None and similarity is None and taxonomy and resolution:
        centres = _wordnet_medoids(numbers, taxonomy, resolution)
    else:
        centres = medoids(numbers, vectors=vectors, similarity=similarity)
    found: list[tuple[Cover, ...]] = [()] * len(sizes)
    if taxonomy is not None and resolution is not None:
        found = covers(numbers, taxonomy, resolution)
    names = _unique_names(sizes, centres, found, classes, taxonomy)
    return tuple(
        Cluster(
            name=names[cluster],
            size=int(sizes[cluster]),
            medoid=classes.ids[centres[cluster]],
            synset=taxonomy.synset_at(best[0].synset).name if taxonomy and best else None,
        )
        for cluster, best in enumerate(found)
    )


def covers(
    labels: NDArray[np.int32], taxonomy: Taxonomy, resolution: Resolution
) -> list[tuple[Cover, ...]]:
    """For each cluster the synsets above any of its classes, the best cover first.

    Classes without a synset count against recall. Ties go to the deeper synset, then by name.

    Args:
        labels: (C,) cluster of each class, 0..K-1.
        taxonomy: WordNet.
        resolution: the synset of each class.

    Returns:
        K tuples, best first, down to `NEARLY` of the best score; empty where no class has a synset.
    """
    sizes = np.bincount(labels)
    known = resolution.known
    lineage = taxonomy.lineage([wnid for wnid in resolution.wnids if wnid is not None])
    pairs = lineage.synsets * len(sizes) + labels[known][lineage.positions]
    unique, shared = np.unique(pairs, return_counts=True)
    synsets, clusters = np.divmod(unique, len(sizes))
    below = np.bincount(lineage.synsets, minlength=len(taxonomy))
    precision, recall = shared / below[synsets], shared / sizes[clusters]
    # Compared as fractions of whole numbers: equal scores are equal bits on every machine.
    score = (shared * shared) / (below[synsets] * sizes[clusters])
    depths, ranks = taxonomy.max_depths[synsets], taxonomy.name_ranks[synsets]
    order = np.lexsort((ranks, -depths, -score, clusters))
    best = np.zeros(len(sizes))
    np.maximum.at(best, clusters, score)
    order = order[score[order] >= NEARLY * best[clusters[order]]]
    result: list[list[Cover]] = [[] for _ in sizes]
    columns = (array[order].tolist() for array in (clusters, synsets, precision, recall))
    for cluster, *cover in zip(*columns, strict=True):
        result[int(cluster)].append(Cover(*cover))
    return [tuple(row) for row in result]


def medoids(
    labels: NDArray[np.int32],
    *,
    vectors: NDArray[np.float64] | None = None,
    similarity: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Class of each cluster that is on average most like the others in it: (K,) positions.

    Means equal to nine decimals are equal, and the first class wins: the two classes of a pair
    would otherwise be told apart by rounding alone.

    Args:
        labels: (C,) cluster of each class, 0..K-1.
        vectors: (C, D) rows; likeness is their product.
        similarity: (C, C), used if there are no vectors; without either the first class is taken.
    """
    sizes = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    likeness = np.zeros(len(labels))
    if len(sizes) < len(labels) and vectors is not None:
        sums = np.add.reduceat(vectors[order], starts)
        likeness = np.einsum("cd,cd->c", vectors, sums[labels])
        likeness -= np.einsum("cd,cd->c", vectors, vectors)
    elif len(sizes) < len(labels) and similarity is not None:
        for members in np.split(order, starts[1:]):
            block = similarity[np.ix_(members, members)]
            likeness[members] = block.sum(axis=1) - block.diagonal()
    means = np.round(likeness / np.maximum(sizes[labels] - 1, 1), 9)
    best = np.lexsort((np.arange(len(labels)), -means, labels))
    centres: NDArray[np.int64] = best[starts]
    return centres


def _checked(labels: ArrayLike, count: int) -> NDArray[np.int32]:
    numbers = np.asarray(labels)
    if numbers.shape != (count,) or numbers.dtype.kind not in "iu":
        raise HierlabError(
            f"expected one whole number per class, ({count},), got {numbers.dtype} {numbers.shape}"
        )
    if numbers.min() < 0 or numbers.max() >= count or not np.bincount(numbers).all():
        raise HierlabError("clusters must be numbered 0..K-1 with none empty")
    return numbers.astype(np.int32, copy=False)


def _wordnet_medoids(
    labels: NDArray[np.int32], taxonomy: Taxonomy, resolution: Resolution
) -> NDArray[np.int64]:
    """(K,) class of each cluster that Wu-Palmer holds most like the others in it.

    Cluster by cluster, row by row: no matrix of all pairs. Of a large cluster every n-th class
    stands for the rest. A class without a synset is like nothing.
    """
    from hierlab.wupalmer import wu_palmer_blocks

    sizes = np.bincount(labels)
    centres = np.unique(labels, return_index=True)[1]
    order = resolution.known[np.argsort(labels[resolution.known], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    for members in parts:
        if len(members) and sizes[labels[members[0]]] > 1:
            some = members[:: -(-len(members) // MOST_COMPARED)]
            sums = np.zeros(len(some))
            wnids = [str(resolution.wnids[member]) for member in some]
            for rows, block in wu_palmer_blocks(taxonomy, wnids, "textbook"):
                sums[rows] = block.sum(axis=1) - block[np.arange(len(rows)), rows]
            means = np.round(sums / max(sizes[labels[some[0]]] - 1, 1), 9)
            centres[labels[some[0]]] = some[int(np.argmax(means))]
    return centres


def _unique_names(
    sizes: NDArray[np.int64],
    centres: NDArray[np.int64],
    found: list[tuple[Cover, ...]],
    classes: ClassList,
    taxonomy: Taxonomy | None,
) -> list[str]:
    """One name a cluster: single classes first, then groups from the best covered down."""
    scores = np.array([best[0].score if best else 0.0 for best in found])
    names = [""] * len(sizes)
    taken: set[str] = set()
    for cluster in np.lexsort((np.arange(len(sizes)), -scores, sizes > 1)):
        centre, key = classes.names[centres[cluster]], classes.ids[centres[cluster]]
        if sizes[cluster] == 1:
            candidates = [centre, f"{centre} ({key})"]
        else:
            candidates = list(_group_names(found[cluster], taxonomy, centre, key))
        names[cluster] = _first_free(candidates, taken)
        taken.add(names[cluster].casefold())
    return names


def _group_names(
    found: tuple[Cover, ...], taxonomy: Taxonomy | None, centre: str, key: str
) -> Iterator[str]:
    words = [
        taxonomy.synset_at(cover.synset).label + (" and others" if cover.recall < 1 / 3 else "")
        for cover in found
        if taxonomy is not None
    ]
    yield from words
    for word in words[:1]:
        yield f"{word} ({centre})"
    yield f"like {centre}"
    yield f"like {centre} ({key})"


def _first_free(candidates: list[str], taken: set[str]) -> str:
    """First candidate that no cluster has; a number only if all are taken."""
    for name in candidates:
        if name.casefold() not in taken:
            return name
    number = 2
    while f"{candidates[-1]} {number}".casefold() in taken:
        number += 1
    return f"{candidates[-1]} {number}"
