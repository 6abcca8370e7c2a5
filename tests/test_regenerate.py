"""What `make results` says of rows that were measured again."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from benchmarks.regenerate import compared, main
from codec_plugin.evaluation.results_table import Row, read_rows

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = read_rows(ROOT / "codec_plugin" / "results" / "photographs.csv.gz")


def of(subject: str) -> list[Row]:
    return [row for row in SHIPPED if row.subject == subject]


def test_equal_rows_are_equal() -> None:
    lines, sound = compared(SHIPPED, SHIPPED)
    count = len(of("avif"))
    assert f"avif: {count} of {count} rows equal to the digit" in lines
    assert len(lines) == len({row.subject for row in SHIPPED}) - 1  # all but the originals
    assert sound


def test_a_difference_is_counted_and_judged_by_the_interval() -> None:
    own = of("avif")
    assert own[0].identity is not None
    other = replace(
        own[0], bytes=own[0].bytes + 1, identity=own[0].identity._replace(model="avif 9")
    )
    (line,), sound = compared(SHIPPED, [other, *own[1:]])
    assert line.startswith(
        f"avif: {len(own) - 1} of {len(own)} rows equal to the digit; encoders avif 1"
    )
    assert line.endswith("outside the shipped intervals: nothing")
    assert sound
    wrong = [
        replace(row, measures={**row.measures, "correct_coarse": 0})
        if row.cut == "quality-40"
        else row
        for row in own
    ]
    (line,), sound = compared(SHIPPED, wrong)
    assert "quality-40 correct_coarse 0 (" in line
    assert not sound
    (line,), sound = compared(SHIPPED, [replace(row, bytes=2 * row.bytes) for row in own])
    assert line.startswith(f"avif: 0 of {len(own)} rows")
    assert not sound


def test_decibels_are_compared_too() -> None:
    rows = read_rows(ROOT / "codec_plugin" / "results" / "kodak.csv.gz")
    own = [row for row in rows if row.subject == "webp"]

    def louder(by: float) -> list[Row]:
        return [
            replace(row, measures={**row.measures, "psnr_db": (row.value("psnr_db") or 0.0) + by})
            for row in own
        ]

    (line,), sound = compared(rows, louder(0.004))
    assert line == f"webp: {len(own)} of {len(own)} rows equal to the digit"
    (line,), sound = compared(rows, louder(0.02))
    assert line.endswith("PSNR differs by up to 0.02 dB; outside the shipped intervals: nothing")
    assert sound
    (line,), sound = compared(rows, louder(20.0))
    assert "quality-0 psnr_db" in line
    assert not sound


def test_without_photographs_it_says_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["regenerate.py"])
    with pytest.raises(SystemExit):
        main()
    assert "docs/regenerate.md" in capsys.readouterr().err
