"""Wu-Palmer similarity of all pairs of classes at once, in the two policies in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import TaxonomyError

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.taxonomy import Lineage, Taxonomy

__all__ = ["Policy", "class_similarity", "wu_palmer", "wu_palmer_blocks"]

Policy: TypeAlias = Literal["nltk", "textbook"]
# Rows at a time: a block's tables then stay in the cache for up to some 20,000 classes.
BLOCK_ROWS = 64


@dataclass(frozen=True)
class _Subsumers:
    """A synsets with two classes or more below them, the better subsumer last.

    Classes go by their place in an order that keeps relatives together, so that most synsets
    have their classes in a single run of places.

    Args:
        columns: A slices or index arrays: the places of the classes below each.
        runs: (R, 3) number of the synset, first place, place after the last, of each run.
        depths: (A + 1,) depth by the policy, roots 1; the extra first row is "none in common".
        lengths: (A + 1, C) path length from synset to class, 0 where unrelated.
        tiers: (A + 1,) what decides between two subsumers before their names do.
        own: (C,) row of the class's own synset, 0 if no other class stands below it.
    """

    columns: list[slice | NDArray[np.int64]]
    runs: NDArray[np.int64]
    depths: NDArray[np.int64]
    lengths: NDArray[np.integer[Any]]
    tiers: NDArray[np.int64]
    own: NDArray[np.int64]


def wu_palmer(
    taxonomy: Taxonomy, wnids: Sequence[str | int], policy: Policy = "nltk"
) -> NDArray[np.float64]:
    """Similarity of every class with every other: (C, C) float64 in 0..1.

    With s the lowest common subsumer, 2·depth(s) / (length(a, s) + length(b, s) + 2·depth(s)).

    Args:
        taxonomy: holds all classes.
        wnids: C classes; one may stand twice.
        policy: `nltk` is bit-equal to `Synset.wup_similarity` called on the row's synset: s has
            the greatest *minimum* depth (ties: the row's own synset, then the first by name), its
            depth is its *maximum* depth + 1, lengths go through any common ancestor, and a class
            may score below 1 with itself. `textbook` is 2·depth(s) / (depth(a) + depth(b)) with
            longest paths throughout. Without a common ancestor the similarity is 0.

    Raises:
        UnknownClassError: a class is not in the taxonomy.
        TaxonomyError: no such policy.

    Source: Wu & Palmer 1994, sec. 3; NLTK 3.9, nltk/corpus/reader/wordnet.py.
    """
    result = np.empty((len(wnids), len(wnids)))
    for rows, block in wu_palmer_blocks(taxonomy, wnids, policy):
        result[rows] = block
    return result


def class_similarity(
    taxonomy: Taxonomy, classes: ClassList, policy: Policy = "nltk"
) -> NDArray[np.float64]:
    """`wu_palmer` by the synset of each class: (C, C); an unknown class is like nothing.

    Raises:
        TaxonomyError: no such policy.
    """
    resolution = taxonomy.resolve(classes)
    known = resolution.known
    matrix = np.zeros((len(classes), len(classes)))
    wnids = [wnid for wnid in resolution.wnids if wnid is not None]
    matrix[np.ix_(known, known)] = wu_palmer(taxonomy, wnids, policy)
    return matrix


def wu_palmer_blocks(
    taxonomy: Taxonomy,
    wnids: Sequence[str | int],
    policy: Policy = "nltk",
    *,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The same row by row, for lists whose matrix does not fit in memory.

    Yields:
        (R,) positions of rows, relatives together, and their (R, C) similarities.

    Raises:
        UnknownClassError: a class is not in the taxonomy.
        TaxonomyError: no such policy, or `block_rows` below 1.
    """
    if policy not in get_args(Policy) or block_rows < 1:
        raise TaxonomyError(
            f"expected policy {' or '.join(get_args(Policy))} and at least 1 row a block, "
            f"got {policy!r} and {block_rows}"
        )
    lineage = taxonomy.lineage(wnids)
    order = _relatives_together(taxonomy, lineage)
    distances = _path_lengths(taxonomy, lineage, policy)
    subsumers = _subsumers(taxonomy, lineage, distances, order, policy)
    themselves = _self_similarity(taxonomy, lineage, distances, policy)
    back = np.argsort(order)
    for start in range(0, len(wnids), block_rows):
        places = np.arange(start, min(start + block_rows, len(wnids)))
        rows = order[places]
        block = _block(subsumers, places, own_wins=policy == "nltk")[:, back]
        block[np.arange(len(rows)), rows] = themselves[rows]
        yield rows, block


def _relatives_together(taxonomy: Taxonomy, lineage: Lineage) -> NDArray[np.int64]:
    """Order of classes in which most synsets have their classes in one run.

    Depth first: a class's key is the chain of first hypernyms from the root down.
    """
    first = taxonomy.nouns.parents[:, 0]
    chain = [lineage.class_synsets]
    while (chain[-1] >= 0).any():
        chain.append(np.where(chain[-1] >= 0, first[chain[-1]], -1))
    table = np.stack(chain, axis=1)
    # Shift each chain so that its root stands in the first column.
    lengths = (table >= 0).sum(axis=1)
    column = lengths[:, None] - 1 - np.arange(table.shape[1])
    from_root = np.where(column >= 0, np.take_along_axis(table, np.maximum(column, 0), 1), -1)
    order: NDArray[np.int64] = np.lexsort(from_root.T[::-1])
    return order


def _path_lengths(taxonomy: Taxonomy, lineage: Lineage, policy: Policy) -> NDArray[np.int64]:
    """(P,) length between each synset and each class below it.

    NLTK goes through any common ancestor, so a way up beyond the synset and down again may win:
    length(class, s) = min(steps up to s, 1 + length(class, h) for the hypernyms h of s).
    The textbook's lengths are differences of depth.
    """
    if policy == "textbook":
        classes = lineage.class_synsets[lineage.positions]
        lengths: NDArray[np.int64] = (
            taxonomy.max_depths[classes] - taxonomy.max_depths[lineage.synsets]
        )
        return lengths
    count = len(lineage.class_synsets)
    keys = lineage.synsets * count + lineage.positions
    lengths = lineage.distances.copy()
    above = taxonomy.nouns.parents[lineage.synsets]
    # Where the pair (hypernym, class) stands; a class below a synset is below its hypernyms.
    place = np.searchsorted(keys, above * count + lineage.positions[:, None])
    place[above < 0] = len(keys)
    depths = taxonomy.max_depths[lineage.synsets]
    for pairs in _groups(depths):
        around = np.append(lengths, np.iinfo(np.int64).max - 1)[place[pairs]].min(axis=1) + 1
        lengths[pairs] = np.minimum(lengths[pairs], around)
    return lengths


def _groups(values: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Positions of each value, from the smallest value up."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1)


@lru_cache(maxsize=4)
def _ranks(taxonomy: Taxonomy, policy: Policy) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) what decides between common ancestors, and (N,) place among all, the best last."""
    tier = taxonomy.min_depths if policy == "nltk" else taxonomy.max_depths
    rank = np.empty(len(taxonomy), dtype=np.int64)
    rank[np.lexsort((-taxonomy.name_ranks, tier))] = np.arange(len(taxonomy))
    return tier, rank


def _subsumers(
    taxonomy: Taxonomy,
    lineage: Lineage,
    lengths: NDArray[np.int64],
    order: NDArray[np.int64],
    policy: Policy,
) -> _Subsumers:
    tier, rank = _ranks(taxonomy, policy)
    sizes = np.bincount(lineage.synsets, minlength=len(taxonomy))
    shared = np.flatnonzero(sizes > 1)
    shared = shared[np.argsort(rank[shared])]
    row = np.zeros(len(taxonomy), dtype=np.int64)
    row[shared] = np.arange(1, len(shared) + 1)

    places = np.argsort(order)[lineage.positions]
    kept = np.flatnonzero(row[lineage.synsets])
    kept = kept[np.lexsort((places[kept], row[lineage.synsets[kept]]))]
    rows, places = row[lineage.synsets[kept]], places[kept]
    # The smallest integers that hold them keep the table in the cache.
    table = np.zeros((len(shared) + 1, len(order)), np.min_scalar_type(lengths.max(initial=0)))
    table[rows, places] = lengths[kept]
    return _Subsumers(
        columns=[
            _slice_or_places(part) for part in np.split(places, np.cumsum(sizes[shared])[:-1])
        ],
        runs=_runs(rows, places),
        depths=np.append(0, taxonomy.max_depths[shared] + 1),
        lengths=table,
        tiers=np.append(-1, tier[shared]),
        own=row[lineage.class_synsets[order]],
    )


def _slice_or_places(places: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    whole = len(places) and places[-1] - places[0] == len(places) - 1
    return slice(places[0], places[-1] + 1) if whole else places


def _runs(rows: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Runs of neighbouring places within each row: (R, 3) row, start, stop."""
    starts = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(places, prepend=-2) != 1))
    lengths = np.diff(starts, append=len(places))
    return np.stack([rows[starts], places[starts], places[starts] + lengths], axis=1)


def _block(
    subsumers: _Subsumers, places: NDArray[np.int64], *, own_wins: bool
) -> NDArray[np.float64]:
    """(R, C) similarities of neighbouring rows with all classes, in the order of places."""
    first, last = int(places[0]), int(places[-1]) + 1
    table = subsumers.lengths
    best = np.zeros((len(places), table.shape[1]), dtype=np.min_scalar_type(len(table)))
    runs = subsumers.runs
    # Better subsumers come later and overwrite.
    for row, start, stop in runs[(runs[:, 1] < last) & (runs[:, 2] > first)].tolist():
        best[max(start, first) - first : stop - first, subsumers.columns[row - 1]] = row
    if own_wins:
        _prefer_own(subsumers, places, best)
    depths = subsumers.depths[best]
    lengths = np.take_along_axis(table[:, places].T, best.astype(np.intp), axis=1)
    lengths = lengths.astype(np.int64) + np.take_along_axis(table, best.astype(np.intp), axis=0)
    # Numerator and denominator are whole numbers, so one rounding happens, as in NLTK.
    similarity: NDArray[np.float64] = 2.0 * depths / np.maximum(lengths + 2 * depths, 1)
    return similarity


def _prefer_own(
    subsumers: _Subsumers, places: NDArray[np.int64], best: NDArray[np.unsignedinteger[Any]]
) -> None:
    """Let a row's own synset win ties over classes below it."""
    for local, row in enumerate(subsumers.own[places].tolist()):
        if row:
            columns = subsumers.columns[row - 1]
            rivals = best[local, columns]
            tied = subsumers.tiers[rivals] == subsumers.tiers[row]
            best[local, columns] = np.where(tied, row, rivals)


def _self_similarity(
    taxonomy: Taxonomy, lineage: Lineage, lengths: NDArray[np.int64], policy: Policy
) -> NDArray[np.float64]:
    """(C,) similarity of each class with itself."""
    tier, rank = _ranks(taxonomy, policy)
    own = lineage.synsets == lineage.class_synsets[lineage.positions]
    order = np.lexsort((rank[lineage.synsets], own, tier[lineage.synsets], lineage.positions))
    best = order[np.diff(lineage.positions[order], append=-1) != 0]
    depths = taxonomy.max_depths[lineage.synsets[best]] + 1
    similarity: NDArray[np.float64] = 2.0 * depths / (2 * lengths[best] + 2 * depths)
    return similarity
