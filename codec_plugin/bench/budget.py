"""What a codec knows after so many bytes: step curves of single photographs, and their means.

For one photograph and budget b, the point that counts is the largest of the codec's files or
prefixes within b; where none fits there is no picture, and no answer. Curves of codecs are thus
defined at the same budgets for the same photographs, and can be paired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_plugin.errors import ConfigError
from codec_plugin.evaluate.intervals import Interval, bootstrap_mean, paired_difference
from codec_plugin.evaluate.rows import CLEAN

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AREA_RANGE_BPP",
    "BUDGETS_BPP",
    "Steps",
    "area",
    "at_budget",
    "budget_for",
    "difference",
    "steps",
    "subjects_of",
]

Floats = NDArray[np.float64]
Row = dict[str, Any]

AREA_RANGE_BPP = (0.05, 0.8)
"""Range of rates over whose logarithm areas are means."""
BUDGETS_BPP = (0.05, 0.1, 0.2, 0.4, 0.8)
_GRID = 97


class Steps(NamedTuple):
    """Values of a measure at budgets, a row a photograph.

    Attributes:
        images: names, sorted.
        budgets_bpp: (G,) rising.
        values: (N, G).
    """

    images: tuple[str, ...]
    budgets_bpp: Floats
    values: Floats


def steps(
    rows: Sequence[Row], subject: str, measure: str, budgets_bpp: Sequence[float] | Floats
) -> Steps:
    """A codec's step curves; 0 before the first byte that shows something.

    Args:
        rows: of a benchmark.
        subject: name of the codec's rows.
        measure: such as `correct_coarse`; rows without a value (no label) are left out.
        budgets_bpp: in bits per pixel of the file.
    Raises:
        ConfigError: the codec has no such rows.
    """
    points: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["subject"] == subject and row.get(measure) not in ("", None):
            points.setdefault(row["image"], []).append((row["rate_bpp"], row[measure]))
    if not points:
        raise ConfigError(f"no rows of {subject!r} with {measure!r} in the benchmark")
    budgets = np.asarray(budgets_bpp, dtype=np.float64)
    values = np.zeros((len(points), len(budgets)))
    for place, image in enumerate(sorted(points)):
        rates, found = (np.array(column) for column in zip(*sorted(points[image]), strict=True))
        index = np.searchsorted(rates, budgets + 1e-9, side="right") - 1
        values[place] = np.where(index >= 0, found[np.maximum(index, 0)], 0.0)
    return Steps(tuple(sorted(points)), budgets, values)


def area_steps(rows: Sequence[Row], subject: str, measure: str) -> Steps:
    """Step curves on the grid that areas are taken over."""
    return steps(rows, subject, measure, np.geomspace(*AREA_RANGE_BPP, _GRID))


def area(rows: Sequence[Row], subject: str, measure: str) -> Interval:
    """Mean of a measure over log budgets from 0.05 to 0.8 bpp; 0..1 for an accuracy."""
    return bootstrap_mean(area_steps(rows, subject, measure).values.mean(1))


def at_budget(rows: Sequence[Row], subject: str, measure: str, budget_bpp: float) -> Interval:
    """Mean of a measure within a budget."""
    return bootstrap_mean(steps(rows, subject, measure, [budget_bpp]).values[:, 0])


def difference(rows: Sequence[Row], first: str, second: str, measure: str) -> Interval:
    """Area of `first` less that of `second`, paired by photograph, with its 95 % interval.

    Raises:
        ConfigError: the two share no photograph.
    """
    one, two = (area_steps(rows, name, measure) for name in (first, second))
    shared = sorted(set(one.images) & set(two.images))
    if not shared:
        raise ConfigError(f"{first!r} and {second!r} share no photograph")
    means = [
        [curve.values[curve.images.index(image)].mean() for image in shared] for curve in (one, two)
    ]
    return paired_difference(means[0], means[1])


def budget_for(rows: Sequence[Row], subject: str, measure: str, wanted: float) -> Interval | None:
    """Smallest budget in bpp within which the mean reaches `wanted`, with a bootstrap interval.

    Draws that never reach it count as the largest budget; none where the mean itself never does.
    """
    grid = np.geomspace(0.01, 4.0, 241)
    values = steps(rows, subject, measure, grid).values
    if values.mean(0).max() < wanted:
        return None
    rng = np.random.default_rng(0)
    draws = rng.integers(len(values), size=(1000, len(values)))
    reached = [_first(grid, values[draw].mean(0), wanted) for draw in draws]
    low, high = np.quantile(reached, (0.025, 0.975))
    return Interval(_first(grid, values.mean(0), wanted), float(low), float(high))


def subjects_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of the codecs in the rows, in order of appearance."""
    return tuple(dict.fromkeys(row["subject"] for row in rows if row["subject"] != CLEAN))


def _first(grid: Floats, means: Floats, wanted: float) -> float:
    places = np.flatnonzero(means >= wanted)
    return float(grid[places[0]] if places.size else grid[-1])
