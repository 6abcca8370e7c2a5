"""The consensus of one or several encoders: similarity by rank, diffused; nested, no seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.builders._registry import BuildInput, Labels, check_k, register_builder
from hierlab.clustering import (
    MAX_CLASSES,
    ConsensusSettings,
    class_confidence,
    closeness,
    diffused,
    mean_cosines,
    neighbour_ranks,
    nested_levels,
    rank_affinity,
)
from hierlab.clustering.vectors import Assignment, canonical
from hierlab.errors import BuilderError

__all__ = ["Consensus", "build_consensus", "consensus"]

_DEFAULT = ConsensusSettings()
_FOLDS = 5  # each run that judges confidence leaves out one of so many parts of the classes


@dataclass(frozen=True)
class Consensus:
    """One hierarchy of several encoders.

    Args:
        labels: one (C,) array a level, coarse to fine, nested.
        confidence: per level (C,) 0..1, how much of its cluster a class keeps over the runs; None
            for the level that is the classes themselves, or where no run was asked for.
        runs: how many runs judged the confidence.
    """

    labels: Labels
    confidence: tuple[NDArray[np.float64] | None, ...]
    runs: int


@register_builder("consensus", most=MAX_CLASSES, revision=2)
def build_consensus(
    inputs: BuildInput,
    *,
    k: tuple[int, ...],
    top_reach: float = _DEFAULT.top_reach,
    top_steps: float = _DEFAULT.top_steps,
    reach: float = _DEFAULT.reach,
    steps: float = _DEFAULT.steps,
) -> list[Assignment]:
    """Diffuse similarity by rank, then split it from the top: the default; nested, no seed.

        vectors ─ centre ─┬─ ranks ─┬─ far reach ─ diffuse ─ Ward, k-means, exchanges ─► coarsest
                          │         │                                                      │
                          │         └─ near reach ─ three walks ─ average linkage ─┐       │
                          └─ cosines ──────────────────────────────────── take apart ─► next, …

    Args:
        top_reach: ranks over which a neighbour's weight falls by e, coarsest level.
        top_steps: length of the diffusion, coarsest level.
        reach: as `top_reach`, for the levels below.
        steps: of the middle one of three diffusions for the levels below.

    Source: rank weights and their use here are ours; diffusion maps: Coifman and Lafon, 2006.
    """
    settings = ConsensusSettings(top_reach, top_steps, reach, steps)
    return _levels([inputs.rows], k, settings)


def consensus(
    encoders: Sequence[NDArray[np.float64]],
    k: Sequence[int],
    *,
    settings: ConsensusSettings = _DEFAULT,
    runs: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Consensus:
    """Make one nested hierarchy of several encoders (or prompt sets), with confidence.

    Args:
        encoders: one (C, D) array of unit rows each; D may differ.
        settings: of the method.
        runs: for the confidence, 0 (none) or at least 2: each takes four fifths of the classes,
            and of several encoders about half, drawn at random, and builds anew.
        seed: of those draws; the hierarchy itself does not depend on it.
        progress: called with (done, total) after each run.

    Raises:
        BuilderError: no encoder, encoders of different classes, or levels that cannot be.
    """
    if not encoders:
        raise BuilderError("a consensus needs at least one encoder, got none")
    sizes = {len(vectors) for vectors in encoders}
    if len(sizes) > 1:
        raise BuilderError(
            "all encoders of a consensus must have the same classes, got "
            f"{', '.join(map(str, sorted(sizes)))} rows"
        )
    if runs < 0 or runs == 1:
        raise BuilderError(f"expected 0 or at least 2 runs for the confidence, got {runs}")
    counts = check_k(k, sizes.pop())
    labels = canonical(_levels(encoders, counts, settings))
    judged = tuple(count for count in counts if count < len(labels[0]))
    drawn_runs = _runs(encoders, judged, settings, runs, seed, progress)
    confidence = tuple(
        class_confidence(labels[at], [(rows, run[at]) for rows, run in drawn_runs])
        if drawn_runs and at < len(judged)
        else None
        for at in range(len(counts))
    )
    return Consensus(labels, confidence, len(drawn_runs))


def _levels(
    encoders: Sequence[NDArray[np.float64]], k: tuple[int, ...], settings: ConsensusSettings
) -> list[Assignment]:
    ranks = [neighbour_ranks(vectors) for vectors in encoders]
    scaled = settings.scaled(len(ranks[0]))
    outer = diffused(rank_affinity(ranks, scaled.top_reach), scaled.top_steps)
    inner = np.eye(0)
    if any(count < len(outer) for count in k[1:]):
        inner = closeness(rank_affinity(ranks, scaled.reach), scaled.walks)
    return nested_levels(outer, inner, mean_cosines(encoders), k)


def _runs(
    encoders: Sequence[NDArray[np.float64]],
    k: tuple[int, ...],
    settings: ConsensusSettings,
    runs: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> list[tuple[Assignment, list[Assignment]]]:
    """Draw classes and encoders and build again; each class is left out of some runs only."""
    count = len(encoders[0])
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    levels: list[tuple[Assignment, list[Assignment]]] = []
    for number in range(runs if k else 0):
        if number and number % _FOLDS == 0:
            order = rng.permutation(count)
        # Never so few that a level cannot be; every class is in all but one run of five.
        size = max(count - len(order[number % _FOLDS :: _FOLDS]), k[-1])
        start = number % _FOLDS * (count - size)
        rows = np.sort(np.roll(order, -start)[count - size :])
        half = rng.permutation(len(encoders))[: (len(encoders) + 1) // 2]
        drawn = [encoders[at][rows] for at in sorted(half)]
        levels.append((rows, _levels(drawn, k, settings)))
        if progress is not None:
            progress(number + 1, runs)
    return levels
