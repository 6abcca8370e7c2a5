"""Real clicks in a real browser, wide and narrow."""

import importlib.util
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAP = "vit-b-32-topdown-10-100-1000"
PICTURE = "[data-testid=stImage] img"
# The bars of a quiet machine are 1 s for a move of the slider; this one only catches a stall.
MOVE_S = 30
needs_codec = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'hierlab[codec]'",
)


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
    canvas.click(position={"x": 8, "y": 12})  # in the first cluster on the left
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
    tab.get_by_text("1,000 classes of imagenet-1k").wait_for()
    wait_until_quiet(tab)
    tab.get_by_role("button", name="Download", exact=False).last.click()
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Label map (JSON)").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content == (repository / "hierarchies" / f"{MAP}.json").read_bytes()


def wait_until_quiet(tab: Any) -> None:
    tab.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        "?.getAttribute('data-test-script-state') === 'notRunning'"
        " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')",
        timeout=180_000,
    )


def open_codec(tab: Any, address: str) -> Any:
    """Open the page on a shipped photograph; the thumb of its slider."""
    tab.goto(f"{address}/codec?photo=chelsea&side=256&peers=jpeg")
    tab.locator(PICTURE).nth(1).wait_for(timeout=180_000)
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)
    return tab.get_by_role("slider").first  # an input that is there for keys and readers only


FIGURES = {
    "explore": f"/?map={MAP}",
    "compare": f"/compare?a={MAP}&b=wordnet-k-10-100-1000&show=Sizes",
    "stability": "/stability?part=Encoders",
    "curves": "/curves",
}
LOOKS = """() => [...document.querySelectorAll(
    '.js-plotly-plot .xtick text, .js-plotly-plot .ytick text, .heatmaplayer text')].map(one => [
    getComputedStyle(one).fill, parseFloat(getComputedStyle(one).fontSize), one.textContent])"""


@needs_codec
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_begins_high_and_its_words_can_be_read(tab: Any, address: str, name: str) -> None:
    tab.goto(address + FIGURES[name])
    figure = tab.locator(".js-plotly-plot").first
    figure.wait_for(timeout=180_000)
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)
    if tab.viewport_size["width"] > 640:
        assert figure.bounding_box()["y"] < 300
        bar = tab.locator(".js-plotly-plot .modebar").first.bounding_box()
        drawing = tab.locator(".plot, .slice").first.bounding_box()
        assert bar["y"] + bar["height"] <= drawing["y"] + 1  # it covers nothing
    for colour, size_px, words in tab.evaluate(LOOKS):
        assert size_px >= 11, words
        assert colour in ("rgb(74, 83, 96)", "rgb(180, 188, 198)") or "heatmap" in name, words


@needs_codec
def test_the_byte_slider_is_dragged_and_the_picture_follows(tab: Any, address: str) -> None:
    thumb = open_codec(tab, address)
    before = tab.locator(PICTURE).first.get_attribute("src")
    assert before.endswith(".png")  # what was decoded, and no second codec's losses
    knob = tab.locator("[data-testid=stSlider] [style*='left:']").first
    knob.scroll_into_view_if_needed()
    at = knob.bounding_box()
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 60, y, steps=4)
    tab.mouse.up()
    begun = time.monotonic()
    tab.wait_for_function(
        "before => document.querySelector('[data-testid=stImage] img').getAttribute('src')"
        " !== before",
        arg=before,
    )
    assert time.monotonic() - begun < MOVE_S
    tab.wait_for_url("**bytes=**")
    wait_until_quiet(tab)
    kept = int(thumb.input_value())
    assert f"bytes={kept}" in tab.url
    wait_until_quiet(tab)
    thumb.press("ArrowRight")  # the keyboard does the same
    tab.wait_for_url(f"**bytes={kept + 1}**")
    tab.get_by_text(f"Decoded from {kept + 1:,} of").wait_for()
    wait_until_quiet(tab)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Cut .c2f").click()
    assert Path(waiting.value.path()).stat().st_size == kept + 1


@needs_codec
def test_bytes_that_are_no_file_are_a_sentence(tab: Any, address: str, tmp_path: Path) -> None:
    open_codec(tab, address)
    bad = tmp_path / "bad.c2f"
    bad.write_bytes(b"C2F\x01" + bytes(range(256)) * 40)
    tab.get_by_role("button", name="Your own photograph").click()
    tab.locator("input[type=file]").set_input_files(bad)
    tab.locator("[data-testid=stAlert]").first.wait_for()
    assert "Traceback" not in tab.inner_text("body")
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_text("1,000 classes of imagenet-1k").wait_for()
