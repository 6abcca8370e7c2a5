"""Bjøntegaard deltas: known values, refusals, and intervals."""

import numpy as np
import pytest

from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.bd_rate import (
    Curve,
    bd_quality,
    bd_rate_percent,
    bootstrapped,
)

RATES = np.array([0.1, 0.2, 0.4, 0.8])
ANCHOR = Curve(RATES, np.array([25.0, 28.0, 31.0, 34.0]))


def test_deltas_of_a_shifted_curve() -> None:
    cheaper = Curve(RATES / 2, ANCHOR.values)
    assert bd_rate_percent(cheaper, ANCHOR).value == pytest.approx(-50, abs=0.01)
    assert bd_quality(cheaper, ANCHOR).value == pytest.approx(3.0, abs=0.05)


def test_values_of_the_bjontegaard_package() -> None:
    """What version 1.3.0 of that package says of these curves with PCHIP."""
    anchor = Curve(np.array([0.05, 0.1, 0.2, 0.4, 0.8, 1.2]), np.array([22, 24, 27, 29, 31, 32.0]))
    test = Curve(anchor.rates_bpp * 1.1, anchor.values + 0.3)
    assert bd_quality(test, anchor).value == pytest.approx(-0.0024321783413760287, abs=1e-9)


def test_gains_are_means_over_the_logarithm_of_the_rate() -> None:
    """A gain of 1 dB an octave: its mean is that of the middle octave, 1.5 dB."""
    growing = Curve(RATES, ANCHOR.values + np.log2(RATES / 0.1))
    assert bd_quality(growing, ANCHOR).value == pytest.approx(1.5, abs=1e-9)
    # Half the rate at 25 dB, an eighth at 34 dB, evenly between in octaves: a quarter on average.
    saving = Curve(RATES / np.array([2, 2 ** (5 / 3), 2 ** (7 / 3), 8]), ANCHOR.values)
    saving = saving._replace(rates_bpp=RATES / 2 ** (1 + 2 * np.arange(4) / 3))
    assert bd_rate_percent(saving, ANCHOR).value == pytest.approx(-75, abs=1e-6)


def test_a_point_that_is_worse_for_more_bytes_is_no_part_of_the_rate() -> None:
    dipped = Curve(np.array([0.05, 0.1, 0.14, 0.2, 0.4]), np.array([25, 28, 26, 31, 34.0]))
    without = Curve(RATES / 2, ANCHOR.values)
    assert bd_rate_percent(dipped, ANCHOR) == bd_rate_percent(without, ANCHOR)


@pytest.mark.parametrize(
    ("test", "note"),
    [
        (Curve(RATES * 100, ANCHOR.values + 90), "no overlap"),
        (Curve(RATES * 8 * 0.85, ANCHOR.values + 9 * 0.9), "no overlap"),  # 8 and 10 % in common
        (Curve(RATES * 8 * 0.5, ANCHOR.values + 9 * 0.7), ""),  # 33 and 30 %
        (Curve(RATES[:3], ANCHOR.values[:3]), "too few points"),
    ],
)
def test_too_little_in_common_is_refused(test: Curve, note: str) -> None:
    for delta in (bd_quality(test, ANCHOR), bd_rate_percent(test, ANCHOR)):
        assert (delta.note, delta.value is None) == (note, bool(note))


def rows(gain_db: float, spread_db: float, count: int = 60, uneven: bool = False) -> list[Row]:
    """Two codecs at equal rates; the gain of one over the other varies by photograph."""
    rng = np.random.default_rng(1)
    made = []
    for image in range(count):
        own = gain_db + spread_db * rng.standard_normal()
        for cut, rate in enumerate(RATES):
            level = ANCHOR.values[cut] + (image % 7 if uneven else 0)
            for subject, gain in (("a", 0.0), ("b", own)):
                quality = {"psnr_db": float(level + gain)}
                made.append(Row(subject, f"{image}", f"{cut}", int(1000 * rate), rate, quality))
    return made


def test_intervals_hold_95_percent() -> None:
    found = bootstrapped(rows(1.0, 0.5), "b", "a", "psnr_db", bd_quality)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(1.0, abs=0.2)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(60), rel=0.15)
    assert found.low < found.value < found.high


def test_a_gain_that_all_photographs_have_is_certain() -> None:
    """Photographs are drawn for both codecs at once: what they differ in among each other is no
    part of the difference."""
    found = bootstrapped(rows(1.0, 0.0, uneven=True), "b", "a", "psnr_db", bd_quality)
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(1.0))
    assert bootstrapped(rows(1, 0)[:8], "b", "none", "psnr_db", bd_quality).note == "no overlap"
