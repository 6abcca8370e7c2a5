"""What may stand in the address is declared in one place, and the documents tell it."""

import ast
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.address import CLUSTER, MAP, PAGES, Choice, link, parse_number

APP = Path(__file__).resolve().parents[2] / "app"
SETTLED = """
import streamlit as st
from app.address import Choice
choice = Choice("one", "")
names = st.session_state.get("names", ["a", "b", "c"])
default = st.session_state.get("default", "a")
choice.settle(default)
st.selectbox("One", names, index=names.index(default), **choice.widget)
"""


def test_pages_touch_the_address_through_one_module() -> None:
    for path in APP.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "address.py":
            assert not re.search(r"st\.query_params|bind=", text), path


def test_no_two_parameters_of_a_page_share_a_name() -> None:
    for page, known in PAGES.items():
        names = [one.name for one in known]
        assert len(set(names)) == len(names), page


def test_the_documents_tell_every_parameter(repository: Path) -> None:
    text = (repository / "docs" / "app.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| (`.*`) \|$", text, re.MULTILINE))
    for page, known in PAGES.items():
        told = re.findall(r"`(.+?)`", rows[page.capitalize()])
        assert told == [one.name for one in known if one.name != "class"], page


def test_what_is_left_at_a_default_goes_along_with_it() -> None:
    test = AppTest.from_string(SETTLED).run()
    test.session_state["default"] = "b"
    assert test.run().selectbox(key="one").value == "b"  # as a reload would show
    test.selectbox(key="one").set_value("c").run()
    test.session_state["default"] = "a"
    assert test.run().selectbox(key="one").value == "c"  # it stands in the address


def test_a_link_says_only_what_its_page_reads() -> None:
    assert link("explore", {MAP: "toys", CLUSTER: "mid@a"}) == {"map": "toys", "cluster": "mid@a"}
    with pytest.raises(ValueError, match="the page batch reads no map"):
        link("batch", {MAP: "toys"})


def test_numbers_of_strangers_are_within_bounds() -> None:
    assert parse_number("7", 0, 9, -1) == 7
    for wrong in ("70", None, "", "²", "-1", "9" * 99):
        assert parse_number(wrong, 0, 9, -1) == -1
    assert Choice("a", "").widget == {"key": "a", "bind": "query-params"}


def test_visitors_are_told_no_paths_of_the_repository() -> None:
    folders = "benchmarks|data|docs|hierarchies|scripts|studies|tests|tools"
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                told = re.search(rf"(?<![\w/.])(?:{folders})/\w", node.value)
                assert not told, (path, node.value)
