"""The class map, small pictures of classes, a stopped build, and one class over all pages."""

import importlib.util
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAP = "clip-seven-10-100-1000"
TABBY = "n02123045"
INKS = """() => {
  const root = [...document.querySelectorAll('*')].map(one => one.shadowRoot).filter(Boolean)
    .find(one => one.querySelector('.map'));
  const ground = getComputedStyle(root.querySelector('.labels').closest('svg').parentElement);
  return [ground.backgroundColor, [...root.querySelectorAll('.labels text')].map(one => {
    const style = getComputedStyle(one);
    return [one.textContent, Number(style.fillOpacity) * Number(style.opacity), style.fill];
  })];
}"""
NAMES = """() => {
  const root = [...document.querySelectorAll('*')].map(one => one.shadowRoot).filter(Boolean)
    .find(one => one.querySelector('.map'));
  return [...root.querySelectorAll('.labels text')].map(one => {
    const box = one.getBoundingClientRect();
    return [one.dataset.name, box.left, box.top, box.right, box.bottom, one.textContent,
      parseFloat(one.getAttribute('font-size'))];
  });
}"""
needs_codec = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install 'hierlab[codec]'",
)


def wait_until_quiet(tab: Any) -> None:
    tab.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        "?.getAttribute('data-test-script-state') === 'notRunning'"
        " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')",
        timeout=180_000,
    )


def no_sideways_scrolling(tab: Any) -> None:
    wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def open_map(tab: Any, address: str, **asked: str) -> None:
    wanted = {"map": MAP, "view": "Class+map", **asked}
    tab.goto(f"{address}/?{'&'.join(f'{name}={value}' for name, value in wanted.items())}")
    tab.locator(".map .labels text").first.wait_for(timeout=180_000)
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)


def names_apart(tab: Any) -> dict[str, list[str]]:
    """The names on the map, by level (`c0`, `c1`, `p` for classes), none over another."""
    tab.wait_for_timeout(150)  # a frame in which the browser draws
    found = tab.evaluate(NAMES)
    for number, (name, left, top, right, bottom, words, _) in enumerate(found):
        for other in found[:number]:
            over = min(right, other[3]) - max(left, other[1])
            under = min(bottom, other[4]) - max(top, other[2])
            # Lines of one font overlap in their boxes by what no letter fills.
            assert over <= 1 or under <= 4, (name, words, other)
    kinds: dict[str, list[str]] = {}
    for name, *_, words, size_px in found:
        kinds.setdefault(name.partition("-")[0] if name[0] == "c" else name[0], []).append(words)
        assert size_px >= 11, words
    return kinds


def test_names_grow_finer_with_the_zoom_and_never_overlap(tab: Any, address: str) -> None:
    open_map(tab, address)
    first = names_apart(tab)
    assert set(first) == {"c0"}
    assert len(first["c0"]) >= 7
    seen = set(first)
    for _ in range(7):
        tab.locator(".map [data-do=in]").click()
        seen |= set(names_apart(tab))
    assert {"c0", "c1", "p"} <= seen
    tab.locator(".map [data-do=whole]").click()
    assert names_apart(tab) == first
    plane = tab.locator(".map .plane")
    plane.press("+")  # the keyboard does the same
    plane.press("ArrowLeft")
    assert names_apart(tab) != first
    plane.press("0")
    assert names_apart(tab) == first
    assert "t-SNE of the centred cosine of 7 encoders" in tab.locator(".map .title").inner_text()
    assert "In view" not in tab.locator(".map .seen").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_are_read_beside_a_class_that_is_followed(
    tab: Any, address: str, scheme: str
) -> None:
    tab.emulate_media(color_scheme=scheme)
    open_map(tab, address, level="mid", **{"class": TABBY})
    ground, inks = tab.evaluate(INKS)
    assert len(inks) > 5
    for words, opacity, colour in inks:
        assert opacity == 1, words
        high, low = sorted((light(colour), light(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, words


def light(colour: str) -> float:
    """Relative luminance of `rgb(…)`, by WCAG 2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_name_and_a_class_of_the_map_are_clicked(tab: Any, address: str) -> None:
    open_map(tab, address)
    tab.locator(".map .labels [data-name^=c0]", has_text="dog").click()
    tab.wait_for_url("**cluster=coarse**")
    tab.get_by_role("heading", name="dog", exact=True).wait_for()
    open_map(tab, address, **{"class": TABBY})
    tab.locator(".map [data-do=marked]").click()
    names = names_apart(tab)
    assert any("tabby" in words for words in names["m"])
    tab.locator(".map .tiles > svg").first.wait_for()  # a shipped photograph shows a tabby
    other = tab.locator(".map .labels [data-name^=p]").first
    words = other.text_content()
    other.click()
    tab.wait_for_url(re.compile(f"class=(?!{TABBY})"))
    tab.get_by_text(f"Class {words} (").first.wait_for()


def test_the_map_is_saved_with_its_title_and_source(tab: Any, address: str) -> None:
    open_map(tab, address)
    with tab.expect_download() as waiting:
        tab.locator(".map [data-do=save]").click()
    content = Path(waiting.value.path()).read_text()
    assert content.startswith("<svg")
    assert "Classes on a plane" in content
    assert f"{MAP} · hierlab" in content
    assert content.count("<circle") == 1000
    assert ">dog<" in content


@pytest.mark.parametrize("view", ["Treemap", "Icicle&level=mid"])
def test_areas_show_small_pictures_of_their_classes(tab: Any, address: str, view: str) -> None:
    if tab.viewport_size["width"] < 640 and view != "Treemap":
        pytest.skip("its areas are too small for pictures on a narrow screen")
    tab.goto(f"{address}/?map={MAP}&view={view}")
    slices = ":is(.treemaplayer, .iciclelayer) .slice"
    tab.locator(slices).nth(1).wait_for()
    picture = tab.locator(".area-picture").first
    picture.wait_for()
    wait_until_quiet(tab)
    picture.scroll_into_view_if_needed()
    boxes = "found => found.map(one => one.getBoundingClientRect().toJSON())"
    areas = tab.locator(f"{slices} path.surface").evaluate_all(boxes)[1:]
    for at in tab.locator(".area-picture").evaluate_all(boxes):
        assert any(
            box["left"] <= at["left"]
            and box["top"] <= at["top"]
            and at["right"] <= box["right"]
            and at["bottom"] <= box["bottom"]
            for box in areas
        ), at
    at = picture.bounding_box()
    y = at["y"] + at["height"] / 2
    tab.mouse.move(at["x"] - 12, y)
    tab.mouse.move(at["x"] - 8, y)
    tab.locator(".area-card").wait_for()


def held_worker(address: str) -> tuple[int, Path]:
    """Wait until a build of this server has told that a run is done, and hold it there.

    However fast the machine, the build then lasts until it is stopped; its process and folder.
    """
    port = f"--server.port={address.rpartition(':')[2]}"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_text().split("\0")
                if "app.data.build_worker" not in words:
                    continue
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                folder = Path(words[words.index("app.data.build_worker") + 1])
                if port in Path(f"/proc/{parent}/cmdline").read_text() and (
                    (folder / "progress.txt").read_text()
                ):
                    os.kill(int(entry.name), signal.SIGSTOP)
                    return int(entry.name), folder
            except OSError:  # it ended meanwhile
                continue
        time.sleep(0.02)
    pytest.fail("no build told how far it is")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc tells the processes")
def test_a_build_is_stopped_and_leaves_nothing(tab: Any, address: str) -> None:
    tab.goto(f"{address}/build?method=consensus")
    tab.locator(".st-key-build_go button:enabled").click()  # at once: the page may still be at work
    process, folder = held_worker(address)
    tab.get_by_text(re.compile(r"Building: \d+ s, \d+ of 10 runs")).wait_for()
    tab.locator(".st-key-build_stop button:enabled").click()
    tab.get_by_text("Stopped; nothing of it was kept.").wait_for()
    assert not Path(f"/proc/{process}").exists()
    assert not folder.exists()
    assert not tab.get_by_text("New: my").count()
    tab.locator(".st-key-build_go button:enabled").wait_for()
    no_sideways_scrolling(tab)


@needs_codec
def test_a_class_is_followed_over_all_pages(tab: Any, address: str) -> None:
    tab.goto(f"{address}/?map={MAP}")
    tab.get_by_label("Find a class").fill("tabby")
    tab.get_by_label("Find a class").press("Enter")
    tab.get_by_role("button", name=re.compile("^tabby")).first.click()
    tab.get_by_text("which stands in").wait_for()
    tab.wait_for_url(f"**class={TABBY}**")
    tab.get_by_text("Follow it").click()  # the page may still be laid out anew
    tab.get_by_role("button", name="Where it moved").click()
    tab.wait_for_url(f"**/compare**class={TABBY}**")
    tab.get_by_text("in A other mammal").wait_for()
    no_sideways_scrolling(tab)
    menu = "[data-testid=stMain] a" if tab.viewport_size["width"] < 769 else "header a"
    tab.locator(menu, has_text="Codec").first.click()
    tab.wait_for_url(f"**/codec**class={TABBY}**")  # the menu keeps it
    tab.get_by_text("This photograph shows tabby cat").wait_for(timeout=180_000)
    tab.get_by_text("How sure tabby cat is").first.wait_for(timeout=180_000)
    no_sideways_scrolling(tab)
    wait_until_quiet(tab)
    tab.get_by_role("button", name="Following tabby cat").click()
    tab.get_by_role("button", name="How sure it is").click()
    tab.wait_for_url(f"**/stability**class={TABBY}**")
    tab.get_by_text("% of the runs").wait_for(timeout=60_000)


def settled_top_px(tab: Any, figure: Any) -> float:
    """Where a figure begins once what stood above it in a former run of the page is gone."""
    former, now = None, figure.bounding_box()["y"]
    while former != now:
        tab.wait_for_timeout(700)
        former, now = now, figure.bounding_box()["y"]
    return float(now)


HIGH = {
    "map": f"/?map={MAP}&view=Class+map&class={TABBY}",
    "heatmap": f"/compare?show=Heatmap&levels=mid+/+mid&class={TABBY}",
    "ribbons": f"/compare?class={TABBY}",
    "confidence": f"/stability?part=Confidence&class={TABBY}",
    "codec": f"/codec?class={TABBY}",
    "curves": f"/curves?class={TABBY}",
}


@needs_codec
@pytest.mark.parametrize("name", HIGH)
def test_figures_begin_high_with_a_class_followed_too(tab: Any, address: str, name: str) -> None:
    if tab.viewport_size["width"] < 640:
        pytest.skip("controls stand above one another on a narrow screen")
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.goto(address + HIGH[name])
    figure = tab.locator(
        {"map": ".map .plane", "codec": ".stage .view", "ribbons": ".echarts-container canvas"}.get(
            name, ".js-plotly-plot"
        )
    ).first
    figure.wait_for(timeout=180_000)
    if name == "codec":
        notes = tab.locator(".st-key-sureness .annotation-text-g text")
        notes.first.wait_for(timeout=180_000)
        wait_until_quiet(tab)
        legend = tab.locator(".st-key-sureness .legend").first.bounding_box()
        for box in (one.bounding_box() for one in notes.all()):
            assert box["y"] + box["height"] <= legend["y"]  # "now" stands on no legend
    wait_until_quiet(tab)
    assert settled_top_px(tab, figure) < 300


def opened_stays_in_sight(tab: Any, button: Any) -> None:
    """Open what a button opens before the page's figures arrive; look at it when they have."""
    button.click()
    over = tab.locator("[data-testid=stPopoverBody]")
    over.wait_for()
    wait_until_quiet(tab)
    tab.wait_for_timeout(700)  # figures are drawn after the script has ended
    # It goes where its button goes; out of the window nobody can scroll to it.
    box = over.bounding_box()
    assert 0 <= box["y"] <= box["y"] + box["height"] <= tab.viewport_size["height"]


@needs_codec
@pytest.mark.parametrize("page", ["compare", "stability", "codec", "build"])
def test_the_ways_to_a_class_stay_in_sight(tab: Any, address: str, page: str) -> None:
    tab.goto(f"{address}/{page}?class={TABBY}")
    opened_stays_in_sight(tab, tab.get_by_role("button", name="Following tabby cat"))
    tab.get_by_role("button", name="Its place in the class map").click()
    tab.wait_for_url(lambda url: "view=Class+map" in url and TABBY in url and page not in url)


@needs_codec
@pytest.mark.parametrize("page", ["", "codec"])
def test_an_upload_stays_in_sight(tab: Any, address: str, page: str) -> None:
    tab.goto(f"{address}/{page}?class={TABBY}")
    opened_stays_in_sight(tab, tab.get_by_role("button", name=re.compile("Upload|Your own")).first)


def test_each_cluster_of_an_icicle_has_a_name_that_is_read_and_leads_to_it(
    tab: Any, address: str
) -> None:
    tab.goto(f"{address}/?map={MAP}&view=Icicle&level=mid")
    rows = tab.locator(".treemaplayer .slice:has(text)")
    rows.nth(99).wait_for()
    wait_until_quiet(tab)
    no_sideways_scrolling(tab)
    assert tab.locator(".iciclelayer .slice").count() == 1 + 10 + 100
    boxes = rows.locator("text").evaluate_all(
        "found => found.map(one => { const box = one.getBoundingClientRect();"
        " const scale = one.getScreenCTM().a;"
        " return [box.left, box.top, box.right, box.bottom,"
        " scale * parseFloat(getComputedStyle(one).fontSize), one.textContent]; })"
    )
    named = [one for one in boxes if one[-1].strip()]
    assert len(named) == 100
    right = tab.locator(".js-plotly-plot").bounding_box()
    # (A name that has no room has no size here.)
    for _, _, end, bottom, size_px, words in named:
        assert size_px >= 11, words
        assert end <= right["x"] + right["width"], words
        assert sum(one[1] < bottom - 4 < one[3] for one in named) == 1, words
    row = tab.locator(".treemaplayer .slice", has_text="insect · 36")
    row.locator("path.surface").click(position={"x": 12, "y": 8}, force=True)
    tab.get_by_role("heading", name="insect", exact=True).wait_for()
    tab.wait_for_url("**cluster=mid**")
    tab.locator(".iciclelayer .pathbar path").first.wait_for()
