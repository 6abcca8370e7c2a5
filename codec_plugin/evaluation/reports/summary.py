"""From rows to a table of means with intervals, and what it costs to reach an accuracy."""

import math
from collections.abc import Sequence
from typing import Any

from codec_plugin.evaluation.statistics.bootstrap import Interval, bootstrap_mean, paired_difference

__all__ = ["bytes_to_reach", "compare_cuts", "level_names", "summarise"]

Row = dict[str, Any]


def level_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Levels of the results, coarse first, from the names of the columns."""
    return tuple(k.removeprefix("correct_") for k in rows[0] if k.startswith("correct_"))


def summarise(rows: Sequence[Row], *, seed: int = 0) -> list[Row]:
    """Mean and 95 % interval of every measure, a row a subject and cut, in order of bytes."""
    if not rows:
        return []
    levels = level_names(rows)
    measures = ["bytes", "rate_bpp", "psnr_db", "ms_ssim", "wu_palmer"]
    measures += [f"{kind}_{level}" for kind in ("correct", "agree") for level in levels]
    table: list[Row] = []
    for (subject, cut), group in _groups(rows).items():
        entry: Row = {"subject": subject, "cut": cut, "images": len(group)}
        for measure in measures:
            values = [_as_float(row.get(measure)) for row in group]
            interval = bootstrap_mean(values, seed=seed)
            entry[measure] = _rounded(interval)
        table.append(entry)
    return sorted(table, key=lambda entry: (entry["subject"], entry["bytes"]["mean"]))


def compare_cuts(
    rows: Sequence[Row],
    first: tuple[str, str],
    second: tuple[str, str],
    measure: str,
    *,
    seed: int = 0,
) -> Interval:
    """Paired difference of a measure between two (subject, cut), over the photographs of both."""
    groups = _groups(rows)
    values = [
        {row["image"]: _as_float(row.get(measure)) for row in groups.get(key, [])}
        for key in (first, second)
    ]
    shared = sorted(set(values[0]) & set(values[1]))
    return paired_difference(
        [values[0][name] for name in shared], [values[1][name] for name in shared], seed=seed
    )


def bytes_to_reach(
    summary: Sequence[Row], subject: str, measure: str, wanted: float
) -> float | None:
    """Fewest mean bytes of a measured cut at which a measure's mean is at least a value, or none.

    Nothing is read off between cuts: accuracy need not rise evenly from one to the next.
    """
    sizes = [
        float(entry["bytes"]["mean"])
        for entry in summary
        if entry["subject"] == subject
        and entry[measure]["mean"] is not None
        and entry[measure]["mean"] >= wanted
    ]
    return min(sizes, default=None)


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["subject"], row["cut"]), []).append(row)
    return groups


def _as_float(value: Any) -> float:
    return math.nan if value is None or value == "" else float(value)


def _rounded(interval: Interval) -> dict[str, float | None]:
    values = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {k: None if math.isnan(v) else round(v, 5) for k, v in values.items()}
