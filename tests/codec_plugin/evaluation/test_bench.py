"""The benchmark: registry and plug-ins, containers, budgets, deltas, calibration, resuming."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shuffled_labels import shuffled
from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.benchmark import (
    Protocol,
    other_benches,
    read_bench,
    read_protocol,
    run_bench,
)
from codec_plugin.evaluation.codecs.groups import GROUPS, expanded
from codec_plugin.evaluation.codecs.label_codec import label_rows
from codec_plugin.evaluation.codecs.registry import (
    BenchCodec,
    CodecAbsentError,
    codec,
    codec_names,
    load_plugin,
    make_codec,
)
from codec_plugin.evaluation.demo import demo_photo
from codec_plugin.evaluation.measurement import Evaluation
from codec_plugin.evaluation.recognition import Recogniser
from codec_plugin.evaluation.reports.cells import as_markdown
from codec_plugin.evaluation.reports.html_report import report_page
from codec_plugin.evaluation.reports.tables import all_tables, bd_table, full_rate_table
from codec_plugin.evaluation.reports.transfer import bare_rows
from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.adaptive_decoding import (
    adaptive_points,
    fit_temperature,
    raw_threshold,
)
from codec_plugin.evaluation.statistics.budget import area, at_budget, budget_for, difference, steps
from codec_plugin.search.objective import training_objective
from hierlab.labelmap import load_label_map, loads_label_map
from tests.codec_plugin.semantic import small_classifier, small_hierarchy, write_photographs

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "add-a-codec.md"


def row(subject: str, image: str, bpp: float, right: int, **more: float) -> Row:
    measures = {"correct_coarse": right, "confidence_coarse": 0.9, "agree_coarse": right} | more
    return Row(subject, image, f"bpp-{bpp}", round(bpp * 65536 / 8), bpp, measures)


def untimed(entry: Row) -> str:
    """A row without its times, comparable although some values are not numbers."""
    return repr({name: v for name, v in entry.fields().items() if not name.endswith("_s")})


def test_step_curve_holds_the_largest_file_within_the_budget() -> None:
    rows = [row("a", "1", 0.1, 0), row("a", "1", 0.4, 1), row("a", "2", 0.2, 1)]
    found = steps(rows, "a", "correct_coarse", [0.05, 0.1, 0.2, 0.4])
    assert found.values.tolist() == [[0, 0, 0, 1], [0, 0, 1, 1]]
    assert at_budget(rows, "a", "correct_coarse", 0.2).mean == 0.5
    reached = budget_for(rows, "a", "correct_coarse", 0.5)
    assert reached is not None
    assert reached.mean == pytest.approx(0.2, rel=0.03)
    assert budget_for([row("a", "1", 0.1, 0)], "a", "correct_coarse", 0.5) is None


def test_between_its_points_a_codec_lies_on_the_line() -> None:
    """Over the logarithm of the rate; below the first there is no file, above the last its own."""
    rows = [row("a", "1", 0.1, 1), row("a", "1", 0.4, 0), row("c", "1", 0.1, 0)]
    found = steps(rows, "a", "correct_coarse", [0.05, 0.1, 0.2, 0.4, 0.8], between=True)
    assert found.values.tolist() == [[0, 1, pytest.approx(0.5), 0, 0]]
    assert found.present.tolist() == [[False, True, True, True, True]]
    span = (0.1, 0.4)
    assert difference(rows, "a", "c", "correct_coarse", span).mean == pytest.approx(1, abs=0.02)
    read = difference(rows, "a", "c", "correct_coarse", span, between=True)
    assert read.mean == pytest.approx(0.5, abs=0.01)


def test_area_of_a_codec_that_is_right_from_the_middle_on_is_a_half() -> None:
    rows = [row("a", str(n), 0.2, 1) for n in range(3)]
    assert area(rows, "a", "correct_coarse").mean == pytest.approx(0.5, abs=0.02)


def test_difference_is_paired_over_shared_photographs() -> None:
    rows = [row("a", "1", 0.05, 1), row("a", "2", 0.05, 1), row("b", "2", 0.05, 0)]
    assert difference(rows, "a", "b", "correct_coarse").mean == 1.0
    with pytest.raises(ConfigError, match="share no photograph"):
        difference([*rows[:1], rows[2]], "a", "b", "correct_coarse")
    with pytest.raises(ConfigError, match="no rows of 'c'"):
        area(rows, "c", "correct_coarse")


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_temperature_is_found_again(true: float) -> None:
    rng = np.random.default_rng(0)
    logit = rng.normal(1, 2, 20_000)
    correct = (rng.random(20_000) < 1 / (1 + np.exp(-logit / true))).astype(float)
    found = fit_temperature(1 / (1 + np.exp(-logit)), correct)
    assert found == pytest.approx(true, rel=0.1)


def test_raw_threshold_undoes_the_temperature() -> None:
    assert raw_threshold(0.9, 1.0) == pytest.approx(0.9)
    assert raw_threshold(0.9, 2.0) > 0.98
    assert raw_threshold(0.5, 3.0) == pytest.approx(0.5)


def test_adaptive_reading_stops_early_where_it_is_sure() -> None:
    rows = []
    for n in range(8):
        sure = n % 4 < 2  # half of the photographs are easy
        first = {"confidence_coarse": 0.99 if sure else 0.4}
        rows += [row("a", f"{n}", 0.1, int(sure), **first), row("a", f"{n}", 0.8, 1)]
    points = adaptive_points(rows, "a", "coarse")
    middle = points[2]
    assert middle.accuracy == 1.0
    assert middle.bytes_mean == pytest.approx((819 + 6554) / 2, rel=0.01)
    assert middle.fixed_bytes == pytest.approx(6554, rel=0.01)
    with pytest.raises(ConfigError, match="needs four"):
        adaptive_points(rows[:4], "a", "coarse")


def test_the_fixed_budget_is_that_of_the_photographs_that_are_judged() -> None:
    rows = [row("a", f"{n}", 0.1 if n % 2 else 0.4, 1) for n in range(8)]  # these are the small
    for point in adaptive_points(rows, "a", "coarse"):
        assert (point.bytes_mean, point.fixed_bytes) == pytest.approx((819, 819), abs=1)


def test_adaptive_reading_is_judged_on_photographs_that_it_was_not_fitted_to() -> None:
    rows = []
    for n in range(8):  # every other one is easy, and these set the temperature
        rows += [row("a", f"{n}", 0.1, int(n % 2 == 0)), row("a", f"{n}", 0.8, int(n % 2 == 0))]
    assert {point.accuracy for point in adaptive_points(rows, "a", "coarse")} == {0.0}
    swapped = [replace(entry, image=f"{7 - int(entry.image)}") for entry in rows]
    assert {point.accuracy for point in adaptive_points(swapped, "a", "coarse")} == {1.0}
    one, two = (adaptive_points(table, "a", "coarse")[0] for table in (rows, swapped))
    assert one.temperature < 1 < two.temperature  # right where it was fitted, or wrong there


def test_label_sends_log2_bits_and_only_the_finest_tells_all_levels() -> None:
    clean = row("clean", "1", 1.0, 1, correct_fine=1, agree_fine=1, wu_palmer=1.0)
    coarse, fine = label_rows(clean, ("coarse", "fine"), (10, 1000))
    assert (coarse.bytes, fine.bytes) == (1, 2)
    assert [coarse.value(f"correct_{level}") for level in ("coarse", "fine")] == [1, 0]
    assert [fine.value(f"correct_{level}") for level in ("coarse", "fine")] == [1, 1]
    assert fine.rate_bpp == pytest.approx(16 / 65536, abs=1e-6)


def test_names_are_told_apart() -> None:
    assert {"coarse2fine", "label", "jpeg2000", "vvc", "trit-plane"} <= set(codec_names())
    with pytest.raises(ConfigError, match="not one of"):
        make_codec("bpg")
    with pytest.raises(ConfigError, match="taken"):
        codec("jpeg")(BenchCodec)
    with pytest.raises(CodecAbsentError, match="train it with"):
        make_codec("plain=missing.safetensors")
    assert make_codec("mine:jpeg")[0] == "mine"


def test_qualities_may_be_named() -> None:
    assert make_codec("few:webp=0/50")[1].settings == ("0", "50")
    assert len(make_codec("webp")[1].settings) > 5
    for wrong in ("101", "10/", "x", "-1"):
        with pytest.raises(ConfigError, match="0 to 100"):
            make_codec(f"webp={wrong}")


def test_a_search_is_a_codec_of_the_benchmark() -> None:
    for wrong in ("fast", "20x", "x2", "20xall"):
        with pytest.raises(ConfigError, match="STEPSxSTAGES@CHECKPOINT"):
            make_codec(f"coarse2fine-search={wrong}")
    name, searched = make_codec("s3:coarse2fine-search=3@compact")
    _, plain = make_codec("coarse2fine")
    pixels = demo_photo("coffee")[:64, :64]
    data = searched.encode(pixels, *searched.settings)
    assert (name, searched.progressive, searched.settings) == ("s3", True, ("3",))
    assert data != plain.encode(pixels, "file")
    assert len(searched.stage_ends(data)) == len(plain.stage_ends(data)) == 9
    assert searched.decode(data).shape == (64, 64, 3)
    trained = training_objective(load_checkpoint("compact").meta)
    assert searched.objective == make_codec("coarse2fine-search")[1].objective == trained
    assert make_codec("coarse2fine-search=3x3@compact")[1].encode(pixels, "3") != data


def test_a_searched_picture_is_coded_again_by_another_codec() -> None:
    name, edited = make_codec("avif-edited=2x1@compact:0/40")
    searched = make_codec("coarse2fine-search=2x1@compact")[1]
    pixels = demo_photo("coffee")[:64, :64]
    assert (name, edited.settings, edited.progressive) == ("avif-edited", ("0", "40"), False)
    data = searched.encode(pixels, "2")
    shown = searched.decode(data[: searched.stage_ends(data)[0]])
    avif = make_codec("avif=0/40")[1]
    for setting in edited.settings:
        assert edited.encode(pixels, setting) == avif.encode(shown, setting)
    assert edited.identity() == f"{avif.identity()}, edited by {searched.identity()}"
    assert (
        edited.decode(avif.encode(pixels, "40")) == avif.decode(avif.encode(pixels, "40"))
    ).all()
    other = demo_photo("chelsea")[:64, :64]
    assert edited.encode(other, "0") != edited.encode(
        pixels, "0"
    )  # no picture is taken for another


def test_documented_plugin_runs(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    source = text.split("```python\n", 1)[1].split("```", 1)[0]
    assert len(source.strip().splitlines()) <= 30
    plugin = tmp_path / "thumbnail.py"
    plugin.write_text(source)
    load_plugin(plugin)
    _, made = make_codec("thumbnail")
    pixels = demo_photo("coffee")
    sizes = [len(made.encode(pixels, setting)) for setting in made.settings]
    assert sizes == sorted(sizes)
    assert made.decode(made.encode(pixels, made.settings[0])).shape == pixels.shape
    with pytest.raises(ConfigError, match="not a Python file"):
        load_plugin(tmp_path / "none.py")


def test_an_installed_package_offers_a_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "offering-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1\n")
    points = ("posterised = offering_codecs:Posterised", "broken = offering_codecs:Missing",
              "other = offering_codecs:Other")  # fmt: skip
    (about / "entry_points.txt").write_text("\n".join(["[codec_plugin.codecs]", *points]))
    (tmp_path / "offering_codecs.py").write_text(
        "from codec_plugin.evaluation import BenchCodec\n"
        "from codec_plugin.evaluation.codecs.conventional import WebP\n"
        "class Posterised(WebP):\n"
        "    def encode(self, pixels, setting):\n"
        "        return super().encode(pixels // 64 * 64, setting)\n"
        "Other = 5\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert "posterised" in codec_names()
    name, made = make_codec("mine:posterised=30")
    pixels = demo_photo("coffee")
    expected = make_codec("webp")[1].encode(pixels // 64 * 64, "30")
    assert (name, made.settings, made.encode(pixels, "30")) == ("mine", ("30",), expected)
    with pytest.raises(ConfigError, match=r"'broken' of offering_codecs:Missing fails"):
        make_codec("broken")
    with pytest.raises(ConfigError, match="not a class of BenchCodec"):
        make_codec("other")


def test_other_classifiers_see_the_same_files(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=3)
    hierarchy = small_hierarchy()
    folder = ImageFolder(photographs, hierarchy.index, cache=False)
    one, two = (
        Evaluation(Recogniser(small_classifier(seed=seed), hierarchy), folder, quality=quality)
        for seed, quality in ((0, True), (1, False))
    )
    rows = run_bench([make_codec("jpeg")], one, tmp_path / "bench", cuts=2, also=[two])
    (others,) = other_benches(tmp_path / "bench").values()
    same = [[(r.subject, r.image, r.cut, r.bytes) for r in table] for table in (rows, others)]
    seen = [[(r.answer, r.value("confidence_coarse")) for r in table] for table in (rows, others)]
    assert same[0] == same[1]
    assert seen[0] != seen[1]
    table = all_tables(rows, "jpeg", {"second": others})["Other classifiers"]
    assert [(row["classifier"], row["codec"]) for row in table] == [("second", "jpeg")]


def test_container_is_taken_off() -> None:
    rows = [row("a", "1", 0.4, 1, container_bytes=819), row("a", "2", 0.4, 1, container_bytes=0)]
    bare = bare_rows(rows)
    assert [r.bytes for r in bare] == [3277 - 819, 3277]
    assert bare[0].rate_bpp == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("group", GROUPS)
def test_groups_hold_codecs_by_name(group: str) -> None:
    found = expanded(f"@{group}, webp")
    assert found.count("webp") == 1
    assert {text.partition("=")[0].rpartition(":")[2] for text in found} <= set(codec_names())
    with pytest.raises(ConfigError, match="not one of @conventional"):
        expanded("@others")


def test_random_groups_keep_sizes_and_nesting() -> None:
    before = load_label_map("vit-b-32-topdown-10-100-1000")
    after = shuffled(before, seed=1)
    assert after.nested
    assert after.id != before.id
    for one, two in zip(before.levels, after.levels, strict=True):
        assert sorted(one.sizes) == sorted(two.sizes)
    agreement = np.mean(before.levels[0].labels == after.levels[0].labels)
    assert agreement < 0.3
    assert loads_label_map(after.encode()).id == after.id


def test_benchmark_resumes_reports_and_refuses_another_protocol(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=5)
    hierarchy = small_hierarchy()
    recogniser = Recogniser(small_classifier(), hierarchy)
    folder = ImageFolder(photographs, hierarchy.index, cache=False)

    evaluation = Evaluation(recogniser, folder, timed=True)
    made = [make_codec(name) for name in ("jpeg", "webp", "label")]
    some = run_bench(made[:1], evaluation, tmp_path / "bench", cuts=4, first=2)
    assert len({row.image for row in some}) == 2
    first = run_bench(made[:1], evaluation, tmp_path / "bench", cuts=4)
    table = tmp_path / "bench" / "rows" / "jpeg.csv"
    before = table.read_text()
    table.write_text("\n".join(before.splitlines()[:30]) + "\n")  # killed in mid-photograph
    again = run_bench(made, evaluation, tmp_path / "bench", cuts=4)
    kept = [r for r in again if r.subject in ("jpeg", "clean")]
    assert sorted(map(untimed, kept)) == sorted(map(untimed, first))
    assert (tmp_path / "bench" / "results.parquet").exists()
    with pytest.raises(ConfigError, match="cuts 4, this one has 5"):
        run_bench(made, evaluation, tmp_path / "bench", cuts=5)
    text = (tmp_path / "bench" / "protocol.json").read_text()
    assert str(tmp_path) not in text
    protocol = Protocol(**json.loads(text))
    assert read_protocol(tmp_path / "bench") == protocol
    with pytest.raises(ConfigError, match="not a benchmark's protocol"):
        read_protocol(tmp_path)
    tables = all_tables(again, "webp")
    assert all(as_markdown(t).count("\n") >= len(t) for t in tables.values())
    page = report_page(again, protocol, "webp", [[("one", demo_photo("coffee"))]])
    assert page.count("<table>") == len([t for t in tables.values() if t]) + 1
    assert not re.search(r"(src|href)=['\"]http|<link|<script", page)  # nothing is loaded
    assert page == report_page(again, protocol, "webp", [[("one", demo_photo("coffee"))]])
    with pytest.raises(ConfigError, match="no rows"):
        read_bench(tmp_path / "none")


def test_a_changed_codec_is_measured_anew(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=2)
    hierarchy = small_hierarchy()
    folder = ImageFolder(photographs, hierarchy.index, cache=False)

    def run(codec: BenchCodec, seed: int = 0) -> tuple[list[Row], list[str]]:
        judge = Evaluation(Recogniser(small_classifier(seed=seed), hierarchy), folder)
        told: list[str] = []
        made = [("mine", codec), make_codec("jpeg=10")]
        return run_bench(made, judge, tmp_path / "bench", cuts=1, notify=told.append), told

    first, told = run(make_codec("webp=20")[1])
    assert told == []
    again, told = run(make_codec("webp=20")[1])
    assert told == []
    assert sorted(map(untimed, first)) == sorted(map(untimed, again))
    for changed in (make_codec("webp=30")[1], make_codec("jpeg=30")[1]):
        rows, (told_once,) = run(changed)
        assert "of mine in" in told_once
        mine = [row for row in rows if row.subject == "mine"]
        assert {row.identity.model for row in mine if row.identity} == {changed.identity()}
        assert {row.cut for row in mine} == {"quality-30"}
    with pytest.raises(ConfigError, match="classifier_id"):
        run(changed, seed=1)
    (photographs / "labels.csv").write_text("file,wnid\n")
    folder = ImageFolder(photographs, hierarchy.index, cache=False)
    with pytest.raises(ConfigError, match="photographs"):
        run(changed)


def test_a_benchmark_of_a_former_version_is_read_but_not_added_to(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=1)
    hierarchy = small_hierarchy()
    judge = Evaluation(
        Recogniser(small_classifier(), hierarchy),
        ImageFolder(photographs, hierarchy.index, cache=False),
    )
    bench = tmp_path / "bench"
    rows = run_bench([make_codec("jpeg=10")], judge, bench, cuts=1)
    old = json.loads((bench / "protocol.json").read_text())
    del old["classifier_id"]
    (bench / "protocol.json").write_text(json.dumps(old))
    assert len(read_bench(bench)) == len(rows)
    with pytest.raises(ConfigError, match="former version"):
        run_bench([make_codec("jpeg=10")], judge, bench, cuts=1)


def test_the_first_photographs_are_drawn_at_random(tmp_path: Path) -> None:
    hierarchy = small_hierarchy()
    photographs = write_photographs(tmp_path / "photographs", count=12)
    folder = ImageFolder(photographs, hierarchy.index, cache=False)
    judge = Evaluation(Recogniser(small_classifier(), hierarchy), folder, quality=False)
    drawn = []
    for first in (6, 6, 12):
        bench = tmp_path / f"bench{len(drawn)}"
        rows = run_bench([make_codec("jpeg=50")], judge, bench, cuts=0, first=first)
        drawn.append([folder.names.index(name) for name in dict.fromkeys(r.image for r in rows)])
    order = drawn[2]
    assert drawn[0] == drawn[1] == order[:6]  # the same for all, and a part of what comes later
    assert sorted(order) == list(range(12))
    steps_between = np.diff(order)
    assert len(set(steps_between.tolist())) > 4  # neither in order nor evenly spaced


def test_whole_files_are_compared_in_pairs() -> None:
    seen = {"psnr_db": 30.0, "ms_ssim": 0.9}
    rows = [row("ours", f"{i}", 0.1, i == 0, **seen) for i in range(4)]
    rows += [row("ours", f"{i}", 0.5, True, **seen) for i in range(4)]
    seen["psnr_db"] = 30.25
    rows += [row("other", f"{i}", 0.4, i < 2, **seen) for i in range(6)]  # two more
    ours, other = full_rate_table(rows, ["ours", "other"], "ours")
    assert (ours["bytes"], ours["coarse"][:5], other["coarse"][:4]) == ("4096", "100.0", "33.3")
    assert other["coarse: ours less it"].startswith("+50.0")
    assert ours["coarse: ours less it"] == ours["dB: ours less it"] == ""
    assert other["dB: ours less it"] == "-0.25 (-0.25 to -0.25) *"
    seen = dict.fromkeys(seen, math.nan)  # as a further judge's rows have it
    rows = [row(name, f"{i}", bpp, True, **seen) for name in ("a", "b") for i in range(2)
            for bpp in (0.1, 0.2, 0.4, 0.8)]  # fmt: skip
    columns = ["codec", "bytes", "coarse", "coarse: a less it"]
    assert list(full_rate_table(rows, ["a"], "a")[0]) == columns
    deltas = bd_table(rows, ["b"], "a", {"coarse": "correct_coarse"})
    assert [list(entry) for entry in deltas] == [["codec", "BD-accuracy coarse"]]
