"""Real clicks in a real browser, wide and narrow."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAP = "vit-b-32-topdown-10-100-1000"


def no_sideways_scrolling(tab: Any) -> None:
    wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def test_a_click_on_an_area_opens_its_cluster(tab: Any, address: str) -> None:
    tab.goto(f"{address}/?map={MAP}&view=Icicle")
    areas = tab.locator(".iciclelayer .slice")
    areas.nth(1).wait_for()
    no_sideways_scrolling(tab)
    areas.nth(1).locator("path.surface").first.click(position={"x": 6, "y": 6}, force=True)
    tab.wait_for_url("**cluster=coarse**")
    tab.get_by_text("level coarse, cluster").wait_for()
    link = tab.url
    tab.goto(f"{address}/compare")
    tab.goto(link)  # a colleague opens the link
    tab.get_by_text("level coarse, cluster").wait_for()


def test_a_click_on_a_ribbon_lists_its_classes(tab: Any, address: str) -> None:
    tab.goto(f"{address}/compare?a={MAP}&b=wordnet-k-10-100-1000")
    canvas = tab.locator(".echarts-container canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.wait_for()
    tab.get_by_text("Click a ribbon, a cell").wait_for()
    size = canvas.bounding_box()
    canvas.click(position={"x": 8, "y": size["height"] * 0.1})
    tab.wait_for_url("**ribbon=**")
    tab.get_by_text("Click a ribbon, a cell").wait_for(state="detached")


def test_a_bad_upload_is_a_sentence_and_the_server_stays_up(
    tab: Any, address: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "hierlab-label-map", "version": 1, "id": 3}')
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_role("button", name="Upload").click()
    tab.locator("input[type=file]").set_input_files(bad)
    tab.get_by_text("not a label map that can be used").wait_for()
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_text("1,000 classes of imagenet-1k").wait_for()


def test_the_label_map_comes_down_as_it_is(tab: Any, address: str, repository: Path) -> None:
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_role("button", name="Download", exact=False).last.click()
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Label map (JSON)").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content == (repository / "hierarchies" / f"{MAP}.json").read_bytes()
