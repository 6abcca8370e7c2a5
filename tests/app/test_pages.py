"""The other pages, without a browser."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

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
    inside = next(frame.value for frame in test.dataframe if "in B" in frame.value)
    assert list(inside["class"]) == ["teapot", "mug"]


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


def test_build_refuses_counts_in_a_sentence(page: Page) -> None:
    test = page("build", method="wordnet-k")
    for wrong in ("ten", "100,10", "0", "5000", ""):
        test.text_input(key="counts_1000").set_value(wrong).run()
        next(button for button in test.button if button.label == "Build").click().run()
        assert not test.exception
        assert test.error, wrong


def test_stability_without_a_study_says_how_to_get_one(page: Page) -> None:
    test = page("stability")
    assert not test.exception
    assert "hierlab study" in words(test) or test.selectbox(key="study").options


@pytest.mark.skipif(not HAS_CODEC, reason="the codec extra is not installed")
def test_curves_draw_a_served_table(page: Page, served: Path) -> None:
    (served / "results").mkdir()
    (served / "results" / "mine.csv").write_text(RESULTS)
    test = page("curves", results="mine")
    assert not test.exception
    assert not test.error
    gains = next(frame.value for frame in test.dataframe if "codec" in frame.value.columns[:1])
    assert set(gains["codec"]) == {"ours", "webp"}
    assert "3 photographs" in words(test)


@pytest.mark.skipif(not HAS_CODEC, reason="the codec extra is not installed")
@pytest.mark.parametrize("wrong", ["", "a,b\n1,2\n", "\x00\x01", RESULTS[:96], RESULTS + "x,y\n"])
def test_curves_refuse_what_is_no_results_table(page: Page, served: Path, wrong: str) -> None:
    (served / "results").mkdir()
    (served / "results" / "bad.csv").write_text(wrong)
    test = page("curves", results="bad")
    assert not test.exception
    assert test.error or test.info


def test_codec_without_its_packages_says_how_to_get_them(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.coding.CODEC_PACKAGES", ("no_such_package",))
    for name in ("codec", "curves"):
        test = page(name)
        assert not test.exception
        assert "pip install" in words(test)


def test_the_frame_opens_on_explore(served: Path, repository: Path) -> None:
    test = AppTest.from_file(str(repository / "app" / "main.py"), default_timeout=120).run()
    assert not test.exception
    assert test.header[0].value == "Explore"
