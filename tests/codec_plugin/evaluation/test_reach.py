"""Bytes for nearly all of the accuracy on originals: measured points, intervals, paired ratios."""

import math

import numpy as np
import pytest

from codec_plugin.evaluation.reports.tables import reach_table
from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean
from codec_plugin.evaluation.statistics.budget import budget_for
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes, reach_ratio

MEASURE = "correct_coarse"


def rows(subject: str, cut: str, sizes: list[float], right: list[int]) -> list[Row]:
    return [
        Row(subject, f"{number}", cut, size, size / 8192, {MEASURE: answer, "agree_coarse": answer})
        for number, (size, answer) in enumerate(zip(sizes, right, strict=True))
    ]


def first(count: int, of: int) -> list[int]:
    return [int(number < count) for number in range(of)]


def test_the_cheapest_good_enough_point_counts() -> None:
    table = rows("clean", "clean", [9000.0] * 20, first(20, 20))
    table += rows("a", "small", [100.0] * 20, first(17, 20))  # 85 %
    table += rows("a", "large", [400.0] * 20, first(19, 20))  # 95 %
    table += rows("a", "larger", [900.0] * 20, first(20, 20))
    found = reach_bytes(table, "a", MEASURE, 0.9)
    assert found is not None
    assert found.mean == 400  # not the 170 bytes between the cuts
    assert (found.low, found.high) == (100, 900)
    assert reach_bytes(table, "a", MEASURE, 0.8).mean == 100  # type: ignore[union-attr]


def test_what_is_wanted_is_a_share_of_the_originals() -> None:
    table = rows("clean", "clean", [9000.0] * 20, first(10, 20))
    table += rows("a", "small", [100.0] * 20, first(9, 20))
    assert reach_bytes(table, "a", MEASURE, 0.9).mean == 100  # type: ignore[union-attr]
    assert reach_bytes(table, "a", MEASURE, 0.95) is None


def test_a_prefix_that_shows_nothing_is_no_right_answer() -> None:
    table = rows("clean", "clean", [9000.0] * 20, first(20, 20))
    table += rows("a", "small", [100.0] * 20, first(20, 20))[:10]  # none of the other ten
    table += rows("a", "large", [400.0] * 20, first(20, 20))
    assert reach_bytes(table, "a", MEASURE, 0.9).mean == 400  # type: ignore[union-attr]


def test_ratios_are_paired_by_photograph() -> None:
    """Files of very uneven sizes, one codec's always a third of the other's: no doubt at all."""
    sizes = list(np.geomspace(50, 5000, 40))
    table = rows("clean", "clean", [9000.0] * 40, first(40, 40))
    table += rows("a", "q", sizes, first(40, 40))
    table += rows("b", "q", [3 * size for size in sizes], first(40, 40))
    ratio = reach_ratio(table, "a", "b", MEASURE, 0.9)
    assert ratio is not None
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    own = reach_bytes(table, "a", MEASURE, 0.9)
    assert own is not None
    expected = bootstrap_mean(sizes)
    assert own.mean == pytest.approx(expected.mean)
    assert own.high - own.low == pytest.approx(expected.high - expected.low, rel=0.1)


def test_a_rival_that_may_never_get_there_leaves_the_bound_open() -> None:
    table = rows("clean", "clean", [9000.0] * 20, first(20, 20))
    table += rows("a", "q", [100.0] * 20, first(20, 20))
    table += rows("b", "q", [400.0] * 20, first(18, 20))  # 90 %, in half of the resamples less
    ratio = reach_ratio(table, "b", "a", MEASURE, 0.9)
    assert ratio is not None
    assert (ratio.mean, ratio.high) == (4, math.inf)
    told = reach_table(table, ["a", "b"], "b")
    assert told[1]["one setting for all"] == "400 (400 to never)"
    assert told[0]["b over it"] == "4.00 (4.00 to ∞)"


def test_budgets_have_intervals_of_resampled_photographs() -> None:
    """Right from one's own file on, N files at rising rates: a median's interval is known."""
    count = 999
    sizes = [100.0 + number for number in range(count)]
    table = rows("a", "q", sizes, [1] * count)
    found = budget_for(table, "a", MEASURE, 0.5)
    assert found is not None
    assert found.mean * 8192 == pytest.approx(599, abs=1)
    half = 1.96 * math.sqrt(count) / 2  # of the rank of a median, for 95 %
    for bound, expected in ((found.low, 599 - half), (found.high, 599 + half)):
        assert bound * 8192 == pytest.approx(expected, abs=0.12 * half)
