"""The other pages, without a browser."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

Page = Callable[..., AppTest]
HAS_CODEC = importlib.util.find_spec("torch") is not None
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
    assert test.dataframe[0].value.loc[0, "ARI"] == 1


def test_the_address_opens_a_ribbon(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", ribbon="a2-b1")
    assert not test.exception
    inside = next(frame.value for frame in test.dataframe if list(frame.value) == ["class", "key"])
    assert list(inside["class"]) == ["teapot", "mug"]


def test_a_cluster_is_shown_with_the_other_side(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", ribbon="b1")
    inside = next(frame.value for frame in test.dataframe if "in A" in frame.value)
    assert "in B" not in inside  # it stands in the title
    assert set(inside["in A"]) == {"dog", "vessel"}


@pytest.mark.parametrize("wrong", ["a9-b9", "b1-a2", "x", "a" * 300, "a1-b1-b1"])
def test_an_address_that_names_no_ribbon_asks_for_one(page: Page, wrong: str) -> None:
    test = page("compare", a="toys", b="crossed", ribbon=wrong)
    assert not test.exception
    assert "Click a ribbon" in words(test)


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


def test_build_refuses_counts_in_a_sentence(page: Page) -> None:
    test = page("build", method="wordnet-k")
    for wrong in ("ten", "100,10", "0", "5000", ""):
        test.text_input(key="counts_1000").set_value(wrong).run()
        next(button for button in test.button if button.label == "Build").click().run()
        assert not test.exception
        assert test.error, wrong


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
    for wrong in ("0-0", "9-1", "x", "1", "²-1"):
        test = page("stability", study="mine", part="Encoders", pair=wrong)
        assert not test.exception
        assert "Click a cell" in words(test)


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
def test_the_original_is_no_codec_to_choose() -> None:
    from app.results import read_results

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


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_the_codec_page_keeps_the_bytes_of_the_address(page: Page) -> None:
    test = page("codec", photo="coffee", bytes="700", peers="jpeg")
    assert not test.exception
    assert not test.error
    assert test.slider(key="bytes").value == 700
    assert "Decoded from 700 of" in words(test)
    assert "Sure means" in words(test)
    assert "JPEG: " in words(test)
    shown = [one.url for group in test.image for one in group.proto.imgs]
    assert len(shown) >= 3
    assert all(url.endswith(".png") for url in shown)  # a JPEG would add losses of its own
    test.button(key="to_mid").click().run()
    assert not test.exception
    assert f"Decoded from {test.slider(key='bytes').value:,} of" in words(test)
    for wrong in ("0", "99999999", "x", "-1"):
        assert not page("codec", photo="coffee", bytes=wrong, peers="jpeg").exception


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CODEC, reason="PyTorch is not installed: pip install 'hierlab[codec]'")
def test_a_searched_file_has_stages_of_its_own(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.codec.EFFORT", 1)  # as the search does, but soon
    ends = []
    for asked in ({}, {"search": "true"}, {"search": "true", "side": "512"}):
        test = page("codec", photo="coffee", peers="jpeg", **asked)
        assert not test.exception
        assert not test.error
        ends.append(test.button(key="to_coarse").label)
    assert ends[0] != ends[1]
    assert test.toggle(key="search").disabled


def test_codec_without_its_packages_says_how_to_get_them(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.coding.CODEC_PACKAGES", ("no_such_package",))
    for name in ("codec", "curves"):
        test = page(name)
        assert not test.exception
        assert "pip install" in words(test)


def test_the_frame_opens_on_explore(served: Path, repository: Path) -> None:
    test = AppTest.from_file(str(repository / "app" / "main.py"), default_timeout=600).run()
    assert not test.exception
    assert test.header[0].value == "Explore"
