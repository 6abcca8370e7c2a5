"""Documents against shipped rows: every marked table and number is what the rows give."""

import importlib.util
from difflib import unified_diff
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shipped", ROOT / "docs" / "shipped_numbers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHIPPED = loaded()
MARKED = [page for page in SHIPPED.PAGES if "<!-- table: " in page.read_text()
          or "<!-- mean: " in page.read_text()]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("page", MARKED, ids=lambda page: page.stem)
def test_the_page_says_what_the_rows_give(page: Path) -> None:
    """Where it fails: python docs/shipped_numbers.py writes the right ones."""
    text = page.read_text(encoding="utf-8")
    right = SHIPPED.rendered(text)
    assert list(unified_diff(text.splitlines(), right.splitlines(), lineterm="")) == []


def test_pages_are_marked() -> None:
    assert {"results", "training"} <= {page.stem for page in MARKED}
    marks = sum(page.read_text().count(mark) for page in MARKED
                for mark in ("<!-- table: ", "<!-- mean: "))  # fmt: skip
    found = sum(len(pattern.findall(page.read_text())) for page in MARKED
                for pattern in (SHIPPED.TABLE, SHIPPED.NUMBER))  # fmt: skip
    points = [page for page in SHIPPED.PAGES if "<!-- points: " in page.read_text()]
    assert [page.stem for page in points if SHIPPED.POINTS.search(page.read_text())] == ["training"]
    assert found == marks > 20  # none is written in a way that would not be read


def test_a_wrong_number_and_a_wrong_cell_are_mended() -> None:
    mark = "<!-- mean: compact-lite0 coarse2fine-search stage-1 bytes 0 -->"
    assert SHIPPED.rendered(f"some 1,618{mark} bytes") == f"some 747{mark} bytes"
    mark = "<!-- table: compact-lite0 budgets - - -->"
    head = f"{mark}\n\n| codec | 0.05 bpp |\n|---|---|\n| webp | 99.0 |\n"
    made = SHIPPED.rendered(head)
    assert made.startswith(mark)
    assert "99.0" not in made
    assert SHIPPED.rendered(made) == made
    mark = "<!-- points: compact-100 coarse2fine/stage-1 -->"
    head = f"{mark}\n\n| | bytes | PSNR dB | Lite0 |\n|---|---|---|---|\n"
    assert SHIPPED.rendered(f"{head}| ours | 1 | 2.00 | 99 |\n") == (
        f"{head}| ours | 635 | 23.06 | 66 (57–75)/44/26 |\n"
    )
