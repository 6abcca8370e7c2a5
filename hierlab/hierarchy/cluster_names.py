"""Names for clusters: the kinds of things that most of its classes are, and its central class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.errors import HierlabError
from hierlab.hierarchy.level import Cluster
from hierlab.wordnet.kinds import Kinds, kinds
from hierlab.wordnet.wu_palmer import wu_palmer_blocks

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.taxonomy import Resolution, Taxonomy

__all__ = ["MOST", "medoids", "name_clusters"]

MOST = 0.7
"""Share of a cluster's classes that a name must hold for; below it, "and others" follows."""
# Of a larger cluster a part stands for all when its medoid is sought in WordNet.
MOST_COMPARED = 1000


def name_clusters(
    labels: ArrayLike,
    classes: ClassList,
    taxonomy: Taxonomy | None = None,
    *,
    vectors: NDArray[np.float64] | None = None,
    similarity: NDArray[np.float64] | None = None,
) -> tuple[Cluster, ...]:
    """Describe the clusters of one level; no name stands twice.

    A single class keeps its name. A group is called by one to three kinds of things (`dog`, or
    `dog, bird`), WordNet's words for what most of its classes are and few others are; if they hold
    for less than 70 % of it, "and others" follows. `other mammal` stands beside a `dog`. If a
    group that it fits better has the name already, another that is nearly as good is taken, else
    the medoid follows in brackets. Without WordNet a group is "like" its medoid.

    Args:
        labels: (C,) cluster of each class, 0..K-1, none empty.
        classes: the C classes.
        taxonomy: WordNet; None for names from the medoids alone.
        vectors: (C, D) unit rows, from which the medoids are found.
        similarity: (C, C) larger = more alike, used if there are no vectors. Without either,
            Wu-Palmer similarity decides; without a taxonomy, the first class is the medoid.

    Returns:
        K clusters with name, size, medoid (class key); those named by kinds with the share of
        their classes that the name holds for, and, if it is one kind, its synset (`dog.n.01`).

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
    if taxonomy is None or resolution is None:
        options: list[tuple[Kinds, ...]] = [()] * len(sizes)
    else:
        options = kinds(numbers, taxonomy, resolution, most=MOST)
    names, chosen = _unique_names(sizes, centres, options, classes, taxonomy)
    return tuple(
        Cluster(
            name=names[number],
            size=int(sizes[number]),
            medoid=classes.ids[centres[number]],
            synset=_synset(taxonomy, one),
            coverage=round(one.coverage, 4) if one is not None and sizes[number] > 1 else None,
        )
        for number, one in enumerate(chosen)
    )


def _synset(taxonomy: Taxonomy | None, one: Kinds | None) -> str | None:
    if taxonomy is None or one is None or len(one.synsets) > 1:
        return None
    return taxonomy.nouns.synset(one.synsets[0]).name


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
        vectors: (C, D) rows; similarity is their product.
        similarity: (C, C), used if there are no vectors; without either the first class is taken.
    """
    sizes = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums_of_others = np.zeros(len(labels))
    if len(sizes) < len(labels) and vectors is not None:
        sums = np.add.reduceat(vectors[order], starts)
        sums_of_others = np.einsum("cd,cd->c", vectors, sums[labels])
        sums_of_others -= np.einsum("cd,cd->c", vectors, vectors)
    elif len(sizes) < len(labels) and similarity is not None:
        for members in np.split(order, starts[1:]):
            block = similarity[np.ix_(members, members)]
            sums_of_others[members] = block.sum(axis=1) - block.diagonal()
    means = np.round(sums_of_others / np.maximum(sizes[labels] - 1, 1), 9)
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
    options: list[tuple[Kinds, ...]],
    classes: ClassList,
    taxonomy: Taxonomy | None,
) -> tuple[list[str], list[Kinds | None]]:
    """One name a cluster: single classes first, then groups from the best described down."""
    scores = np.array([best[0].score if best else 0.0 for best in options])
    names = [""] * len(sizes)
    chosen: list[Kinds | None] = [None] * len(sizes)
    taken: set[str] = set()
    inside = _narrower(sizes, options, taxonomy)
    for cluster in np.lexsort((np.arange(len(sizes)), -scores, sizes > 1)):
        centre, key = classes.names[centres[cluster]], classes.ids[centres[cluster]]
        candidates: list[tuple[str, Kinds | None]]
        if sizes[cluster] == 1:
            own = options[cluster][0] if options[cluster] else None
            candidates = [(centre, own), (f"{centre} ({key})", own)]
        else:
            candidates = list(_group_names(options[cluster], taxonomy, inside, centre, key))
        names[cluster], chosen[cluster] = _first_free(candidates, taken)
        taken.add(names[cluster].casefold())
    return names, chosen


def _narrower(
    sizes: NDArray[np.int64], options: list[tuple[Kinds, ...]], taxonomy: Taxonomy | None
) -> frozenset[int]:
    """Synsets strictly above the one kind that names a group: beside it they are "other"."""
    if taxonomy is None:
        return frozenset()
    whole = {
        best[0].synsets[0]
        for best, size in zip(options, sizes, strict=True)
        if best and size > 1 and len(best[0].synsets) == 1 and best[0].coverage >= MOST
    }
    above = {
        taxonomy.number(up.wnid)
        for synset in whole
        for up in taxonomy.ancestors(taxonomy.nouns.synset(synset).wnid)
        if taxonomy.number(up.wnid) != synset
    }
    return frozenset(above)


def _group_names(
    options: tuple[Kinds, ...],
    taxonomy: Taxonomy | None,
    inside: frozenset[int],
    centre: str,
    key: str,
) -> Iterator[tuple[str, Kinds | None]]:
    if taxonomy is not None and options:
        words = [_words(one, taxonomy, inside) for one in options]
        yield from zip(words, options, strict=True)
        yield f"{words[0]} ({centre})", options[0]
    yield f"like {centre}", None
    yield f"like {centre} ({key})", None


def _words(one: Kinds, taxonomy: Taxonomy, inside: frozenset[int]) -> str:
    words = ", ".join(taxonomy.nouns.synset(synset).label for synset in one.synsets)
    if one.coverage < MOST:
        return f"{words} and others"
    return f"other {words}" if len(one.synsets) == 1 and one.synsets[0] in inside else words


def _first_free(
    candidates: list[tuple[str, Kinds | None]], taken: set[str]
) -> tuple[str, Kinds | None]:
    """First candidate that no cluster has; a number only if all are taken."""
    for name, one in candidates:
        if name.casefold() not in taken:
            return name, one
    number = 2
    last, one = candidates[-1]
    while f"{last} {number}".casefold() in taken:
        number += 1
    return f"{last} {number}", one
