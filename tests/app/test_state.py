"""The address is the state: after any choices, whoever opens it sees the same page."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.address import PAGES
from app.data.data_dir import photos

needs_codec = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'hierlab[codec]'",
)
VIEWS = ("Answer", "Encoders", "Axes", "Variance", "Confidence")
Page = Callable[..., AppTest]
CHOICES = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking would run pages for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EXPLORE = (
    ("map", ("toys", "crossed")),
    ("view", ("Treemap", "Icicle", "Sizes")),
    ("level", ("coarse", "mid")),
    ("find", ("", "tabby", "mug", "nothing")),
)
COMPARE = (
    ("a", ("toys", "crossed")),
    ("b", ("crossed", "toys")),
    ("levels", ("coarse / coarse", "mid / mid")),
    ("show", ("Ribbons", "Who moved", "Heatmap", "Sizes")),
)
BUILD = (
    ("classes", ("my own list", "imagenet-1k")),
    ("method", ("consensus", "kmeans", "wordnet-k")),
    ("encoder", ("RN50:openai@80", "ViT-B-32:openai@a")),
    ("encoders", (["ViT-B-32:openai@a"], ["RN50:openai@80", "ViT-B-32:openai@a"])),
    ("counts_1000", ("5,50,1000", "abc")),
    ("seed", (0, 7)),
    ("beside", ("toys", "crossed")),
)
STABILITY = (
    ("part", VIEWS),
    ("sure_level", ("coarse", "mid")),
)
CURVES = (
    ("results", ("kodak", "photographs")),
    ("log", (True, False)),
    ("anchor", ("webp", "avif")),
    ("reach", (10, 55)),
    ("codecs", (["webp"], ["avif", "jpeg"])),
)
BATCH = (
    ("source", ("Your own", "Served here")),
    ("batch_side", (256, 512)),
    ("count", (1, 3)),
)
CODEC = (
    ("photo", ("aaa", "bbb", "n02123045_cat")),
    ("side", (256, 384)),
    ("against", ("original", "JPEG", "WebP")),
    ("bytes", (200, 300, 10**6)),
    ("through", ("toys", "crossed")),
    ("search", (True, False)),
    ("press", tuple(range(6))),
    ("follow_find", ("tabby",)),
)
CHOSEN = (
    *("selectbox", "select_slider", "text_input", "button_group", "toggle"),
    *("multiselect", "number_input", "slider"),
)
NAMED = ("cluster", "class", "ribbon")
# Buttons that lead somewhere.
WAYS = ("jump_", "found_", "class_", "to_", "follow_n", "photo_of_class")


def pairs(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> st.SearchStrategy[Any]:
    """Some of the choices, in any order and any number of times; a press of a button in between."""
    one = st.sampled_from([(key, value) for key, values in choices for value in values])
    press = st.tuples(st.just("press"), st.integers(0, 40))
    return st.lists(st.one_of(one, press), min_size=1, max_size=5)


def choose(test: AppTest, key: str, value: Any) -> None:
    """Do what a visitor does: choose a value, or press one of the buttons that lead somewhere."""
    if key == "press":
        ways = [one for one in test.button if (one.key or "").startswith(WAYS)]
        if isinstance(value, str):
            test.button(key=value).click().run()
        elif ways:
            ways[value % len(ways)].click().run()
        return
    for kind in CHOSEN:
        for part in getattr(test, kind):
            options = [str(one) for one in getattr(part, "options", None) or ()]
            several = value if isinstance(value, list) else [value]
            known = not options or {str(one) for one in several} <= set(options)
            if part.key == key and known and not part.disabled:
                part.set_value(value).run()
                return


def seen(test: AppTest) -> dict[str, Any]:
    """All that a page says and what is chosen in it."""
    assert not test.exception
    kinds = ("markdown", "caption", "info", "warning", "error")
    words = [(kind, one.value) for kind in kinds for one in getattr(test, kind)]
    chosen = [
        (one.key, one.value)
        for kind in CHOSEN
        for one in getattr(test, kind)
        if one.key and not one.key.startswith("follow")
    ]
    tables = [table.value.to_csv() for table in test.dataframe]
    drawn = [one.proto.spec for one in test.get("plotly_chart")]
    drawn += [one.proto.json for one in test.get("bidi_component")]
    return {"words": words, "chosen": sorted(map(str, chosen)), "tables": tables, "drawn": drawn}


def default_of(part: Any) -> Any:
    """What a widget shows where the address says nothing of it."""
    default = part.proto.default
    if part.type in ("multiselect", "button_group"):
        chosen = [part.options[one] for one in default]
        return chosen if isinstance(part.value, list) else (chosen or [None])[0]
    if part.type == "select_slider":
        return part.options[int(default[0])]
    if part.type == "selectbox":
        return part.options[default]
    return default[0] if part.type == "slider" else default


class Browser:
    """What stands in the address: what the page wrote, and the widgets that the browser writes.

    It writes a widget's value when that changes, and takes out one that is at its default; another
    default alone changes nothing.
    """

    def __init__(self, test: AppTest, **address: Any) -> None:
        self.widgets: dict[str, Any] = {}
        self.written = address
        self.look(test)

    def look(self, test: AppTest) -> None:
        """Do what a browser does after a run of the page."""
        found = {}
        for kind in CHOSEN:
            for one in getattr(test, kind):
                if name := one.proto.query_param_key:
                    found[name] = one.value
                    self._write(name, one)
        for name in self.widgets.keys() - found.keys():
            self.written.pop(name, None)
        self.widgets = found
        self.own = {
            key: value[0] if isinstance(value, list) and len(value) == 1 else value
            for key, value in test.query_params.items()
            if key not in found
        }

    def _write(self, name: str, one: Any) -> None:
        value, default = one.value, default_of(one)
        if name in self.widgets and str(self.widgets[name]) == str(value):
            return
        if str(value) == str(default):
            self.written.pop(name, None)
        elif isinstance(value, bool):
            self.written[name] = str(value).lower()
        elif isinstance(value, list):
            self.written[name] = [str(part) for part in value]
        elif value is None or value == "":
            self.written.pop(name, None)
        else:
            self.written[name] = str(value)

    @property
    def address(self) -> dict[str, Any]:
        """Of the page as it is."""
        return {
            **self.own,
            **{key: self.written[key] for key in self.written if key in self.widgets},
        }


def same_after_a_reload(page: Page, name: str, start: dict[str, Any], steps: list[Any]) -> None:
    test = page(name, **start)
    browser = Browser(test, **start)
    for key, value in steps:
        choose(test, key, value)
        browser.look(test)
    address = browser.address
    for key in NAMED:  # never a number alone: another map, or edition, numbers otherwise
        assert "@" in address.get(key, "@") or key == "class"
    declared = {one.name.replace("…", r"\d+") for one in PAGES[name]}
    assert all(any(re.fullmatch(known, key) for known in declared) for key in address), address
    assert seen(page(name, **address)) == seen(test)


@CHOICES
@given(steps=pairs(EXPLORE))
def test_explore_is_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "explore", {"map": "toys"}, steps)


@CHOICES
@given(steps=pairs(COMPARE))
def test_compare_is_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "compare", {"a": "toys", "b": "crossed"}, steps)


@CHOICES
@given(steps=pairs(BUILD))
def test_build_is_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "build", {"method": "wordnet-k", "beside": "toys"}, steps)


@CHOICES
@given(steps=pairs(STABILITY))
def test_stability_is_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "stability", {"part": "Confidence"}, steps)


@needs_codec
@CHOICES
@given(steps=pairs(CURVES))
def test_curves_are_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "curves", {}, steps)


@needs_codec
@CHOICES
@given(steps=pairs(BATCH))
@example(steps=[("count", 3), ("batch_side", 512)])
def test_batch_is_the_same_after_a_reload(page: Page, steps: list[Any]) -> None:
    same_after_a_reload(page, "batch", {}, steps)


@pytest.fixture
def photographs(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three photographs of few pixels are served, which are decoded soon; one shows a class."""
    (served / "photos").mkdir()
    with Image.open(photos()["chelsea"]) as picture:
        for number, name in enumerate(("aaa", "bbb", "n02123045_cat")):
            small = picture.convert("RGB").resize((40 + 8 * number, 32))
            small.save(served / "photos" / f"{name}.png")
    monkeypatch.setattr("app.data.data_dir.shipped_photos", dict)
    monkeypatch.setattr("app.codec_page.page.EFFORT", 1)  # as the search does, but soon


@needs_codec
@CHOICES
@given(steps=pairs(CODEC))
@example(steps=[("photo", "bbb"), ("bytes", 200), ("against", "WebP"), ("through", "toys")])
@example(steps=[("bytes", 200), ("side", 384), ("search", True), ("search", False)])
@example(steps=[("follow_find", "tabby"), ("press", "follow_n02123045"), ("press", "to_mid")])
def test_the_codec_page_is_the_same_after_a_reload(
    page: Page, photographs: None, steps: list[Any]
) -> None:
    same_after_a_reload(page, "codec", {}, steps)


@pytest.mark.parametrize("key", ["map", "class", "level"])
def test_what_is_carried_is_in_the_address(page: Page, key: str) -> None:
    test = page("explore", map="crossed", level="mid", find="tabby")
    browser = Browser(test, map="crossed", level="mid", find="tabby")
    next(one for one in test.button if (one.key or "").startswith("found_")).click().run()
    expected = {"map": "crossed", "class": "n02123045", "level": "mid"}
    browser.look(test)
    assert browser.address.get(key) == expected[key]
