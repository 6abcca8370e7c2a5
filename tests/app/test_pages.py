"""The other pages, without a browser."""

import base64
import gzip
import importlib.util
import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.data.comparison import format_ribbon, parse_ribbon, ribbons_of, shared_classes, united
from app.data.data_dir import photos
from app.figures.sankey import Ribbon
from app.theme.markdown import in_markdown
from app.theme.palette import CONVENTIONAL, OURS
from codec_plugin.data.photograph_sets.shipped import shipped_photos
from hierlab import LabelMap, compare
from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, Level

Page = Callable[..., AppTest]
HAS_CODEC = importlib.util.find_spec("torch") is not None
if HAS_CODEC:
    from app.codec_page.classification import classifiers_here
    from app.codec_page.photograph import encode, load_machine, shrunk
    from codec_plugin.checkpointing.shipped import CHECKPOINTS
    from codec_plugin.data.picture import read_picture
RESULTS = (
    "subject,image,cut,bytes,rate_bpp,psnr_db,ms_ssim,wu_palmer,correct_coarse,agree_coarse\n"
    + "".join(
        f"{name},i{image},{cut},{cut},{cut / 8192},{base + cut / 500 + image},0.9,0.8,"
        f"{int(cut > 800)},{int(cut > 400)}\n"
        for name, base in (("ours", 22), ("webp", 20))
        for image in range(3)
        for cut in (400, 800, 1600, 3200, 6400)
    )
)


def words(test: AppTest) -> str:
    blocks = (*test.markdown, *test.caption, *test.info, *test.error, *test.warning)
    return "\n".join(block.value for block in blocks)


def test_compare_shows_agreement_and_ribbons(page: Page) -> None:
    test = page("compare", a="toys", b="crossed")
    assert not test.exception
    assert "8 classes in both" in words(test)
    table = next(one.value for one in test.dataframe if "ARI" in one.value)
    assert table.loc[0, "ARI"] == 1
    # Single classes against single classes would tell nothing, here and in the table.
    assert list(page("compare", a="toys", b="toys").dataframe[-1].value["levels"]) == [
        "coarse / coarse",
        "mid / mid",
    ]
    assert test.button_group(key="levels").options == ["coarse / coarse", "mid / mid"]


def test_the_address_opens_a_ribbon(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", ribbon="a2-b1")
    assert not test.exception
    inside = next(frame.value for frame in test.dataframe if list(frame.value) == ["class", "key"])
    assert list(inside["class"]) == ["teapot", "mug"]


def test_a_ribbon_is_told_by_a_class_and_follows_it(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", ribbon="a2-b1")
    assert test.query_params["ribbon"] in ("ab@n04398044", ["ab@n04398044"])
    for swapped in ({"a": "crossed", "b": "toys"}, {"a": "toys", "b": "crossed"}):
        test = page("compare", levels="mid / mid", ribbon="ab@n04398044", **swapped)
        table = next(one.value for one in test.dataframe if list(one.value) == ["class", "key"])
        assert list(table["class"]) == ["teapot", "mug"]


def test_classes_matched_by_name_are_listed(nested: LabelMap) -> None:
    classes = ClassList("toys", tuple(f"k{n}" for n in range(8)), nested.classes.names)
    medoids = dict(zip(nested.classes.ids, classes.ids, strict=True))
    levels = tuple(
        Level(
            level.name,
            level.labels,
            tuple(Cluster(one.name, one.size, medoids[one.medoid]) for one in level.clusters),
        )
        for level in nested.levels
    )
    named = LabelMap("named", classes, levels, {})
    agreement = compare(nested, named).levels[1]
    ribbons = ribbons_of(agreement, nested, named)
    for one in ribbons:
        assert len(shared_classes(one.id, agreement, nested, named)) == one.classes
        asked = format_ribbon(one.id, agreement, nested, named)
        assert parse_ribbon(asked, agreement, nested, named) == one.id


def test_a_cluster_is_shown_with_the_other_side(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", ribbon="b1")
    inside = next(frame.value for frame in test.dataframe if "in A" in frame.value)
    assert "in B" not in inside  # it stands in the title
    assert set(inside["in A"]) == {"dog", "vessel"}


@pytest.mark.parametrize(
    "wrong", ["a9-b9", "b1-a2", "x", "a" * 300, "a1-b1-b1", "ab@x", "c@n04398044"]
)
def test_an_address_that_names_no_ribbon_asks_for_one(page: Page, wrong: str) -> None:
    test = page("compare", a="toys", b="crossed", ribbon=wrong)
    assert not test.exception
    assert "Click a ribbon" in words(test)


def test_united_clusters_move_nobody(nested: LabelMap, crossed: LabelMap) -> None:
    agreement = compare(nested, crossed).levels[1]  # mid: cat, dog, vessel, car; wild, soft, hard
    assert agreement.moves == ()
    ribbons = ribbons_of(agreement, nested, crossed)
    assert united(ribbons) == [("soft", ("dog", "vessel"), 4)]
    flows = ((0, 0, "a", "x", 5), (1, 0, "b", "x", 4), (2, 1, "c", "y", 3), (1, 1, "b", "y", 1))
    assert united(tuple(Ribbon(*flow) for flow in flows)) == [("x", ("a", "b"), 9)]


def test_two_clusters_of_one_name_stay_two(nested: LabelMap) -> None:
    level = nested.levels[1]
    clusters = tuple(Cluster("same", one.size, one.medoid) for one in level.clusters)
    twins = LabelMap("twins", nested.classes, (Level("mid", level.labels, clusters),), {})
    agreement = compare(twins, nested).levels[0]
    ribbons = ribbons_of(agreement, twins, nested)
    assert [(one.first, one.second, one.classes) for one in ribbons] == [
        (n, n, 2) for n in range(4)
    ]


@pytest.mark.parametrize("view", ["Who moved", "Heatmap", "Sizes"])
def test_compare_has_other_views(page: Page, view: str) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", show=view)
    assert not test.exception


def test_build_makes_a_measured_hierarchy(page: Page) -> None:
    test = page("build", method="wordnet-k", beside="toys")
    assert not test.exception
    next(button for button in test.button if button.label == "Build").click().run()
    assert not test.exception
    assert not test.error
    assert "New: my wordnet\\-wordnet\\-k" in words(test)


def test_several_encoders_make_a_consensus(page: Page) -> None:
    test = page("build", method="consensus")
    chosen = test.multiselect(key="encoders").value
    assert len({name.partition("@")[0] for name in chosen}) == 2
    test.multiselect(key="encoders").set_value([]).run()
    assert not test.exception
    next(button for button in test.button if button.label == "Build").click().run()
    assert not test.exception
    assert "Choose at least one" in words(test)


def test_own_classes_of_imagenet_may_use_the_shipped_tables(page: Page) -> None:
    test = page("build", classes="my own list", method="topdown")
    test.text_area(key="pasted").set_value("n02123045\nn02129165\nn02088364\nn04398044").run()
    assert not test.exception
    assert "ViT-B-32:openai@a" in test.selectbox(key="encoder").options


def test_pasted_wordnet_ids_get_the_best_encoder(page: Page) -> None:
    test = page("build", classes="my own list", method="topdown")
    test.text_area(key="pasted").set_value("teapot\nzither of mine").run()
    first = [box.value for box in test.selectbox if box.label == "Encoder and prompts"]
    assert first in (["minilm"], [])
    test.text_area(key="pasted").set_value("n02123045\nn02129165\nn02088364\nn04398044").run()
    assert test.selectbox(key="encoder").value.partition(":")[0] != "minilm"


def test_a_failed_build_leaves_no_old_result(page: Page) -> None:
    test = page("build", method="wordnet-k", beside="toys")
    press = next(button for button in test.button if button.label == "Build")
    press.click().run()
    assert "New:" in words(test)
    test.text_input(key="counts_1000").set_value("10,5000").run()
    next(button for button in test.button if button.label == "Build").click().run()
    assert test.error
    assert "New:" not in words(test)


def test_a_level_at_chance_is_flagged(nested: LabelMap) -> None:
    from app.components.tables import levels_at_chance
    from app.data.measure_cache import measured

    mixed = LabelMap.from_labels(nested.classes, {"coarse": [0, 1] * 4}, name="mixed")
    report, _ = measured("mixed", mixed)
    assert report is not None
    assert levels_at_chance(report) == [mixed.levels[0].name]
    (level,) = report.levels
    for lift, z, flagged in ((0.005, 9, True), (0.2, 2, True), (0.2, 9, False)):
        seen = replace(report, levels=(replace(level, lift=lift, z=z),))
        assert (levels_at_chance(seen) == [level.level]) == flagged, lift
    report, note = measured("toys", nested)
    assert not note
    assert report is not None
    assert "fine" not in levels_at_chance(report)


def test_tables_end_with_a_whole_row() -> None:
    from app.components.widgets import rows_px

    assert [rows_px(rows, 8) for rows in (0, 1, 8, 9, 5000)] == [73, 73, 318, 318, 318]


def test_a_map_is_measured_by_what_wordnet_knows_of_it(nested: LabelMap) -> None:
    from app.data.measure_cache import measured

    whole, _ = measured("by id", nested)
    assert whole is not None
    coarse = {"coarse": [0, 0, 0, 0, 1, 1, 1, 1, 1]}
    names = ("tabby", "lion", "beagle", "collie", "teapot", "mug", "school bus", "cab", "zzgadget")
    own = LabelMap.from_labels(ClassList("own", names, names), coarse, name="own")
    report, note = measured("by name", own)
    assert report is not None
    assert note == (
        "Wu-Palmer: over the 8 of 9 classes that WordNet has, 8 of them by the likeliest sense of "
        "their name."
    )
    assert report.levels[0].within == pytest.approx(whole.levels[0].within, abs=0.1)
    strange = ClassList("strange", ("zzone", "zztwo"), ("zzone", "zztwo"))
    report, note = measured("none", LabelMap.from_labels(strange, {"coarse": [0, 1]}, name="s"))
    assert report is None
    assert "WordNet knows fewer than two" in note


@pytest.mark.parametrize(
    ("text", "counts"),
    [("10, 100", (10, 100)), ("7", (7,)), ("abc", None), ("", None), ("1,,2", None), ("-1", None)],
)
def test_counts_are_read(text: str, counts: tuple[int, ...] | None) -> None:
    from app.views.build import counts_of

    assert counts_of(text) == counts


def test_build_refuses_counts_in_a_sentence(page: Page) -> None:
    test = page("build", method="wordnet-k")
    for wrong in ("ten", "100,10", "0", "5000", ""):
        test.text_input(key="counts_1000").set_value(wrong).run()
        next(button for button in test.button if button.label == "Build").click().run()
        assert not test.exception
        assert test.error, wrong
        assert "--k" not in test.error[0].value


def test_the_address_opens_a_cell_of_the_heatmap(page: Page) -> None:
    test = page(
        "compare", a="toys", b="crossed", show="Heatmap", levels="mid / mid", ribbon="a2-b1"
    )
    assert not test.exception
    inside = next(frame.value for frame in test.dataframe if list(frame.value) == ["class", "key"])
    assert list(inside["class"]) == ["teapot", "mug"]


@pytest.fixture
def studied(served: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A served study of three encoders that agree on four groups."""
    from hierlab.study.grid import StudyGrid
    from hierlab.study.run import run_study

    monkeypatch.setenv("HIERLAB_CACHE", str(served / "cache"))
    names = [f"class {number}" for number in range(24)]
    (served / "classes.txt").write_text("\n".join(names))
    for number in range(3):
        noise = np.random.default_rng(number).standard_normal((24, 6))
        vectors = np.eye(6)[np.repeat(np.arange(4), 6)] + 0.2 * noise
        np.savez(served / f"e{number}.npz", vectors=vectors)
    grid = StudyGrid(
        encoders=tuple(str(served / f"e{number}.npz") for number in range(3)),
        methods=("ward", "kmeans"),
        k=(4, 6),
        seeds=(0, 1),
        classes=str(served / "classes.txt"),
    )
    run_study(grid, served / "studies" / "mine")
    return served


def test_a_study_is_shown_from_all_sides(page: Page, studied: Path) -> None:
    for view in ("Answer", "Encoders", "Axes", "Variance"):
        test = page("stability", study="mine", part=view, k="6")
        assert not test.exception, view
        assert not test.error, view
    assert list((studied / "cache").glob("study-*.json"))  # the next visitor need not wait


@pytest.mark.parametrize(
    ("view", "figure", "column"),
    [
        ("Encoders", "encoders", "ARI"),
        ("Axes", "axis_heatmap", "what differs"),
        ("Axes", "axes", "worst pair"),
        ("Variance", "shares", "share in %"),
    ],
)
def test_every_figure_of_a_study_has_its_table(
    page: Page, studied: Path, view: str, figure: str, column: str
) -> None:
    test = page("stability", study="mine", part=view)
    test.session_state[f"{figure}_table_open"] = True
    test.run()
    assert not test.exception
    assert any(column in frame.value.columns for frame in test.dataframe)


def test_the_address_opens_two_partitions(page: Page, studied: Path) -> None:
    test = page("stability", study="mine", part="Encoders", pair="0-1")
    assert not test.exception
    agreement = next(frame.value for frame in test.dataframe if "ARI" in frame.value)
    assert agreement.loc[0, "ARI"] > 0.9
    test.button[0].click().run()
    assert not test.exception
    names = [heading for heading in words(test).splitlines() if heading.startswith("A: **")]
    assert names
    by_name = page("stability", study="mine", part="Encoders", pair="e0 ~ e1")
    assert names[0] in words(by_name)
    assert str(studied) not in words(by_name)  # files of the server are told by their names
    for wrong in ("0-0", "9-1", "x", "1", "²-1", "e0 ~ e0", "e0 ~ e9"):
        test = page("stability", study="mine", part="Encoders", pair=wrong)
        assert not test.exception
        assert "Click a cell" in words(test)


def test_a_study_answers_in_a_sentence_and_a_picture(page: Page) -> None:
    test = page("stability", study="clip")
    folded = next(one for one in test.expander if one.label.startswith("All that the study tells"))
    more = int(re.findall(r"in (\d+) more", folded.label)[0])
    assert len(folded.markdown) == more > 5
    assert len(test.markdown) - len(folded.markdown) <= 2  # one, and what follows a class
    assert len(test.get("plotly_chart")) == 1


def test_stability_without_a_study_says_how_to_get_one(page: Page) -> None:
    test = page("stability")
    assert not test.exception
    assert "hierlab study" in words(test) or test.selectbox(key="study").options


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_curves_draw_a_served_table(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "mine.csv").write_text(RESULTS)
    test = page("curves", results="mine")
    assert not test.exception
    assert not test.error
    gains = next(frame.value for frame in test.dataframe if "codec" in frame.value.columns[:1])
    assert set(gains["codec"]) == {"ours", "webp"}
    assert "3 photographs" in words(test)


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_curves_draw_what_they_mark(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "few.csv").write_text(RESULTS)
    other = RESULTS.replace("ours,", "theirs,") + RESULTS.partition("\n")[2].replace("webp", "avif")
    (served / "results" / "many.csv").write_text(other)
    test = page("curves", results="few")
    for name, known in (
        ("many", {"theirs", "webp", "ours", "avif"}),
        ("few", {"ours", "webp"}),
        ("many", {"theirs", "webp", "ours", "avif"}),
    ):
        test.selectbox(key="results").set_value(name).run()
        assert not test.exception
        assert drawn(test) == known
        pills = test.button_group(key="codecs").proto
        assert pills.set_value  # else the browser would keep the marks of the former table
        assert set(pills.raw_values) == known
    test.button_group(key="codecs").set_value(["webp", "ours"]).run()
    assert drawn(test) == {"webp", "ours"}
    test.selectbox(key="results").set_value("few").run()  # has both: the choice stays
    assert drawn(test) == {"webp", "ours"}


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_curves_draw_tables_in_gzip(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "packed.csv.gz").write_bytes(gzip.compress(RESULTS.encode()))
    test = page("curves", results="packed")
    assert not test.exception
    assert drawn(test) == {"ours", "webp"}
    names = test.selectbox(key="results").options
    assert {"photographs", "kodak", "packed"} <= set(names)  # the shipped ones too
    own = gzip.compress(RESULTS.replace("ours,", "theirs,").encode())
    upload = ("r.csv.gz", own, "application/gzip")
    test.file_uploader(key="results_file").set_value(upload).run()
    assert not test.exception
    assert test.selectbox(key="results").value == "my r.csv.gz"
    assert drawn(test) == {"theirs", "webp"}


def test_curves_say_which_codecs_have_fewer_photographs(page: Page) -> None:
    test = page("curves", results="photographs")
    assert not test.exception
    told = next(caption.value for caption in test.caption if caption.value.startswith("Means over"))
    assert told.startswith("Means over 500 photographs (vvc 132) with")


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_curves_open_on_our_codec_and_the_conventional_ones(page: Page) -> None:
    test = page("curves", results="photographs")
    known = set(test.button_group(key="codecs").options)
    assert drawn(test) == known & {*OURS, *CONVENTIONAL} < known
    config = json.loads(test.get("plotly_chart")[0].proto.config)
    assert config["toImageButtonOptions"]["format"] == "svg"
    columns = json.loads(test.dataframe[-1].proto.columns)
    formats = {name: (one.get("type_config") or {}).get("format") for name, one in columns.items()}
    assert formats["BD-PSNR over jpeg, dB"] == "%.2f"  # one number of decimals a column


def drawn(test: AppTest) -> set[str]:
    """Names of the curves."""
    return {trace["name"] for trace in json.loads(test.get("plotly_chart")[0].proto.spec)["data"]}


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_curves_draw_ms_ssim(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "mine.csv").write_text(RESULTS)
    test = page("curves", results="mine", diagram="MS-SSIM")
    assert not test.exception
    title = json.loads(test.get("plotly_chart")[0].proto.spec)["layout"]["title"]["text"]
    assert title == "MS-SSIM (0 to 1) against bits per pixel"
    assert drawn(test) == {"ours", "webp"}


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_own_results_are_chosen_by_name_and_left_again(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "few.csv").write_text(RESULTS)
    test = page("curves", results="few")
    own = RESULTS.replace("ours,", "theirs,").encode()
    test.file_uploader(key="results_file").set_value(("r.csv", own, "text/csv")).run()
    assert not test.exception
    assert test.selectbox(key="results").value == "my r.csv"
    assert drawn(test) == {"theirs", "webp"}
    assert test.query_params["results"] in ("my r.csv", ["my r.csv"])
    test.selectbox(key="results").set_value("few").run()
    assert drawn(test) == {"ours", "webp"}
    test.file_uploader(key="results_file").set_value(("r.txt", own, "text/plain")).run()
    assert r"r\.txt: This is not a file of these kinds" in test.warning[0].value
    test = page("curves", results="my r.csv")  # a colleague's, or after a reload
    assert r"asks for the table of results my r\.csv, which is not here" in test.warning[0].value
    test.toggle(key="log").set_value(False).run()
    assert test.warning  # it stays until another table is chosen
    test.selectbox(key="results").set_value("few").run()
    assert not test.warning


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_the_original_is_no_codec_to_choose() -> None:
    from app.data.results import read_results

    original = "clean,i0,0,24000,23.4,99.0,1,1,1,1\n"
    results = read_results((RESULTS + original).encode())
    assert results.panels[0].clean == 100
    assert results.subjects == ("ours", "webp")


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
@pytest.mark.parametrize("wrong", ["", "a,b\n1,2\n", "\x00\x01", RESULTS[:96], RESULTS + "x,y\n"])
def test_curves_refuse_what_is_no_results_table(page: Page, served: Path, wrong: str) -> None:
    (served / "results").mkdir()
    (served / "results" / "bad.csv").write_text(wrong)
    test = page("curves", results="bad")
    assert not test.exception
    assert test.error or test.info


def stage(test: AppTest) -> dict[str, Any]:
    """What the browser is given to draw on the Codec page."""
    return given(test, "cuts")


def given(test: AppTest, part: str) -> dict[str, Any]:
    """What the browser is given for the component whose data have this part."""
    everything = [json.loads(one.proto.json) for one in test.get("bidi_component")]
    return next(dict(one) for one in everything if part in one)


def end_of(test: AppTest, level: str) -> int:
    """Bytes at which a level is told."""
    return next(int(one["end"]) for one in stage(test)["levels"] if one["name"] == level)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_the_codec_page_keeps_the_bytes_of_the_address(page: Page) -> None:
    test = page("codec", photo="chelsea", bytes="700", against="JPEG")
    assert not test.exception
    assert not test.error
    assert test.number_input(key="bytes").value == 700
    assert "Decoded from 700 of" in words(test)
    told = stage(test)
    assert told["size"] == 700
    assert 700 in [cut["bytes"] for cut in told["cuts"]]
    assert len(told["cuts"]) >= 24  # decoded beforehand, so that the slider is live
    assert [cut["bytes"] for cut in told["cuts"]] == sorted({cut["bytes"] for cut in told["cuts"]})
    assert told["beside"]["name"] == "JPEG"
    fits = [one["bytes"] for one in told["beside"]["entries"] if one["bytes"] <= 2000]
    assert fits
    # A JPEG would add losses of its own.
    pictures = (*told["cuts"], *told["beside"]["entries"])
    assert {one["src"].partition(",")[0] for one in pictures} == {"data:image/png;base64"}
    # The answer to the original stands beside those at each cut, and both in words.
    assert len(told["original"]) == len(told["cuts"][-1]["answers"]) == 3
    sure = r"- coarse: sure of \*other mammal\* from \*\*[\d,]+ bytes\*\*; AVIF needs"
    assert re.search(sure, words(test))
    assert "nor of the original" in words(test)  # what is not sure is told, with how it was before
    # Explore opens on the map that this codec was trained for.
    name = "clip-seven-10-100-1000"
    assert f"Label map: **{in_markdown(name)}** ([explore it](./?map={name}))" in words(test)
    assert page("explore").selectbox(key="map").value == name
    for who in classifiers_here():
        test = page("codec", photo="chelsea", bytes="700", classifier=who)
        assert f"Classifier: {in_markdown(who)}." in words(test)
    test.button(key="to_mid").click().run()
    assert not test.exception
    assert test.number_input(key="bytes").value == end_of(test, "mid")
    assert f"Decoded from {end_of(test, 'mid'):,} of" in words(test)
    for wrong in ("0", "99999999", "x", "-1"):
        test = page("codec", photo="chelsea", bytes=wrong)
        assert test.number_input(key="bytes").value == end_of(test, "coarse")


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_shipped_photographs_stand_in_a_strip_and_the_failure_says_so(page: Page) -> None:
    test = page("codec", bytes="300")
    assert not test.exception
    told = given(test, "photographs")
    names = [one["name"] for one in told["photographs"]]
    assert names == list(photos()) == list(test.selectbox(key="photo").options)
    assert told["chosen"] == names[0]
    assert "- coarse: sure of" in words(test)  # the page opens on one for which it holds
    marks = {one["name"]: one["mark"] for one in told["photographs"] if one["mark"]}
    [failure] = [photo for photo in shipped_photos().values() if photo.example == "failure"]
    assert marks == {f"{failure.title} (a failure)": "a failure"}
    test.selectbox(key="photo").set_value(next(iter(marks))).run()
    assert not test.exception
    assert given(test, "photographs")["chosen"] == next(iter(marks))
    assert f"Photograph by [{in_markdown(failure.author)}]({failure.url}), CC-BY-2.0" in words(test)
    assert "**A failure**" in words(test)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_a_searched_file_has_stages_of_its_own(
    page: Page, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (served / "photos").mkdir()
    (served / "photos" / "aaa.png").write_bytes(small_cat())
    monkeypatch.setattr("app.codec_page.page.EFFORT", 1)  # as the search does, but soon
    ends = []
    for asked in ({}, {"search": "true"}, {"search": "true", "side": "512"}):
        test = page("codec", photo="aaa", **asked)
        assert not test.exception
        assert not test.error
        ends.append(end_of(test, "coarse"))
    assert ends[0] == ends[2] != ends[1]
    assert test.toggle(key="search").disabled


def small_cat() -> bytes:
    """A photograph of few pixels, which is decoded soon."""
    stream = io.BytesIO()
    with Image.open(photos()["chelsea"]) as picture:
        picture.resize((96, 64)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_own_photographs_and_files_are_chosen_by_name(
    page: Page, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (served / "photos").mkdir()
    (served / "photos" / "aaa.png").write_bytes(small_cat())
    monkeypatch.setenv("HIERLAB_CACHE", str(served / "cache"))
    test = page("codec", photo="aaa", bytes="300")
    assert not test.exception
    assert test.number_input(key="bytes").value == 300
    with Image.open(io.BytesIO(small_cat())) as picture:
        stream = io.BytesIO()
        picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(stream, "PNG")
    test.toggle(key="photo_keep").set_value(True)
    test.file_uploader(key="photo_file").set_value(("cat.png", stream.getvalue(), "")).run()
    assert not test.exception
    own = str(test.selectbox(key="photo").value)
    assert re.fullmatch(r"my cat\.png ~[0-9a-f]{16}", own)
    # A place in one file says nothing of another: the first level's end, as at the start.
    first, mid = end_of(test, "coarse"), end_of(test, "mid")
    assert test.number_input(key="bytes").value == first != 300
    again = page("codec", photo=own, bytes="280")  # kept on the server: a second tab
    assert again.selectbox(key="photo").value == own
    assert "Decoded from 280 of" in words(again)
    machine = load_machine(CHECKPOINTS / f"{test.selectbox(key='codec').value}.safetensors")
    blob = encode(machine, shrunk(stream.getvalue(), 256)[0])
    test.selectbox(key="photo").set_value("aaa").run()  # it is not dead
    assert not test.exception
    assert stage(test)["total"] != len(blob)

    cut = blob[: len(blob) // 2]
    test.toggle(key="photo_keep").set_value(False)
    test.file_uploader(key="photo_file").set_value(("cut.c2f", cut, "")).run()
    assert not test.exception
    assert test.selectbox(key="photo").value == "my cut.c2f"
    assert stage(test)["beside"] is None
    labels = [one.proto.label for one in test.get("download_button")]
    assert f"Uploaded, cut .c2f ({len(cut):,} bytes)" in labels
    assert f"the whole file had {len(blob):,}" in words(test)
    assert "of 9 stages whole" in words(test)

    wrong = bytearray(blob)
    wrong[mid - 9] ^= 255  # in the stage at which the mid level ends
    test.file_uploader(key="photo_file").set_value(("wrong.c2f", bytes(wrong), "")).run()
    assert not test.error  # the first stage alone is asked for
    test.button(key="to_fine").click().run()
    assert not test.exception
    assert "damaged in stage 5 of 9" in test.error[0].value
    assert not re.search(r"\b[0-9a-f]{8}\b", words(test))
    wrong[first - 9] ^= 255
    test.file_uploader(key="photo_file").set_value(("bad.c2f", bytes(wrong), "")).run()
    assert "damaged in its first stage" in test.error[0].value

    test.file_uploader(key="photo_file").set_value(("a.gif", b"GIF89a", "image/gif")).run()
    assert r"a\.gif: This is not a file of these kinds" in test.warning[0].value
    test = page("codec", photo="my cat.png")
    assert r"asks for the photograph my cat\.png, which is not here" in test.warning[0].value


def pictures() -> dict[str, bytes]:
    """What a careless reader shows otherwise: 16 bits of grey, see-through, turned by its EXIF."""
    ramp = np.arange(32 * 48).reshape(32, 48)
    grey = Image.fromarray((ramp * 20 + 10_000).astype(np.uint16))
    colours = np.stack([ramp % 256, ramp // 7 % 256, ramp // 3 % 256, ramp // 6 % 256], -1)
    clear = Image.fromarray(colours.astype(np.uint8), "RGBA")
    turned = clear.convert("RGB").getexif()
    turned[0x0112] = 6
    files = {}
    for name, picture, options in (
        ("grey", grey, {}),
        ("clear", clear, {}),
        ("turned", clear.convert("RGB"), {"exif": turned}),
    ):
        stream = io.BytesIO()
        picture.save(stream, "PNG", **options)
        files[name] = stream.getvalue()
    return files


@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_a_picture_is_read_as_the_command_reads_it(page: Page, served: Path) -> None:
    (served / "photos").mkdir()
    (served / "photos" / "aaa.png").write_bytes(small_cat())
    test = page("codec", photo="aaa")
    machine = load_machine(CHECKPOINTS / f"{test.selectbox(key='codec').value}.safetensors")
    for name, content in pictures().items():
        test.file_uploader(key="photo_file").set_value((f"{name}.png", content, "")).run()
        assert not test.exception
        assert test.selectbox(key="photo").value == f"my {name}.png"
        shown = base64.b64decode(stage(test)["beside"]["entries"][0]["src"].partition(",")[2])
        right = read_picture(io.BytesIO(content)).bytes_rgb
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(shown))), right)
        assert stage(test)["total"] == len(encode(machine, right))


def test_codec_without_its_packages_says_how_to_get_them(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [])  # nothing that is not loaded yet can be found
    monkeypatch.delitem(sys.modules, "constriction", raising=False)
    for name in ("codec", "curves"):
        test = page(name)
        assert not test.exception
        assert "pip install" in words(test)


def test_the_frame_opens_on_explore(served: Path, repository: Path) -> None:
    test = AppTest.from_file(str(repository / "app" / "main.py"), default_timeout=600).run()
    assert not test.exception
    assert test.header[0].value == "Explore"
