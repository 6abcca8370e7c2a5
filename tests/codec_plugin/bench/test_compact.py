"""The benchmark's compact form: a hundred photographs, three cuts, real codecs and classifier."""

from pathlib import Path

import pytest

from codec_plugin.bench.budget import area
from codec_plugin.bench.page import report_page
from codec_plugin.bench.registry import make_codec
from codec_plugin.bench.run import BenchEvaluation, run_bench
from codec_plugin.bench.tables import all_tables
from codec_plugin.classifiers import load_classifier
from codec_plugin.evaluate.recognition import Recogniser
from codec_plugin.hierarchy import load_hierarchy
from codec_plugin.train.data import ImageFolder
from tests.codec_plugin.semantic import write_photographs

PHOTOGRAPHS = Path(__file__).resolve().parents[4] / "shared" / "data" / "images" / "test"
COUNT, CUTS = 100, 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_compact_benchmark(tmp_path: Path) -> None:
    real = PHOTOGRAPHS.is_dir()
    source = PHOTOGRAPHS if real else write_photographs(tmp_path / "made", count=COUNT)
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    folder = ImageFolder(source, hierarchy.index, cache=False)
    evaluation = BenchEvaluation((), Recogniser(load_classifier(), hierarchy), folder)
    codecs = [make_codec(name) for name in ("coarse2fine", "jpeg-progressive", "label")]
    done = []
    rows = run_bench(
        codecs, evaluation, tmp_path / "bench", cuts=CUTS, limit=COUNT,
        progress=lambda name, count, total: done.append((count, total)),
    )  # fmt: skip
    assert done[-1] == (COUNT * len(codecs), COUNT * len(codecs))
    ours = [row for row in rows if row["subject"] == "coarse2fine"]
    assert len(ours) == COUNT * (CUTS + 3)
    assert len({row["image"] for row in ours}) == COUNT
    tables = all_tables(rows, "coarse2fine")
    assert {row["codec"] for row in tables["Whole files"]} >= {"coarse2fine", "jpeg-progressive"}
    assert "<svg" in report_page(rows, _protocol(tmp_path / "bench"), "coarse2fine")
    if real:
        areas = {name: area(rows, name, "correct_coarse").mean for name, _ in codecs}
        assert areas["jpeg-progressive"] < areas["coarse2fine"] < areas["label"]


def _protocol(folder: Path):  # type: ignore[no-untyped-def]
    import msgspec

    from codec_plugin.bench.run import Protocol

    return msgspec.json.decode((folder / "protocol.json").read_bytes(), type=Protocol)
