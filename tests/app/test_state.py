"""The address is the state: after any choices, whoever opens it sees the same page."""

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

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
CHOSEN = (
    *("selectbox", "select_slider", "text_input", "button_group", "toggle"),
    *("multiselect", "number_input", "slider"),
)
NAMED = ("cluster", "class", "ribbon")


def pairs(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> st.SearchStrategy[Any]:
    """Some of the choices, in any order and any number of times; a press of a button in between."""
    one = st.sampled_from([(key, value) for key, values in choices for value in values])
    press = st.tuples(st.just("press"), st.integers(0, 40))
    return st.lists(st.one_of(one, press), min_size=1, max_size=5)


def choose(test: AppTest, key: str, value: Any) -> None:
    """Do what a visitor does: choose a value, or press one of the buttons that lead somewhere."""
    if key == "press":
        ways = [
            one for one in test.button if (one.key or "").startswith(("jump_", "found_", "class_"))
        ]
        if ways:
            ways[value % len(ways)].click().run()
        return
    for kind in CHOSEN:
        for part in getattr(test, kind):
            options = [str(one) for one in getattr(part, "options", None) or ()]
            several = value if isinstance(value, list) else [value]
            if part.key == key and (not options or {str(one) for one in several} <= set(options)):
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
    return {"words": words, "chosen": sorted(map(str, chosen)), "tables": tables}


def address_of(test: AppTest) -> dict[str, Any]:
    """What stands in the address: what the page wrote, and the widgets that the browser writes."""
    address: dict[str, Any] = {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in test.query_params.items()
    }
    for kind in CHOSEN:
        for one in getattr(test, kind):
            name = one.proto.query_param_key
            if not name:
                continue
            if isinstance(one.value, bool):
                address[name] = str(one.value).lower()
            elif isinstance(one.value, list):
                address[name] = [str(value) for value in one.value]
            elif one.value is None or one.value == "":
                address.pop(name, None)
            else:
                address[name] = str(one.value)
    return address


def same_after_a_reload(page: Page, name: str, start: dict[str, Any], steps: list[Any]) -> None:
    test = page(name, **start)
    for key, value in steps:
        choose(test, key, value)
    address = address_of(test)
    for key in NAMED:  # never a number alone: another map, or edition, numbers otherwise
        assert "@" in address.get(key, "@") or key == "class"
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


@pytest.mark.parametrize("key", ["map", "class", "level"])
def test_what_is_carried_is_in_the_address(page: Page, key: str) -> None:
    test = page("explore", map="crossed", level="mid", find="tabby")
    next(one for one in test.button if (one.key or "").startswith("found_")).click().run()
    expected = {"map": "crossed", "class": "n02123045", "level": "mid"}
    assert address_of(test).get(key) == expected[key]
