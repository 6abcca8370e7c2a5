"""Documents against shipped rows: every marked table and number is what the rows give."""

import importlib.util
from difflib import unified_diff
from functools import cache
from pathlib import Path
from statistics import fmean
from types import ModuleType

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from codec_plugin.evaluation.judged_rows import read_judged
from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean
from codec_plugin.evaluation.statistics.budget import difference

ROOT = Path(__file__).resolve().parent.parent


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shipped", ROOT / "docs" / "shipped_numbers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHIPPED = loaded()
MARKS = ("table", "judged", "judges", "kodak", "points", "mean", "less")
MARKED = [
    page
    for page in SHIPPED.PAGES
    if any(f"<!-- {mark}: " in page.read_text(encoding="utf-8") for mark in MARKS)
]


@pytest.mark.slow
@pytest.mark.parametrize("page", MARKED, ids=lambda page: page.stem)
def test_the_page_says_what_the_rows_give(page: Path) -> None:
    """Where it fails: python docs/shipped_numbers.py writes the right ones."""
    text = page.read_text(encoding="utf-8")
    right = SHIPPED.rendered(text)
    assert list(unified_diff(text.splitlines(), right.splitlines(), lineterm="")) == []


def test_pages_are_marked() -> None:
    assert "results" in {page.stem for page in MARKED}
    marks = sum(page.read_text().count(f"<!-- {mark}: ") for page in MARKED for mark in MARKS)
    found = sum(len(pattern.findall(page.read_text())) for page in MARKED
                for pattern, _ in SHIPPED.WRITTEN)  # fmt: skip
    assert found == marks > 20  # none is written in a way that would not be read


@cache
def photographs() -> dict[str, list[Row]]:
    return read_judged(ROOT / "codec_plugin" / "results" / "photographs.csv.gz")


def facts(subject: str, cut: str, column: str, judge: str = "lite0") -> list[float]:
    rows = photographs()[judge]
    own = [row for row in rows if (row.subject, row.cut) == (subject, cut)]
    return [value for row in own if (value := row.value(column)) is not None]


def test_a_wrong_number_and_a_wrong_cell_are_mended() -> None:
    mark = "<!-- mean: photographs avif quality-12 bytes 0 -->"
    right = f"{fmean(facts('avif', 'quality-12', 'bytes')):,.0f}"
    assert SHIPPED.rendered(f"some 9{mark} bytes") == f"some {right}{mark} bytes"
    mark = "<!-- mean: photographs:mobilenetv2 avif quality-12 correct_coarse 1 -->"
    seen = facts("avif", "quality-12", "correct_coarse", "mobilenetv2")
    assert seen != facts("avif", "quality-12", "correct_coarse")
    assert SHIPPED.rendered(f"0{mark} %") == f"{100 * fmean(seen):.1f}{mark} %"
    mark = "<!-- table: photographs budgets - - of:webp,none -->"
    made = SHIPPED.rendered(f"{mark}\n\n| codec | 0.05 bpp |\n|---|---|\n| jpeg | 99.0 |\n")
    assert made.startswith(mark)
    assert [line.split("|")[1].strip() for line in made.splitlines()[4:]] == ["webp"]
    assert SHIPPED.rendered(made) == made
    mark = "<!-- points: photographs avif/quality-12 -->"
    head = f"{mark}\n\n| | bytes | PSNR dB | Lite0 |\n|---|---|---|---|\n"
    made = SHIPPED.rendered(f"{head}| theirs | 1 | 2.00 | 99 |\n")
    assert made.startswith(f"{head}| theirs | {right} | ")


def test_an_interval_stands_where_the_page_has_one() -> None:
    mark = "<!-- mean: photographs:mobilenetv1 coarse2fine stage-2 correct_coarse 0 -->"
    seen = bootstrap_mean(facts("coarse2fine", "stage-2", "correct_coarse", "mobilenetv1"))
    mean, low, high = (f"{100 * value:.0f}" for value in (seen.mean, seen.low, seen.high))
    assert SHIPPED.rendered(f"in 1 (0 to 2){mark} %") == f"in {mean} ({low} to {high}){mark} %"


def test_a_difference_in_the_text_is_that_of_the_table() -> None:
    of = "photographs:mobilenetv1 between/coarse 0.2,0.8"
    mark, back = (f"<!-- less: {of} {pair} -->" for pair in ("webp jpeg", "jpeg webp"))
    own = [row for row in photographs()["mobilenetv1"] if row.subject in ("webp", "jpeg")]
    gap = difference(own, "webp", "jpeg", "correct_coarse", (0.2, 0.8), between=True)
    mean, low, high = (f"{100 * value:.1f}" for value in (gap.mean, gap.low, gap.high))
    assert gap.low > 0
    assert SHIPPED.rendered(f"by 1.0{mark},") == f"by {mean}{mark},"
    text = f"+1.0 points (2.0 to 3.0){mark}"
    assert SHIPPED.rendered(text) == f"+{mean} points ({low} to {high}){mark}"
    assert SHIPPED.rendered(f"by 1.0 (2 to 3){back}") == f"by −{mean} (−{high} to −{low}){back}"


def test_seeds_are_averaged_photograph_by_photograph() -> None:
    said = [
        SHIPPED.rendered(f"+0.0<!-- less: learned pairs/coarse 0.05,0.8 {pair} -->")
        for pair in ("coarse2fine plain", "coarse2fine-seed1 plain-seed1",
                     "coarse2fine+coarse2fine-seed1 plain+plain-seed1")
    ]  # fmt: skip
    one, other, both = (float(text.partition("<")[0]) for text in said)
    assert one != other
    assert both == pytest.approx((one + other) / 2, abs=0.11)


def test_tables_have_a_column_a_judge() -> None:
    mark = "<!-- judged: photographs areas/coarse 0.2,0.8 - of:webp,avif -->"
    made = SHIPPED.rendered(f"{mark}\n\n| codec |\n|---|\n").splitlines()
    judges = (
        "lite0, asked",
        "lite2, sister",
        "mobilenetv1, never asked",
        "mobilenetv2, never asked",
    )
    assert made[2] == f"| codec | {' | '.join(judges)} |"
    assert [line.split("|")[1].strip() for line in made[4:]] == ["webp", "avif"]
    mark = "<!-- judges: photographs -->"
    made = SHIPPED.rendered(f"{mark}\n\n| judge |\n|---|\n").splitlines()
    assert [line.split("|")[2].strip() for line in made[4:]] == [
        "asked", "sister", "never asked", "never asked",
    ]  # fmt: skip


def test_published_curves_stand_beside_kodak() -> None:
    made = SHIPPED.rendered("<!-- kodak: kodak 0.2,0.4 -->\n\n| codec |\n|---|\n")
    assert "| ELIC | He et al. 2022 (CVPR), figures of the paper | 30.77 | 33.63 |" in made
    assert "| webp | here | " in made
