"""One table of several judges."""

from dataclasses import replace
from pathlib import Path

import pytest

from codec_plugin.errors import DataError
from codec_plugin.evaluation.judged_rows import read_judged, write_judged
from codec_plugin.evaluation.results_table import Row, read_rows, write_rows


def rows(right: str) -> list[Row]:
    return [
        Row(
            "avif",
            f"{n}",
            "quality-0",
            900 + n,
            0.1,
            {"psnr_db": 20.5, "correct_coarse": int(sign)},
        )
        for n, sign in enumerate(right)
    ]


def test_every_judge_is_read_as_written(tmp_path: Path) -> None:
    judged = {"lite0": rows("110"), "lite2": rows("011")}
    write_judged(tmp_path / "r.csv.gz", judged)
    read = read_judged(tmp_path / "r.csv.gz")
    assert read["lite0"] == judged["lite0"] == read_rows(tmp_path / "r.csv.gz")
    assert [row.measures for row in read["lite2"]] == [
        {"correct_coarse": 0}, {"correct_coarse": 1}, {"correct_coarse": 1},
    ]  # fmt: skip
    assert [row.bytes for row in read["lite2"]] == [900, 901, 902]
    assert list(read) == ["lite0", "lite2"]  # the table says who its first judge is


def test_what_a_judge_did_not_see_is_empty(tmp_path: Path) -> None:
    write_judged(tmp_path / "r.csv", {"a": rows("11"), "b": rows("11")[:1]})
    assert [row.value("correct_coarse") for row in read_judged(tmp_path / "r.csv")["b"]] == [
        1, None,
    ]  # fmt: skip


def test_other_files_are_refused(tmp_path: Path) -> None:
    others = [replace(row, bytes=1) for row in rows("1")]
    with pytest.raises(DataError, match="b saw avif quality-0 of 0 in 1 bytes, a in 900"):
        write_judged(tmp_path / "r.csv", {"a": rows("1"), "b": others})
    assert not (tmp_path / "r.csv").exists()
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError):
        read_judged(tmp_path / "r.csv")


def test_a_table_of_one_judge_names_none(tmp_path: Path) -> None:
    write_rows(tmp_path / "r.csv", rows("10"))
    assert read_judged(tmp_path / "r.csv") == {"": rows("10")}


def test_two_first_judges_are_refused(tmp_path: Path) -> None:
    write_judged(tmp_path / "a.csv", {"a": rows("1")})
    text = (tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").write_text(text + text.splitlines()[1].removesuffix(",a") + ",b\n")
    with pytest.raises(DataError, match=r"several first judges \(a, b\)"):
        read_judged(tmp_path / "a.csv")
