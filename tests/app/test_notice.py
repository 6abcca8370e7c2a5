"""What an address asks for in vain is told, in one notice that moves nothing."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.address import PAGES, Choice, Place
from hierlab import LabelMap

Page = Callable[..., AppTest]
needs_codec = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'hierlab[codec]'",
)
# What must be chosen for a choice to be there at all.
BESIDES = {
    "explore": {"map": "toys"},
    "compare": {"a": "toys", "b": "crossed"},
    "stability": {},
    "build": {"classes": "imagenet-1k"},
}
# These take any text, or are there only in other views (tried below) or with files of one's own.
FREE = {"find", "counts_…", "by_wordnet", "encoder", "own_encoder", "own_encoders", "only", "study"}
LATER = {"k": "Axes", "grid": "Encoders", "pair": "Encoders"}
LATER |= {"sure_map": "Confidence", "sure_level": "Confidence"}
WRONG = "zzz9"


def notices(test: AppTest) -> list[str]:
    assert not test.exception
    return [str(one.value) for one in test.warning if one.icon == ":material/info:"]


def notice(test: AppTest) -> str:
    """The notice; it must be one."""
    (told,) = notices(test)
    return told


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (page, one.name)
        for page in BESIDES
        for one in PAGES[page]
        if one.name not in FREE and isinstance(one, Choice | Place)
    ],
)
def test_every_parameter_that_is_not_taken_is_told(page: Page, name: str, key: str) -> None:
    asked = BESIDES[name] | ({"part": LATER[key]} if key in LATER else {}) | {key: WRONG}
    if key == "ribbon":
        asked["levels"] = "mid / mid"
    if key == "seed":
        asked["method"] = "kmeans"
    told = notice(page(name, **asked))
    assert f" {WRONG}, which is not here; " in told
    assert told.endswith("shown.")


@needs_codec
@pytest.mark.parametrize("key", ["codec", "photo", "side", "search", "through", "against", "bytes"])
def test_the_codec_page_tells_it(page: Page, key: str) -> None:
    assert f" {WRONG}, which is not here; " in notice(page("codec", **{key: WRONG}))


def test_one_notice_tells_all_and_is_closed(page: Page) -> None:
    test = page("explore", map="toys", level="fine", view="foo", lvl="3")
    told = notice(test)
    assert told.startswith(
        "The address asks for the lvl 3, the level fine and the view foo, which are not here; "
        "coarse and Treemap are shown."
    )
    assert r"Explore has no lvl\." in told
    assert "The level fine has a cluster for each class" in told
    assert "lvl" not in test.query_params
    test.button_group(key="view").set_value("Icicle").run()
    assert "foo" not in notice(test)  # something else has been chosen
    test.button(key="notice_close").click().run()
    assert not notices(test)


def test_an_address_that_is_taken_tells_nothing(page: Page) -> None:
    test = page(
        "explore", map="toys", level="mid", view="Icicle", find="mug", cluster="mid@n02123045"
    )
    assert not test.warning
    assert not page("compare", a="toys", b="crossed", levels="mid / mid", show="Sizes").warning


def test_a_refused_file_is_named_in_the_notice(page: Page, nested: LabelMap) -> None:
    test = page("explore", map="toys")
    test.file_uploader(key="map_file").set_value(("my_map.txt", b"{}", "text/plain")).run()
    assert notice(test) == r"my\_map\.txt: This is not a file of these kinds\: json\."
    test.file_uploader(key="map_file").set_value(("b.json", b"{}", "application/json")).run()
    assert notice(test).startswith(r"b\.json: This is not a label map")
    good = ("toys.json", nested.renamed("mine").encode(), "application/json")
    test.file_uploader(key="map_file").set_value(good).run()
    assert not notices(test)
    test = page("build", classes="my own list")
    test.file_uploader(key="class_file").set_value(("a.pdf", b"x", "application/pdf")).run()
    assert test.error[0].value.startswith(r"a\.pdf: A class list is")
