"""What of a benchmark's rows goes into the package."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from benchmarks.pack_results import packed, slim, unshrunk
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.evaluation.benchmark import run_bench
from codec_plugin.evaluation.codecs.registry import make_codec
from codec_plugin.evaluation.measurement import Evaluation
from codec_plugin.evaluation.recognition import Recogniser
from codec_plugin.evaluation.reports.tables import area_table
from codec_plugin.evaluation.results_table import CLEAN, Row
from tests.codec_plugin.semantic import small_classifier, small_hierarchy, write_photographs


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    place = tmp_path_factory.mktemp("bench")
    hierarchy = small_hierarchy()
    photographs = write_photographs(place / "photographs", count=3)
    folder = ImageFolder(photographs, hierarchy.index, cache=False)
    judge = Evaluation(Recogniser(small_classifier(), hierarchy), folder, timed=True)
    codecs = [make_codec(text) for text in ("webp-shrunk=10/60/20-half", "jpeg=20")]
    return run_bench(codecs, judge, place / "bench", cuts=0)


def test_full_size_files_of_a_shrinking_codec_are_the_plain_ones_and_a_byte(
    rows: list[Row], tmp_path: Path
) -> None:
    made = unshrunk(rows)
    assert {(row.subject, row.cut) for row in made} == {
        ("webp", "quality-10"), ("webp", "quality-60"),
    }  # fmt: skip
    webp = make_codec("webp=10/60")[1]
    assert made[0].identity is not None
    assert (made[0].identity.model, made[0].identity.cuts) == (webp.identity(), "10 60")
    by_cut = {(row.subject, row.image, row.cut): row for row in rows}
    for row in made:
        own = by_cut["webp-shrunk", row.image, row.cut]
        assert own.bytes == row.bytes + 1
        assert row.rate_bpp == pytest.approx(own.rate_bpp * row.bytes / own.bytes, abs=1e-6)
        assert row.measures == own.measures
    assert unshrunk([*rows, *made]) == []  # what was measured is not made


def test_tables_of_packed_rows_are_those_of_all(rows: list[Row]) -> None:
    small = [slim(row, labelled=True) for row in packed(rows, [], [""])]
    assert {name for row in small for name in row.measures} == {
        "psnr_db", "ms_ssim", "confidence_coarse", "correct_coarse", "correct_mid", "correct_fine",
    }  # fmt: skip
    names = ("jpeg", "webp-shrunk")
    assert area_table(small, names) == area_table(rows, names)
    assert all(row.identity and row.identity.model for row in small if row.subject != CLEAN)


def test_codecs_and_cuts_may_be_chosen_and_originals_stay(rows: list[Row]) -> None:
    chosen = packed(rows, ["webp"], ["quality-1"])
    assert {(row.subject, row.cut) for row in chosen} == {("webp", "quality-10"), (CLEAN, CLEAN)}
