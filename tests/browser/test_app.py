"""Real clicks in a real browser, wide and narrow."""

import importlib.util
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAP = "vit-b-32-topdown-10-100-1000"
PHOTOS = Path(__file__).resolve().parents[2] / "codec_plugin" / "photos"
# Where the controls of a page stand.
PLACES = """[...document.querySelectorAll("[data-testid=stSelectbox], [data-testid=stPopover]")]
  .map((one) => Math.round(one.getBoundingClientRect().top))"""
PICTURE = ".stage .ours img"
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
    wait_until_quiet(tab)  # a figure that is still being drawn does not hear clicks
    no_sideways_scrolling(tab)
    areas.nth(1).locator("path.surface").first.click(position={"x": 6, "y": 6}, force=True)
    tab.wait_for_url("**cluster=coarse**")
    tab.get_by_text("level coarse, cluster").wait_for()
    way_back = tab.locator(".iciclelayer .pathbar path").first
    wait_until_quiet(tab)
    assert way_back.evaluate("one => one.getBoundingClientRect().width") > 100
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


@needs_codec
@pytest.mark.parametrize("path", ["codec", "codec?bytes=9999999&photo=my+cat.png", "?level=x&a=b"])
def test_one_step_back_leaves_the_app(tab: Any, address: str, path: str) -> None:
    tab.goto(f"{address}/_stcore/health")
    tab.goto(f"{address}/{path}")
    tab.locator("[data-testid=stHeading]").wait_for()
    if "?" in path:
        tab.locator(".st-key-notice").wait_for()
        for asked in re.findall(r"=([\w.+]+)", path):
            assert asked.replace("+", " ") in tab.locator(".st-key-notice").inner_text()
    wait_until_quiet(tab)
    here = tab.url
    tab.get_by_test_id("stSelectbox").first.wait_for()
    places = tab.evaluate(PLACES)
    if "?" in path:  # nothing moves when it goes
        tab.locator(".st-key-notice button").click()
        tab.locator(".st-key-notice").wait_for(state="detached")
        wait_until_quiet(tab)
        assert tab.evaluate(PLACES) == places
    assert tab.url == here  # the page has written its own address
    tab.go_back()
    tab.wait_for_url("**/_stcore/health")


def test_back_forward_and_reload_show_what_the_address_says(tab: Any, address: str) -> None:
    def shown(heading: str, url: str) -> None:
        tab.wait_for_url(url)
        tab.get_by_role("heading", name=heading, exact=True).wait_for()
        wait_until_quiet(tab)
        tab.wait_for_url(url)

    def follow(page: str) -> None:
        tab.get_by_role("link", name=page).locator("visible=true").first.click()
        shown(page, f"{address}/{page.lower()}?class=n02123045")

    first = f"{address}/?*class=n02123045*cluster=mid%40n02123045*view=Icicle"
    tab.goto(f"{address}/_stcore/health")
    tab.goto(f"{address}/?map={MAP}&level=mid&class=n02123045&lvl=3")
    tab.locator(".st-key-notice").wait_for()
    tab.get_by_test_id("stButtonGroup").get_by_text("Icicle").click()
    shown("Explore", first)
    tab.locator(".st-key-notice").wait_for()
    follow("Compare")
    assert not tab.locator(".st-key-notice").count()  # it was about another page
    follow("Curves")
    tab.go_back()
    shown("Compare", "**/compare?class=n02123045")
    tab.reload()
    shown("Compare", "**/compare?class=n02123045")
    tab.go_forward()
    shown("Curves", "**/curves?class=n02123045")
    tab.goto(f"{address}/_stcore/health")
    for heading, url in (
        ("Curves", "**/curves?*"),
        ("Compare", "**/compare?*"),
        ("Explore", first),
    ):
        tab.go_back()
        shown(heading, url)
    tab.get_by_text("Icicle: ").first.wait_for()
    tab.go_back()
    tab.wait_for_url("**/_stcore/health")


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


def test_a_hierarchy_is_built_looked_at_and_opened_in_explore(tab: Any, address: str) -> None:
    tab.goto(f"{address}/build?method=wordnet-k")
    tab.get_by_role("button", name="Build", exact=False).last.click()
    tab.get_by_text("New: my").wait_for(timeout=180_000)
    wait_until_quiet(tab)
    tab.locator(".js-plotly-plot .treemaplayer .slice").nth(1).wait_for()
    tab.get_by_role("button", name="Explore it").click()
    tab.wait_for_url("**map=my*")
    tab.get_by_role("heading", name="Explore").wait_for()
    tab.get_by_role("heading", name="my wordnet").wait_for()
    no_sideways_scrolling(tab)


def test_the_label_map_comes_down_as_it_is(tab: Any, address: str, repository: Path) -> None:
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_text("1,000 classes of imagenet-1k").wait_for()
    tab.locator("summary", has_text="Download").click()
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


def open_codec(tab: Any, address: str, **asked: str) -> Any:
    """Open the page on a shipped photograph, all of its cuts decoded; its slider."""
    wanted = {"photo": "chelsea", "side": "256", **asked}
    tab.goto(f"{address}/codec?{'&'.join(f'{name}={value}' for name, value in wanted.items())}")
    tab.get_by_text("Sure: one cluster").wait_for(timeout=180_000)
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)
    return tab.get_by_role("slider", name="Bytes kept")


@needs_codec
def test_a_click_on_a_small_picture_chooses_its_photograph(tab: Any, address: str) -> None:
    tab.goto(f"{address}/codec?side=256")
    strip = tab.get_by_role("group", name="Photographs")
    strip.wait_for(timeout=180_000)
    pressed = strip.locator("button[aria-pressed=true]")
    first = pressed.get_attribute("aria-label")
    failure = strip.get_by_role("button", name="(a failure)")
    failure.scroll_into_view_if_needed()
    assert failure.inner_text() == "a failure"
    failure.click()
    tab.get_by_text("the first stage does not tell the class").wait_for(timeout=180_000)
    assert "a+failure" in tab.url or "a%20failure" in tab.url
    assert pressed.get_attribute("aria-label") != first
    no_sideways_scrolling(tab)


FIGURES = {
    "explore": f"/?map={MAP}",
    "compare": f"/compare?a={MAP}&b=wordnet-k-10-100-1000&show=Sizes",
    "stability": "/stability?part=Encoders",
    "curves": "/curves",
}
LOOKS = """selector => [...document.querySelectorAll(selector)].map(one => [
    getComputedStyle(one).fill, parseFloat(getComputedStyle(one).fontSize), one.textContent])"""


@needs_codec
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_begins_high_and_its_words_can_be_read(tab: Any, address: str, name: str) -> None:
    if tab.viewport_size["width"] < 640 and name in ("compare", "curves"):
        pytest.skip("the same figure as on a wide screen")
    tab.goto(address + FIGURES[name])
    figure = tab.locator(".js-plotly-plot").first
    figure.wait_for(timeout=180_000)
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)
    if tab.viewport_size["width"] > 640:
        assert figure.bounding_box()["y"] < 300
        bar = tab.locator(".js-plotly-plot .modebar").first.bounding_box()
        above_px = figure.evaluate("one => one._fullLayout._size.t")
        room_px = figure.bounding_box()["y"] + above_px - bar["y"]
        assert bar["height"] <= room_px  # it covers nothing
    ticks = tab.evaluate(LOOKS, ".xtick text, .ytick text")
    assert ticks or name == "explore"
    assert {colour for colour, _, _ in ticks} <= {"rgb(74, 83, 96)", "rgb(180, 188, 198)"}
    for _, size_px, words in (*ticks, *tab.evaluate(LOOKS, ".heatmaplayer text, .slice text")):
        assert size_px >= 11, words


@needs_codec
def test_the_byte_slider_is_live_while_it_is_dragged(tab: Any, address: str) -> None:
    slider = open_codec(tab, address)
    ours, facts = tab.locator(PICTURE), tab.locator(".stage .facts")
    before, url = ours.get_attribute("src"), tab.url
    assert before.startswith("data:image/png")  # what was decoded, and no second codec's losses
    assert ours.evaluate("one => getComputedStyle(one).imageRendering") == "pixelated"
    slider.scroll_into_view_if_needed()
    at = slider.bounding_box()
    y = at["y"] + at["height"] / 2
    tab.mouse.move(at["x"] + 0.5 * at["width"], y)
    tab.mouse.down()
    shown = set()
    for share in (0.6, 0.7, 0.8, 0.9):
        tab.mouse.move(at["x"] + share * at["width"], y)
        shown.add((ours.get_attribute("src"), facts.inner_text()))
    # Drawn by the browser alone, before the server hears of it.
    assert len({picture for picture, _ in shown} - {before}) == 4
    assert tab.url == url
    tab.mouse.up()
    tab.wait_for_function("before => location.href !== before", arg=url)
    wait_until_quiet(tab)
    kept = int(tab.get_by_label("Bytes kept").and_(tab.locator("[type=number]")).input_value())
    assert f"bytes={kept}" in tab.url
    # The axis is logarithmic: at nine tenths of the way far less than nine tenths of the bytes.
    total = int(facts.inner_text().split(" of ")[1].split(" ")[0].replace(",", ""))
    assert 0.3 * total < kept < 0.7 * total
    slider.press("ArrowRight")  # the keyboard does the same
    tab.wait_for_url(f"**bytes={kept + 1}**")
    tab.get_by_text(f"Decoded from {kept + 1:,} of").wait_for()
    wait_until_quiet(tab)
    tab.reload()
    tab.get_by_text(f"Decoded from {kept + 1:,} of").wait_for(timeout=180_000)
    wait_until_quiet(tab)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Cut .c2f").click()
    cut = Path(waiting.value.path()).read_bytes()
    assert len(cut) == kept + 1
    assert tab.locator(".stage .tag.right").is_visible()
    tab.get_by_role("button", name="Your own photograph").click()
    file = {"name": "cut.c2f", "mimeType": "", "buffer": cut}
    tab.locator("input[type=file]").set_input_files(file)
    tab.get_by_text("the whole file had").wait_for()
    assert not tab.locator(".stage .tag.right").is_visible()  # no original, no empty plate for it


@needs_codec
def test_both_pictures_are_zoomed_moved_and_divided_together(tab: Any, address: str) -> None:
    open_codec(tab, address, against="WebP")
    ours, beside = tab.locator(PICTURE), tab.locator(".stage .beside img")
    tab.locator(".stage .tag.right").get_by_text("WebP:").wait_for()
    divider = tab.get_by_role("slider", name="Divider")
    divider.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "52"
    assert "52%" in tab.locator(".stage .beside").evaluate("one => one.style.clipPath")
    tab.locator(".stage [data-zoom=in]").click()
    view = tab.locator(".stage .view")
    view.scroll_into_view_if_needed()
    zoomed = [one.evaluate("one => one.style.transform") for one in (ours, beside)]
    assert zoomed[0] == zoomed[1] != ""
    at = view.bounding_box()
    x, y = at["x"] + 0.2 * at["width"], at["y"] + 0.4 * at["height"]
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 30, y + 20, steps=3)
    tab.mouse.up()
    moved = [one.evaluate("one => one.style.transform") for one in (ours, beside)]
    assert moved[0] == moved[1] != zoomed[0]
    rows = tab.locator(".stage .answers tbody tr")
    assert rows.count() == 3
    assert tab.locator(".stage .answers th").all_inner_texts()[2:] == ["WebP", "original"]
    if tab.viewport_size["width"] < 640:  # the slider stays beside the finger
        tab.locator(".stage .view").scroll_into_view_if_needed()
        at = tab.locator(".stage .controls").bounding_box()
        assert at["y"] + at["height"] <= tab.viewport_size["height"] + 1


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


@needs_codec
def test_a_batch_is_stopped_and_goes_on(tab: Any, address: str, tmp_path: Path) -> None:
    # So many that Stop comes before the last, however fast the machine.
    names = [f"{number:02}" for number in range(12)]
    with Image.open(PHOTOS / "chelsea.png") as picture:
        for number, name in enumerate(names):
            # Of its own size at each width, so that nothing is known beforehand.
            side_px = 200 + number + tab.viewport_size["width"] // 100
            picture.convert("RGB").resize((side_px, side_px)).save(tmp_path / f"{name}.png")
    tab.goto(f"{address}/batch?source=Your+own")
    tab.locator("input[type=file]").set_input_files(sorted(tmp_path.glob("*.png")))
    cards = tab.get_by_role("button", name="Open in Codec")
    told = tab.get_by_text(re.compile(r"^\d+ of 12 photographs done"))
    done = 0
    for press in ("Run", "Go on"):
        tab.get_by_role("button", name=press, exact=False).click()
        cards.nth(done).wait_for(timeout=180_000)
        tab.get_by_role("button", name="Stop").click()
        told.wait_for()
        before, done = done, int(told.inner_text().split()[0])
        assert before < done < 12
    wait_until_quiet(tab)
    assert cards.count() == done
    card = tab.locator(".st-key-gallery img").first.bounding_box()
    assert card["width"] > (300 if tab.viewport_size["width"] < 640 else 180)
    no_sideways_scrolling(tab)
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Whole .c2f files").click()
    with zipfile.ZipFile(saved.value.path()) as zipped:
        assert zipped.namelist() == [f"{name}.c2f" for name in names[:done]]
    cards.nth(1).click()
    tab.get_by_text("Decoded from").wait_for()
    assert "photo=my+01.png" in tab.url
