"""At which numbers of clusters partitions hold when some of the classes are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering import ConsensusSettings, diffused, neighbour_ranks, rank_affinity
from hierlab.clustering.vectors import canonical, lloyd
from hierlab.clustering.ward import ward_tree
from hierlab.errors import BuilderError
from hierlab.measures.bootstrap import bootstrap_ari

__all__ = [
    "DRAWS",
    "MOST_LEVELS",
    "auto_levels",
    "diffused_rows",
    "drawn_positions",
    "k_candidates",
    "local_maxima",
    "partitions",
    "stability_scores",
]

SHARE = 0.8  # of the classes in each draw
DRAWS = 6
MOST_LEVELS = 3
_STEPS = 16  # numbers tried if none are given


def drawn_positions(count: int, share: float, draw: int) -> NDArray[np.int64]:
    """Positions of a share of `count` classes, drawn at random by number of draw, in order."""
    size = max(1, round(share * count))
    return np.sort(np.random.default_rng([9001, draw]).permutation(count)[:size])


def auto_levels(encoders: Sequence[NDArray[np.float64]], *, seed: int = 0) -> tuple[int, ...]:
    """Numbers of clusters for a hierarchy as deep as the classes allow, coarse to fine.

    The numbers at which partitions hold better than at those beside them (`suggest_k`), from three
    clusters on and each at least twice the one before, then the classes themselves.

    Args:
        encoders: (C, D) unit rows each; D may differ.
        seed: of the draws.

    Raises:
        BuilderError: fewer than four classes.
    """
    count = len(encoders[0])
    if count < 4:
        raise BuilderError(f"--k auto needs at least 4 classes, got {count}; give numbers")
    numbers = k_candidates(None, count)
    scores = stability_scores(
        encoders, partitions(diffused_rows(*encoders), numbers), numbers, DRAWS, seed
    )
    means = scores.mean(axis=0)
    chosen: list[int] = []
    for at in sorted(local_maxima(list(means)), key=lambda at: -means[at]):
        near = any(max(numbers[at], k) < 2 * min(numbers[at], k) for k in chosen)
        if numbers[at] > 2 and not near and len(chosen) < MOST_LEVELS:
            chosen.append(numbers[at])
    return (*sorted(chosen or [numbers[len(numbers) // 2]]), count)


def stability_scores(
    encoders: Sequence[NDArray[np.float64]],
    whole: list[NDArray[np.int32]],
    numbers: Sequence[int],
    draws: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> NDArray[np.float64]:
    """(draws, numbers) ARI of the partitions of all classes with those of draws of them."""
    count = len(encoders[0])
    scores = np.empty((draws, len(numbers)))
    ones = np.ones((1, count))
    for draw in range(draws):
        rows = drawn_positions(count, SHARE, seed * 10_007 + draw)
        for at, labels in enumerate(
            partitions(diffused_rows(*(one[rows] for one in encoders)), numbers)
        ):
            spread = np.full(count, -1, dtype=np.int32)
            spread[rows] = labels
            scores[draw, at] = bootstrap_ari(whole[at], spread, ones)[0]
        progress(draw + 1)
    return scores


def k_candidates(k: Sequence[int] | None, count: int) -> tuple[int, ...]:
    """Numbers of clusters to try for `count` classes: those asked for, else in even ratios.

    Raises:
        BuilderError: one that a draw of 80 % cannot have.
    """
    highest = round(SHARE * count) - 1
    if k is None:
        even = np.geomspace(2, max(2, min(count // 2, highest)), _STEPS)
        return tuple(sorted({round(number) for number in even}))
    numbers = tuple(sorted(set(k)))
    if not numbers or numbers[0] < 2 or numbers[-1] > highest:
        raise BuilderError(
            f"expected K from 2 to {highest} (a draw of 80 % must have more classes), "
            f"got {','.join(map(str, k))}"
        )
    return numbers


def diffused_rows(*encoders: NDArray[np.float64]) -> NDArray[np.float64]:
    """(C, R) unit rows in which `consensus` looks for its coarsest level, of (C, D) each."""
    settings = ConsensusSettings().scaled(len(encoders[0]))
    affinity = rank_affinity([neighbour_ranks(one) for one in encoders], settings.top_reach)
    return diffused(affinity, settings.top_steps)


def partitions(rows: NDArray[np.float64], numbers: Sequence[int]) -> list[NDArray[np.int32]]:
    """One tree for all the numbers, each cut followed by k-means steps."""
    tree = ward_tree(rows)
    return canonical([lloyd(rows, tree.cut(number), number) for number in numbers])


def local_maxima(scores: Sequence[float]) -> list[int]:
    """Places of local maxima, the ends among them."""
    return [
        at
        for at in range(len(scores))
        if (at == 0 or scores[at] >= scores[at - 1])
        and (at == len(scores) - 1 or scores[at] > scores[at + 1])
    ]
