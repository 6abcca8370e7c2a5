"""The benchmark's compact form: a few photographs, three cuts, real codecs and classifier."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from codec_plugin.classifiers import load_classifier
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.evaluation.benchmark import Protocol, run_bench
from codec_plugin.evaluation.codecs.registry import make_codec
from codec_plugin.evaluation.measurement import Evaluation
from codec_plugin.evaluation.recognition import Recogniser
from codec_plugin.evaluation.reports.html_report import report_page
from codec_plugin.evaluation.reports.tables import all_tables
from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.budget import area
from tests.codec_plugin.semantic import write_photographs

CODECS = ("coarse2fine", "jpeg-progressive", "label")
CUTS, STAGES = 3, 9

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def bench(source: Path, folder: Path, count: int) -> list[Row]:
    """Rows of three codecs for `count` photographs of `source`."""
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    photographs = ImageFolder(source, hierarchy.index, cache=False)
    evaluation = Evaluation(Recogniser(load_classifier(), hierarchy), photographs, timed=True)
    done = []
    rows = run_bench(
        [make_codec(name) for name in CODECS], evaluation, folder, cuts=CUTS, limit=count,
        progress=lambda name, ready, total: done.append((ready, total)),
    )  # fmt: skip
    assert done[-1] == (count * len(CODECS), count * len(CODECS))
    # Each cut of every photograph: the lowest rate must hold the header, or its row is left out.
    ours = Counter(row.image for row in rows if row.subject == "coarse2fine")
    assert len(ours) == count
    assert set(ours.values()) == {CUTS + STAGES}
    tables = all_tables(rows, "coarse2fine")
    assert {row["codec"] for row in tables["Whole files"]} >= {"coarse2fine", "jpeg-progressive"}
    protocol = msgspec.json.decode((folder / "protocol.json").read_bytes(), type=Protocol)
    assert protocol.images == count
    assert "<svg" in report_page(rows, protocol, "coarse2fine")
    return rows


def test_made_photographs(tmp_path: Path) -> None:
    source = write_photographs(tmp_path / "made", count=12, side=128)
    bench(source, tmp_path / "bench", 12)


def test_real_photographs_need_more_bytes_than_a_label_and_fewer_than_jpeg(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = bench(shared_data / "images" / "test", tmp_path / "bench", 40)
    areas = {name: area(rows, name, "correct_coarse").mean for name in CODECS}
    assert areas["jpeg-progressive"] < areas["coarse2fine"] < areas["label"]
