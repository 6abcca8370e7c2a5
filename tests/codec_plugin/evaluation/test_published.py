"""Curves of Kodak that others published, beside measured ones."""

import numpy as np
import pytest

from codec_plugin.evaluation.reports.published import (
    PublishedCurve,
    measured_curves,
    published_curves,
    rates_table,
)
from codec_plugin.evaluation.results_table import Row


def test_published_curves_rise_and_name_their_source() -> None:
    curves = published_curves()
    assert {"hyperprior", "mbt2018-mean", "ELIC", "VTM", "AV1"} <= {curve.name for curve in curves}
    for curve in curves:
        assert len(curve.bpp) == len(curve.psnr_db) >= 4
        assert (np.diff(curve.bpp) > 0).all()
        assert (np.diff(curve.psnr_db) > 0).all()
        assert curve.file.startswith("results/image/kodak/")


def test_what_is_read_off_lies_between_measured_points() -> None:
    rows = [
        Row("ours", f"{n}", cut, 1000, rate, {"psnr_db": quality + n})
        for n in (-1, 1)
        for cut, rate, quality in (("stage-1", 0.1, 24.0), ("stage-2", 0.4, 30.0))
    ]  # fmt: skip
    rows.append(Row("whole-files", "1", "quality-file", 9000, 1.1, {"psnr_db": 35.0}))
    known = [PublishedCurve("theirs", "a paper", "f", (0.2, 0.9), (28.0, 34.0))]
    first, second = rates_table(measured_curves(rows), known, (0.05, 0.2, 0.4, 0.8))
    assert first["codec"] == "theirs"  # the best at the highest rate that it has
    assert (first["run by"], second["run by"]) == ("a paper", "here")
    assert [second[f"{rate:g} bpp"] for rate in (0.05, 0.2, 0.4, 0.8)] == [
        "-",
        "27.00",
        "30.00",
        "-",
    ]
    assert first["0.2 bpp"] == "28.00"
    assert float(first["0.8 bpp"]) == pytest.approx(28 + 6 * np.log(4) / np.log(4.5), abs=0.005)
