"""What `make results` says of rows that were measured again."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from benchmarks.regenerate import compared, compared_kodak, judge_of, kodak_points, main
from codec_plugin.evaluation.results_table import Row, read_rows

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = read_rows(ROOT / "codec_plugin" / "results" / "compact-100-lite0.csv.gz")


def of(subject: str) -> list[Row]:
    return [row for row in SHIPPED if row.subject == subject]


def test_equal_rows_are_equal() -> None:
    lines, sound = compared(SHIPPED, SHIPPED)
    assert sorted(lines) == [
        "avif: 400 of 400 rows equal to the digit",
        "coarse2fine-search: 900 of 900 rows equal to the digit",
        "coarse2fine: 900 of 900 rows equal to the digit",
    ]
    assert sound


def test_a_difference_is_counted_and_judged_by_the_interval() -> None:
    own = of("avif")
    assert own[0].identity is not None
    other = replace(
        own[0], bytes=own[0].bytes + 1, identity=own[0].identity._replace(model="avif 9")
    )
    (line,), sound = compared(SHIPPED, [other, *own[1:]])
    assert line.startswith("avif: 399 of 400 rows equal to the digit; encoders avif 1")
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
    assert line.startswith("avif: 0 of 400 rows")
    assert not sound


def test_kodak_is_compared_point_by_point() -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    known = kodak_points(page)
    assert known["stage 1"] == ("0.051", "24.30")
    assert known["WEBP 60"] == ("0.769", "33.73")
    stages = {f"stage {k}" for k in (1, 5, 7, 8, 9)}  # and none of another table's
    shares = {f"share {n}" for n in range(2, 12)}
    assert set(known) == stages | shares | {"WEBP 10", "WEBP 30", "WEBP 60"}
    made = "| | bpp | PSNR dB | dB below the line |\n|---|---|---|---|\n" + "".join(
        f"| {name} | {rate} | {quality} |  |\n" for name, (rate, quality) in known.items()
    )
    assert compared_kodak(page, made)[1]
    lines, sound = compared_kodak(page, made.replace("24.30", "24.31"))
    assert "stage 1: 0.051 24.31, the page has 0.051 24.30" in lines
    assert not sound


def test_judges_by_the_names_of_their_files() -> None:
    names = ("efficientnet-lite2", "mobilenet_v1_0.75_192_quant", "tf2_mobilenet_v2_1.0_224_ptq")
    assert [judge_of(name) for name in names] == ["lite2", "mobilenetv1", "mobilenetv2"]
    assert judge_of("resnet50") == ""


def test_without_photographs_it_says_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["regenerate.py"])
    with pytest.raises(SystemExit):
        main()
    assert "docs/regenerate.md" in capsys.readouterr().err
