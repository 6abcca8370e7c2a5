"""The address is the state: after any choices, whoever opens it sees the same page."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

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
    for kind in ("selectbox", "select_slider", "text_input", "button_group"):
        for part in getattr(test, kind):
            if part.key == key and value in (getattr(part, "options", None) or [value]):
                part.set_value(value).run()
                return


def seen(test: AppTest) -> dict[str, Any]:
    """All that a page says and what is chosen in it."""
    assert not test.exception
    kinds = ("markdown", "caption", "info", "warning", "error")
    words = [(kind, one.value) for kind in kinds for one in getattr(test, kind)]
    chosen = [
        (one.key, one.value)
        for kind in ("selectbox", "select_slider", "text_input", "button_group", "toggle")
        for one in getattr(test, kind)
        if one.key and not one.key.startswith("follow")
    ]
    tables = [table.value.to_csv() for table in test.dataframe]
    return {"words": words, "chosen": sorted(map(str, chosen)), "tables": tables}


def address_of(test: AppTest) -> dict[str, str]:
    """What stands in the address: what the page wrote, and the widgets that the browser writes."""
    address = {
        key: value[0] if isinstance(value, list) else value
        for key, value in test.query_params.items()
    }
    for kind in ("selectbox", "select_slider", "text_input", "button_group"):
        for one in getattr(test, kind):
            if one.proto.query_param_key and isinstance(one.value, str) and one.value:
                address[one.proto.query_param_key] = one.value
            elif one.proto.query_param_key:
                address.pop(one.proto.query_param_key, None)
    return address


def same_after_a_reload(page: Page, name: str, start: dict[str, str], steps: list[Any]) -> None:
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


@pytest.mark.parametrize("key", ["map", "class", "level"])
def test_what_is_carried_is_in_the_address(page: Page, key: str) -> None:
    test = page("explore", map="crossed", level="mid", find="tabby")
    next(one for one in test.button if (one.key or "").startswith("found_")).click().run()
    expected = {"map": "crossed", "class": "n02123045", "level": "mid"}
    assert address_of(test).get(key) == expected[key]
