"""The summary of a study: its main findings as sentences with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hierlab.measures.bootstrap import Interval
from hierlab.study.results import (
    AxisAgreement,
    Consistency,
    PeopleAgreement,
    SimilarityCorrelation,
    VarianceShare,
)

__all__ = ["answer"]

_QUESTIONS = {
    "encoder": "Between two encoders",
    "seed": "Between two seeds",
    "prompts": "Between two prompt sets of one encoder",
    "draw": "Between all classes and a draw of them",
    "preprocessing": "Between two kinds of preprocessing",
    "method": "Between two methods on one encoder",
    "halves": "Between the consensus of two disjoint halves of the encoders",
}


def answer(
    agreements: Sequence[AxisAgreement],
    shares: Sequence[VarianceShare],
    consistency: Sequence[Consistency],
    people: Sequence[PeopleAgreement],
    correlations: Sequence[SimilarityCorrelation],
) -> tuple[str, ...]:
    """Sentences: agreement with people, stability, what moves most, semantics or looks."""
    return (
        *_people(people),
        *_stability(agreements),
        *_largest(shares),
        *_meaning(consistency),
        *_semantics(correlations),
    )


def _shown(value: Interval) -> str:
    return f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"


def _people(people: Sequence[PeopleAgreement]) -> Iterator[str]:
    for grouping in dict.fromkeys(row.grouping for row in people):
        rows = [row for row in people if row.grouping == grouping and "control" not in row.encoders]
        for k in sorted({row.k for row in rows}):
            values = "; ".join(
                f"{row.method}, {row.encoders}: {_shown(row.ari)}" for row in rows if row.k == k
            )
            yield f"With the groups that people made ({grouping}), K = {k} agrees at ARI: {values}."


def _stability(agreements: Sequence[AxisAgreement]) -> Iterator[str]:
    for axis, question in _QUESTIONS.items():
        rows = [row for row in agreements if row.axis == axis]
        if not rows:
            continue
        methods = sorted({row.method for row in rows})
        parts = []
        for method in methods:
            here = [row for row in rows if row.method == method]
            steps = here[0].preprocessing
            values = "; ".join(
                f"K = {row.k}: {_shown(row.ari)}" for row in here if row.preprocessing == steps
            )
            parts.append(f"{method} {values}" if method != "any" else values)
        yield f"{question} partitions agree at ARI: {' — '.join(parts)}."


def _largest(shares: Sequence[VarianceShare]) -> Iterator[str]:
    groups = {(row.method, row.k) for row in shares}
    for method, k in sorted(groups):
        rows = [row for row in shares if (row.method, row.k) == (method, k)]
        ordered = sorted(rows, key=lambda row: -row.share.value)
        who = "Over all methods" if method == "all" else f"Within {method}"
        values = "; ".join(f"{row.axis} {_shown(row.share)}" for row in ordered)
        yield f"{who} at K = {k}, shares of the spread of partitions are: {values}."


def _meaning(consistency: Sequence[Consistency]) -> Iterator[str]:
    for k in sorted({row.k for row in consistency}):
        rows = [row for row in consistency if row.k == k and "control" not in row.encoders]
        controls = [row for row in consistency if row.k == k and "control" in row.encoders]
        if not rows:
            continue
        best = max(rows, key=lambda row: row.by_class)
        words = (
            f"At K = {k}, Wu-Palmer inside clusters is highest for {best.method}, "
            f"{best.encoders}: {best.by_class:.3f} (mean over classes), against "
            f"{best.random:.3f} for random partitions of equal sizes"
        )
        free = [row for row in controls if "wordnet" not in row.encoders]
        if free:
            top = max(free, key=lambda row: row.by_class)
            words += f" and {top.by_class:.3f} for the best control ({top.encoders})"
        yield words + "."


def _semantics(correlations: Sequence[SimilarityCorrelation]) -> Iterator[str]:
    for target in sorted({row.target for row in correlations}):
        rows = [row for row in correlations if row.target == target]
        held = " and ".join(rows[0].controls) or "nothing"
        low = min(rows, key=lambda row: row.partial.value)
        high = max(rows, key=lambda row: row.partial.value)
        yield (
            f"Similarity follows {target} with {held} held fixed: partial Spearman correlation "
            f"from {_shown(low.partial)} ({low.encoder}) to "
            f"{_shown(high.partial)} ({high.encoder})."
        )
