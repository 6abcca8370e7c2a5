"""One class on every page: what the address asks for is told."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.components.followed_class import class_name, photos_of

Page = Callable[..., AppTest]
TABBY, BUS = {"class": "n02123045"}, {"class": "n04146614"}
needs_codec = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'hierlab[codec]'",
)
CARRIED = """
import streamlit as st
from app.address import carry
from app.components.followed_class import followed
carry(st.session_state.get("page", "one"))
st.markdown(str(followed()))
"""


def words(test: AppTest) -> str:
    blocks = (*test.markdown, *test.caption, *test.info, *test.error, *test.warning)
    return "\n".join(block.value for block in blocks)


def test_another_page_keeps_the_class_and_the_same_page_may_leave_it() -> None:
    test = AppTest.from_string(CARRIED)
    test.query_params["class"] = "n02123045"
    test.run()
    del test.query_params["class"]  # the menu leads on with an empty address
    test.session_state["page"] = "two"
    test.run()
    assert test.markdown[0].value == "n02123045"
    assert test.query_params["class"] in ("n02123045", ["n02123045"])
    del test.query_params["class"]
    test.run()
    assert test.markdown[0].value == "None"
    test.session_state["page"] = "one"
    test.run()
    assert test.markdown[0].value == "None"


def test_compare_says_where_it_went_and_opens_its_ribbon(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid", **BUS)
    assert not test.exception
    assert "**bus**: in A *car*, in B *hard*; it went with most" in words(test)
    inside = next(one.value for one in test.dataframe if list(one.value) == ["class", "key"])
    assert list(inside["key"]) == ["n04146614", "n02930766"]
    lost = page("compare", a="toys", b="crossed", **{"class": "n99"})
    assert "is not a class of both maps" in words(lost)


def test_a_search_follows_a_class_and_leaves_it_again(page: Page) -> None:
    test = page("compare", a="toys", b="crossed", levels="mid / mid")
    test.text_input(key="follow_find").set_value("beagle").run()
    test.button(key="follow_n02088364").click().run()
    assert not test.exception
    assert "**beagle**: in A *dog*, in B *soft*" in words(test)
    assert test.query_params["class"] in ("n02088364", ["n02088364"])
    test.button(key="follow_none").click().run()
    assert "**beagle**" not in words(test)
    test.text_input(key="follow_find").set_value("zeppelin").run()
    assert "No class here is called zeppelin" in words(test)


def test_stability_marks_how_sure_it_is(page: Page) -> None:
    test = page("stability", part="Confidence", **TABBY)
    assert not test.exception
    assert "% of the runs" in words(test)
    layout = json.loads(test.get("plotly_chart")[0].proto.spec)["layout"]
    assert [one["text"] for one in layout["annotations"]] == ["tabby cat"]


def test_build_says_where_it_stands_in_the_new_map(page: Page) -> None:
    test = page("build", method="wordnet-k", beside="toys", **TABBY)
    test.button(key="build_go").click().run()
    assert not test.exception
    assert "**tabby cat** stands in coarse: *vertebrate*" in words(test)


@needs_codec
def test_curves_draw_its_photographs_alone(page: Page, served: Path) -> None:
    lines = ["subject,image,cut,bytes,rate_bpp,psnr_db,correct_coarse,agree_coarse"]
    for image, base in (("n02123045_a.webp", 20), ("n02123045_b.webp", 22), ("n0_c.webp", 40)):
        lines += [f"ours,{image},{cut},{cut},{cut / 8192},{base},1,1" for cut in (400, 800, 1600)]
    (served / "results").mkdir()
    (served / "results" / "mine.csv").write_text("\n".join(lines))
    test = page("curves", results="mine", diagram="PSNR", only="true", **TABBY)
    assert not test.exception
    assert test.toggle(key="only").label == "Only 2 photographs of tabby cat"
    (trace,) = json.loads(test.get("plotly_chart")[0].proto.spec)["data"]
    assert list(trace["y"]) == [21, 21, 21]
    lost = page("curves", results="mine", **BUS)
    assert "No photograph of **school bus** is in this table" in words(lost)


@needs_codec
def test_codec_opens_its_photograph_and_draws_its_curve(page: Page) -> None:
    (photo,) = photos_of("n02123045")
    test = page("codec", side="256", **TABBY)
    assert not test.exception
    assert test.selectbox(key="photo").value == photo
    assert "This photograph shows **tabby cat**" in words(test)
    titles = [
        json.loads(one.proto.spec)["layout"]["title"]["text"] for one in test.get("plotly_chart")
    ]
    assert any("How sure tabby cat is" in title for title in titles)
    other = page("codec", side="256", photo="coffee", **TABBY)
    assert "Another photograph shows **tabby cat**" in words(other)
    other.button(key="photo_of_class").click().run()
    assert other.selectbox(key="photo").value == photo


def test_names_are_those_of_people() -> None:
    assert class_name("n02123045") == "tabby cat"
    assert class_name("zzz") == "zzz"
