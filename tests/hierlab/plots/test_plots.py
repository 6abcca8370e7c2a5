"""Figures: the same bytes each time, the numbers beside them, and pages that stand alone."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap
from hierlab.measures.consistency import consistency
from hierlab.plots import KINDS, plot, plot_heatmap, plot_within_between
from hierlab.plots._figure import ink_on, tint
from hierlab.plots._layout import Layout
from tests.hierlab.label_maps import make_map

IDS = ["n02123045", "n02123159", "n02099601", "n02099712", "n03417042", "n03770679"]
NAMES = ["tabby cat", "tiger cat", "Golden Retriever", "Labrador Retriever", "truck $a$", "minivan"]
NESTED = make_map([[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2], range(6)], IDS, NAMES)  # type: ignore[list-item]
CROSSED = make_map([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]], IDS, NAMES)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_is_the_same_bytes_each_time(kind: str, suffix: str, tmp_path: Path) -> None:
    first = plot(NESTED, tmp_path / f"a{suffix}", kind)  # type: ignore[arg-type]
    second = plot(NESTED, tmp_path / f"b{suffix}", kind)  # type: ignore[arg-type]
    assert [path.suffix for path in first] == [suffix, ".csv"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    content = first[0].read_bytes()
    assert len(content) > 1000
    assert not re.search(rb"Matplotlib v\d|20\d\d-\d\d-\d\dT|CreationDate", content)


@pytest.mark.parametrize("kind", ["icicle", "sizes", "heatmap"])
def test_a_map_that_is_not_nested_is_drawn_too(kind: str, tmp_path: Path) -> None:
    picture, table = plot(CROSSED, tmp_path / "x.png", kind)  # type: ignore[arg-type]
    assert picture.stat().st_size > 1000
    assert _rows(table)


def test_the_table_of_the_icicle_holds_every_cluster(tmp_path: Path) -> None:
    rows = _rows(plot(NESTED, tmp_path / "x.svg")[1])
    assert [(row["level"], row["size"]) for row in rows[:5]] == [
        ("coarse", "4"),
        ("coarse", "2"),
        ("mid", "2"),
        ("mid", "2"),
        ("mid", "2"),
    ]
    assert len(rows) == 2 + 3 + 6


def test_sizes_are_listed_from_the_largest(tmp_path: Path) -> None:
    rows = _rows(plot(NESTED, tmp_path / "x.png", "sizes")[1])
    coarse = [int(row["classes"]) for row in rows if row["level"] == "coarse"]
    assert coarse == [4, 2]


def test_the_heatmap_shows_the_mean_of_what_shares_a_cell(tmp_path: Path) -> None:
    count = 1000
    label_map = make_map([[i % 2 for i in range(count)]])
    labels = label_map.levels[0].labels
    similarity = np.where(labels[:, None] == labels, 0.75, 0.25)
    _, table = plot_heatmap(label_map, similarity, tmp_path / "x.png")
    rows = _rows(table)
    assert len(rows) == 334
    values = np.array([[float(value) for value in list(row.values())[1:]] for row in rows])
    assert values[0, 0] == 0.75
    assert values[0, -1] == 0.25
    assert values.mean() == pytest.approx(0.5, abs=0.001)
    assert rows[0]["classes"] == "k0..k4"


def test_the_heatmap_needs_wordnet_or_a_similarity(tmp_path: Path) -> None:
    label_map = make_map([[0, 0, 1]], ["qwertz", "asdfgh", "yxcvbn"])
    with pytest.raises(HierlabError, match="give --similarity FILE"):
        plot(label_map, tmp_path / "x.png", "heatmap")
    with pytest.raises(HierlabError, match="nothing to draw"):
        plot(label_map, tmp_path / "x.png", "within-between")
    assert plot(label_map, tmp_path / "x.png", "heatmap", similarity=np.eye(3))


def test_within_and_between_of_several_maps(tmp_path: Path) -> None:
    similarity = np.random.default_rng(0).random((6, 6))
    reports = {
        name: consistency(label_map, similarity, policy="toy")
        for name, label_map in (("nested", NESTED), ("crossed", CROSSED))
    }
    rows = _rows(plot_within_between(reports, tmp_path / "x.png")[1])
    assert [(row["hierarchy"], row["k"]) for row in rows] == [
        ("nested", "2"),
        ("nested", "3"),
        ("crossed", "2"),
        ("crossed", "3"),
    ]
    assert float(rows[0]["within"]) == pytest.approx(reports["nested"].levels[0].within, rel=1e-5)
    other = {**reports, "third": consistency(NESTED, similarity, policy="other")}
    with pytest.raises(HierlabError, match="one Wu-Palmer policy, got other, toy"):
        plot_within_between(other, tmp_path / "y.png")


@pytest.mark.parametrize("label_map", [NESTED, CROSSED])
def test_blocks_cover_every_class_once(label_map: LabelMap) -> None:
    layout = Layout(label_map)
    assert sorted(layout.order) == list(range(6))
    for column, level in enumerate(layout.levels):
        blocks = layout.blocks(column)
        assert [block.start for block in blocks] == [0, *(block.stop for block in blocks[:-1])]
        assert blocks[-1].stop == 6
        for block in blocks:
            assert set(level.labels[layout.order[block.start : block.stop]]) == {block.cluster}
        named = [block.cluster for block in blocks if block.largest]
        assert sorted(named) == list(range(level.k))
    assert all(block.whole for block in layout.blocks(0))
    assert all(block.whole for block in layout.blocks(1)) == label_map.nested


def _page(label_map: LabelMap, folder: Path) -> str:
    return plot(label_map, folder / "tree.html")[0].read_text(encoding="utf-8")


def test_a_page_stands_alone_and_holds_every_class(tmp_path: Path) -> None:
    page = _page(NESTED, tmp_path)
    addresses = set(re.findall(r"https?://[^\"' ]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe)|\bsrc=|@import|fetch\(", page)
    found = re.search(r'<script id="data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found.group(1))
    assert data["columns"] == 4
    leaves = [node for node in data["nodes"] if node[1] == 3]
    assert sorted(node[4] for node in leaves) == sorted(NAMES)
    # Every node lies inside its parent, one column to the right of it.
    for parent, column, start, stop, *_ in data["nodes"][1:]:
        _, above, first, last, *_ = data["nodes"][parent]
        assert column == above + 1
        assert first <= start < stop <= last
    assert page == _page(NESTED, tmp_path / "again")


def test_a_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    page = _page(make_map([[0, 0, 1]], names=[evil, "b", "c"], name=evil), tmp_path)
    assert evil not in page
    assert page.count("</script>") == 2


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    with pytest.raises(HierlabError, match=r"a name ending in .png, .svg, .pdf"):
        plot(NESTED, tmp_path / "x.gif")
    with pytest.raises(HierlabError, match="no figure 'pie'; there are icicle, sizes"):
        plot(NESTED, tmp_path / "x.png", "pie")  # type: ignore[arg-type]
    with pytest.raises(HierlabError, match="a page shows the icicle"):
        plot(NESTED, tmp_path / "x.html", "sizes")
    big = make_map([[i % 3 for i in range(30_001)]])
    with pytest.raises(HierlabError, match="at most 30000 classes"):
        plot(big, tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("labels", [[[0, 1, 2]], [[0, 0, 0]], [[0, 0, 1], [0, 1, 2]]])
def test_tiny_maps_are_drawn(labels: list[list[int]], tmp_path: Path) -> None:
    for kind in ("icicle", "sizes"):
        assert plot(make_map(labels), tmp_path / f"{kind}.png", kind)  # type: ignore[arg-type]
    assert plot(make_map(labels), tmp_path / "tree.html")


def test_colours() -> None:
    assert tint("#000000", 0.5) == "#808080"
    assert tint("#123456", 0) == "#123456"
    assert ink_on("#000000") == "#ffffff"
    assert ink_on("#F0E442") == "#222222"
