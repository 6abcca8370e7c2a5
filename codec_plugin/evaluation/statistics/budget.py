"""What a codec knows after so many bytes: step curves of single photographs, and their means.

For one photograph and budget b, the point that counts is the largest of the codec's files or
prefixes within b; where none fits there is no picture, and no answer. Curves of codecs are thus
defined at the same budgets for the same photographs, and can be paired. The rule charges a codec
that was coded at few settings: another encoder run would often fill the budget better. `between`
reads every codec straight between its points instead, over the logarithm of the rate.

A codec whose files are also made of smaller pictures (see `shrunk`) takes at each budget the scale
that is best on average there; a photograph without a file of that scale takes the next smaller.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.statistics.bootstrap import Interval, bootstrap_mean, paired_difference
from codec_plugin.evaluation.statistics.samples import Floats, draws_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = [
    "AREA_RANGE_BPP",
    "BUDGETS_BPP",
    "COMMON_RANGE_BPP",
    "Span",
    "Steps",
    "area",
    "areas",
    "at_budget",
    "budget_for",
    "difference",
    "presence",
    "scale_of",
    "steps",
]

Span = tuple[float, float]
"""Lowest and highest bits per pixel."""
AREA_RANGE_BPP: Span = (0.05, 0.8)
"""All budgets: the range of rates over whose logarithm areas are means."""
COMMON_RANGE_BPP: Span = (0.2, 0.8)
"""Budgets at which conventional codecs have files of nearly all photographs."""
SCALES = ("full", "half", "quarter")
"""Sides of the coded picture over the photograph's, as they end the names of cuts."""
BUDGETS_BPP = (0.05, 0.1, 0.2, 0.4, 0.8)
_GRID = 97
_MOST_BUDGETS = 2000


class Steps(NamedTuple):
    """Values of a measure at budgets, a row a photograph.

    Attributes:
        images: names, sorted.
        budgets_bpp: (G,) increasing.
        values: (N, G).
        present: (N, G) whether there is a file within the budget.
        scales: scale of most files at each budget, G of them.
    """

    images: tuple[str, ...]
    budgets_bpp: Floats
    values: Floats
    present: NDArray[np.bool_]
    scales: tuple[str, ...]


def scale_of(cut: str) -> str:
    """Scale of the picture behind a cut: `quality-10-half` is `half`, most are `full`."""
    ending = cut.rpartition("-")[2]
    return ending if ending in SCALES[1:] else SCALES[0]


def steps(
    rows: Sequence[Row],
    subject: str,
    measure: str,
    budgets_bpp: Sequence[float] | Floats,
    *,
    between: bool = False,
) -> Steps:
    """A codec's step curves; 0 before the first byte that shows something.

    Args:
        rows: of a benchmark.
        subject: name of the codec's rows.
        measure: such as `correct_coarse`; rows without a value (no label) are left out.
        budgets_bpp: in bits per pixel of the file.
        between: values between two files lie on the line between theirs, not at the smaller's.
    Raises:
        ConfigError: the codec has no such rows.
    """
    points: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if row.subject == subject and (value := row.value(measure)) is not None:
            own = points.setdefault(row.image, {})
            own.setdefault(scale_of(row.cut), []).append((row.rate_bpp, value))
    if not points:
        raise ConfigError(f"no rows of {subject!r} with {measure!r} in the benchmark")
    budgets = np.asarray(budgets_bpp, dtype=np.float64)
    images = tuple(sorted(points))
    used = [scale for scale in SCALES if any(scale in own for own in points.values())]
    values = np.zeros((len(images), len(budgets)))
    taken = np.full(values.shape, len(used))  # no file
    options = []
    for place in reversed(range(len(used))):  # a smaller stands in where a larger has no file
        files = [points[image].get(used[place], []) for image in images]
        own_values, present = _of_scale(files, budgets, between=between)
        values, taken = np.where(present, own_values, values), np.where(present, place, taken)
        options.append((values, taken))
    options.reverse()
    best = np.argmax([option.mean(0) for option, _ in options], axis=0)
    values, taken = (
        np.take_along_axis(np.stack(kind), best[None, None], 0)[0]
        for kind in zip(*options, strict=True)
    )
    counts = np.stack([(taken == place).sum(0) for place in range(len(used))])
    scales = tuple(used[place] for place in counts.argmax(0))
    return Steps(images, budgets, values, taken < len(used), scales)


def _of_scale(
    points: Sequence[list[tuple[float, float]]], budgets: Floats, *, between: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Values (N, G) within the budgets, of any kind where there is no file, and where there is."""
    values = np.zeros((len(points), len(budgets)))
    present = np.zeros(values.shape, dtype=np.bool_)
    for place, own in enumerate(points):
        if own:
            rates, measured = (np.array(column) for column in zip(*sorted(own), strict=True))
            index = np.searchsorted(rates, budgets + 1e-9, side="right") - 1
            present[place] = index >= 0
            values[place] = measured[np.maximum(index, 0)]
            if between:
                values[place] = np.interp(np.log(budgets), np.log(rates), measured)
    return values, present


def _area_steps(
    rows: Sequence[Row], subject: str, measure: str, span_bpp: Span, *, between: bool = False
) -> Steps:
    """Step curves on the grid that areas are taken over."""
    return steps(rows, subject, measure, np.geomspace(*span_bpp, _GRID), between=between)


def areas(
    rows: Sequence[Row],
    subject: str,
    measure: str,
    span_bpp: Span = AREA_RANGE_BPP,
    *,
    between: bool = False,
) -> dict[str, float]:
    """Mean of a measure over log budgets of a range, by photograph; 0..1 for an accuracy."""
    found = _area_steps(rows, subject, measure, span_bpp, between=between)
    return dict(zip(found.images, found.values.mean(1).tolist(), strict=True))


def area(
    rows: Sequence[Row], subject: str, measure: str, span_bpp: Span = AREA_RANGE_BPP
) -> Interval:
    """Mean of a measure over log budgets of a range; 0..1 for an accuracy."""
    return bootstrap_mean(list(areas(rows, subject, measure, span_bpp).values()))


def presence(
    rows: Sequence[Row], subject: str, measure: str, span_bpp: Span = AREA_RANGE_BPP
) -> float:
    """Share of the photographs and log budgets of a range for which the codec has a file."""
    return float(_area_steps(rows, subject, measure, span_bpp).present.mean())


def at_budget(rows: Sequence[Row], subject: str, measure: str, budget_bpp: float) -> Interval:
    """Mean of a measure within a budget."""
    return bootstrap_mean(steps(rows, subject, measure, [budget_bpp]).values[:, 0])


def difference(
    rows: Sequence[Row],
    first: str,
    second: str,
    measure: str,
    span_bpp: Span = AREA_RANGE_BPP,
    *,
    between: bool = False,
) -> Interval:
    """Area of `first` less that of `second`, paired by photograph, with its 95 % interval.

    Args:
        between: both codecs are read between their points; see `steps`.
    Raises:
        ConfigError: the two share no photograph.
    """
    one, other = (areas(rows, name, measure, span_bpp, between=between) for name in (first, second))
    shared = sorted(one.keys() & other.keys())
    if not shared:
        raise ConfigError(f"{first!r} and {second!r} share no photograph")
    return paired_difference([one[image] for image in shared], [other[image] for image in shared])


def budget_for(rows: Sequence[Row], subject: str, measure: str, wanted: float) -> Interval | None:
    """Smallest budget in bpp within which the mean reaches `wanted`, with a bootstrap interval.

    Budgets are the rates of the codec's own files. Draws that never reach it count as infinite;
    none where the mean itself never does.
    """
    own = [row for row in rows if row.subject == subject and row.value(measure) is not None]
    grid = np.unique([row.rate_bpp for row in own])
    grid = grid[:: -max(1, -(-len(grid) // _MOST_BUDGETS))][::-1]  # the largest among them
    values = steps(own, subject, measure, grid).values
    if values.mean(0).max() < wanted:
        return None
    drawn = draws_of(len(values), 1000) @ values / len(values)
    reached = [_first(grid, means, wanted) for means in drawn]
    # No interpolation between resamples: some may be infinite.
    low, high = np.quantile(reached, (0.025, 0.975), method="inverted_cdf")
    return Interval(_first(grid, values.mean(0), wanted), float(low), float(high))


def _first(grid: Floats, means: Floats, wanted: float) -> float:
    places = np.flatnonzero(means >= wanted)
    return float(grid[places[0]]) if places.size else math.inf
