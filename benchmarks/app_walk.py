"""Thirty things that a researcher does in the app, in a real Chromium: is each right, how long?

    python benchmarks/app_walk.py [--address http://localhost:8501]

Each is done as a visitor does it, by clicks, keys and files, and is right if what it should lead to
is seen on the page, in the address or in the file that was saved. Prints a Markdown table, with the
seconds until then, and ends with status 1 if anything was wrong. Without an address the app is
started; its own start is not timed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_app import APP, QUIET, open_when_up, running
from playwright.sync_api import Error, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / "codec_plugin" / "photos"
RESULTS = ROOT / "codec_plugin" / "results" / "photographs.csv.gz"
MAP, OTHER = "clip-seven-10-100-1000", "wordnet-k-10-100-1000"
TABBY = "n02123045"
WAIT_MS = 120_000
# So many that a build of them, and a batch, are stopped before they are done.
CLASSES, PHOTOGRAPHS = 1_000, 12
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class _Walk:
    """One visitor's half-hour, in one tab; each method is one action, in the order of the list."""

    def __init__(self, browser: Any, address: str, folder: Path) -> None:
        self.browser, self.address, self.folder = browser, address, folder
        self.tab = browser.new_page(viewport=WIDE)
        self.tab.set_default_timeout(WAIT_MS)

    def open(self, path: str) -> None:
        self.tab.goto(self.address + path)
        self.tab.locator("h2").first.wait_for()

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.tab.get_by_text(words).first).to_be_visible()

    def press(self, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        self.tab.get_by_role("button", name=name, exact=exact).first.click()

    def menu(self, page: str) -> None:
        self.tab.locator("header a", has_text=page).first.click()
        self.tab.get_by_role("heading", name=page, exact=True).wait_for()

    def settled(self) -> None:
        self.tab.wait_for_function(QUIET, timeout=WAIT_MS)

    def saved(self, press: Callable[[], None]) -> Path:
        with self.tab.expect_download() as waiting:
            press()
        return Path(waiting.value.path())

    def curves(self) -> None:
        self.open("/curves")
        self.tab.locator(".js-plotly-plot .scatterlayer .trace").nth(2).wait_for()
        self.sees(re.compile("95 % bootstrap intervals"))

    def choose_codec(self) -> None:
        self.settled()
        self.tab.get_by_label("Results", exact=True).click()
        self.tab.get_by_role("option", name="learned").click()
        self.tab.wait_for_url("**results=learned**")
        self.settled()
        drawn = self.tab.locator(".js-plotly-plot .scatterlayer .trace")
        before = drawn.count()
        self.tab.locator(".st-key-codecs button[aria-pressed=true]").last.click()
        drawn.nth(before - 1).wait_for(state="detached")

    def upload_results(self) -> None:
        self.settled()
        self.press("Upload")
        self.tab.locator("input[type=file]").set_input_files(RESULTS)
        self.tab.wait_for_url("**results=my**")
        self.sees(re.compile(r"^my photographs.*photographs, 95 % intervals"))

    def explore(self) -> None:
        self.menu("Explore")
        self.tab.locator(".treemaplayer .slice").nth(5).wait_for()
        self.sees("1,000 classes of imagenet-1k")

    def search(self) -> None:
        find = self.tab.get_by_label("Find a class")
        find.fill("tabby")
        find.press("Enter")
        self.press(re.compile("^tabby"))
        self.sees("which stands in")
        self.tab.wait_for_url(f"**class={TABBY}**")

    def click_area(self) -> None:
        self.open(f"/?map={MAP}")
        area = self.tab.locator(".treemaplayer .slice", has_text="dog").first
        area.wait_for()
        self.settled()
        area.locator("path.surface").click(position={"x": 30, "y": 40}, force=True)
        expect(self.tab.get_by_role("heading", name="dog", exact=True)).to_be_visible()
        self.tab.wait_for_url("**cluster=coarse**")

    def reload(self) -> None:
        self.tab.reload()
        expect(self.tab.get_by_role("heading", name="dog", exact=True)).to_be_visible()
        self.sees("level coarse, cluster number")

    def second_tab(self) -> None:
        other = self.browser.new_page(viewport=WIDE)
        other.set_default_timeout(WAIT_MS)
        other.goto(self.tab.url)
        expect(other.get_by_role("heading", name="dog", exact=True)).to_be_visible()
        other.close()

    def class_map(self) -> None:
        self.press("Show the whole map")
        self.tab.get_by_role("radio", name="Class map").or_(
            self.tab.get_by_role("button", name="Class map")
        ).first.click()
        self.tab.locator(".map .labels [data-name^=c0]").nth(5).wait_for()

    def zoom(self) -> None:
        self.settled()
        for _ in range(4):
            self.tab.locator(".map [data-do=in]").click()
        self.tab.locator(".map .labels [data-name^=c1]").first.wait_for()
        expect(self.tab.locator(".map .seen")).to_contain_text("In view:")

    def export(self) -> None:
        drawn = self.saved(self.tab.locator(".map [data-do=save]").click).read_text()
        assert drawn.startswith("<svg"), drawn[:40]
        assert f"{MAP} · hierlab" in drawn, "no source"

    def download_map(self) -> None:
        self.tab.locator("summary", has_text="Download").click()
        saved = self.saved(lambda: self.press("Label map (JSON)"))
        assert saved.read_bytes() == (ROOT / "hierarchies" / f"{MAP}.json").read_bytes()

    def compare(self) -> None:
        self.open(f"/compare?a={MAP}&b={OTHER}")
        self.tab.locator(".echarts-container canvas").first.wait_for()
        self.sees("1,000 classes in both")
        self.sees("Beside groups that people made")

    def ribbon(self) -> None:
        self.settled()
        canvas = self.tab.locator(".echarts-container canvas").first
        canvas.scroll_into_view_if_needed()
        canvas.click(position={"x": 8, "y": 12})
        self.tab.wait_for_url("**ribbon=**")
        self.sees(re.compile(r": [\d,]+ classes$"))

    def stability(self) -> None:
        self.menu("Stability")
        self.tab.locator(".js-plotly-plot").first.wait_for()
        self.settled()
        self.sees(re.compile(r"encoder"))

    def paste(self) -> None:
        label_map = json.loads((ROOT / "hierarchies" / f"{MAP}.json").read_text())
        ids = label_map["classes"]["ids"][:CLASSES]
        self.open("/build?method=consensus&classes=my+own+list")
        self.tab.get_by_label("Paste classes, one a line").fill("\n".join(ids))
        self.tab.get_by_label("Paste classes, one a line").press("Control+Enter")
        self.sees(f"{CLASSES:,} classes")

    def build_and_stop(self) -> None:
        self.settled()
        self.tab.locator(".st-key-build_go button:enabled").click()
        self.tab.locator(".st-key-build_stop button:enabled").click()
        self.sees("Stopped; nothing of it was kept.")

    def build(self) -> None:
        self.settled()
        self.tab.locator(".st-key-build_go button:enabled").click()
        self.sees("New: my")
        self.tab.locator(".treemaplayer .slice").nth(2).wait_for()
        self.sees("Agreement with")

    def on_to_explore(self) -> None:
        self.settled()
        self.press("Explore it")
        self.tab.wait_for_url("**map=my**")
        self.tab.get_by_role("heading", name="Explore", exact=True).wait_for()
        self.sees(re.compile(f"^{CLASSES:,} classes"))

    def codec(self) -> None:
        self.open("/codec?side=256")
        self.sees(re.compile("^Decoded from"))
        self.sees("Sure: one cluster")

    def choose_photograph(self) -> None:
        self.settled()
        self.tab.get_by_role("button", name="toy fire truck").first.click()
        self.tab.wait_for_url("**photo=toy+fire+truck**")
        self.sees(re.compile("Photograph by"))

    def slider(self) -> None:
        self.sees("Sure: one cluster")
        self.settled()
        slider = self.tab.get_by_role("slider", name="Bytes kept")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        before = self.tab.url
        self.tab.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
        self.tab.wait_for_function("before => location.href !== before", arg=before)
        kept = int(re.search(r"bytes=(\d+)", self.tab.url).group(1))  # type: ignore[union-attr]
        self.sees(f"Decoded from {kept:,} of")
        expect(self.tab.locator(".stage .facts")).to_contain_text(f"{kept:,}")

    def answers(self) -> None:
        rows = self.tab.locator(".stage .answers tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.first).to_contain_text("%")

    def beside_avif(self) -> None:
        self.settled()
        self.tab.get_by_role("radio", name="AVIF").or_(
            self.tab.get_by_role("button", name="AVIF", exact=True)
        ).first.click()
        expect(self.tab.locator(".stage .tag.right")).to_contain_text("AVIF:")

    def save_cut(self) -> None:
        self.settled()
        kept = int(re.search(r"bytes=(\d+)", self.tab.url).group(1))  # type: ignore[union-attr]
        saved = self.saved(lambda: self.press("Cut .c2f"))
        assert saved.stat().st_size == kept, f"{saved.stat().st_size} bytes for {kept}"

    def own_photograph(self) -> None:
        self.press("Your own photograph")
        self.tab.locator("input[type=file]").set_input_files(self.folder / "0.png")
        self.tab.wait_for_url("**photo=my+0.png**")
        self.sees(re.compile("^Decoded from"))
        self.sees("Sure: one cluster")

    def batch_and_stop(self) -> None:
        self.settled()
        self.open("/batch?source=Your+own")
        self.tab.locator("input[type=file]").set_input_files(sorted(self.folder.iterdir()))
        self.sees(f"0 of {PHOTOGRAPHS} photographs done")
        self.press("Run", exact=True)
        self.tab.get_by_role("button", name="Open in Codec").first.wait_for()
        self.tab.locator(".st-key-batch_stop button:enabled").click()
        self.sees(re.compile(rf"^([1-9]|1[01]) of {PHOTOGRAPHS} photographs done"))

    def batch(self) -> None:
        self.press("Go on")
        self.sees(f"{PHOTOGRAPHS} of {PHOTOGRAPHS} photographs done")
        expect(self.tab.get_by_role("button", name="Open in Codec")).to_have_count(PHOTOGRAPHS)

    def batch_files(self) -> None:
        self.settled()
        saved = self.saved(lambda: self.press(re.compile("^Whole .c2f files")))
        with zipfile.ZipFile(saved) as zipped:
            wanted = [f"{number}.c2f" for number in range(PHOTOGRAPHS)]
            assert sorted(zipped.namelist()) == sorted(wanted), zipped.namelist()

    def telephone(self) -> None:
        self.tab.set_viewport_size(NARROW)
        self.open("/codec?photo=chelsea&side=256")
        self.sees("Sure: one cluster")
        self.settled()
        wide = self.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{wide} px wider than the window"
        self.tab.locator(".stage .view").scroll_into_view_if_needed()
        box = self.tab.get_by_role("slider", name="Bytes kept").bounding_box()
        assert 0 <= box["y"] <= NARROW["height"] - box["height"], "the slider is out of sight"


ACTIONS = (
    ("Open Curves: ours and the conventional codecs are drawn", _Walk.curves),
    ("Choose other results, and leave one codec out: it is drawn no more", _Walk.choose_codec),
    ("Upload results: they are drawn, under their name", _Walk.upload_results),
    ("Go to Explore by the menu: the treemap is drawn", _Walk.explore),
    ("Search “tabby”, and follow it: its place at each level", _Walk.search),
    ("Click an area of the treemap: the inspector shows “dog”", _Walk.click_area),
    ("Reload the address: the same cluster", _Walk.reload),
    ("Open the address in a second tab: the same cluster", _Walk.second_tab),
    ("Show the class map: names of the first level stand on it", _Walk.class_map),
    ("Zoom in: finer names, and what is in view is told", _Walk.zoom),
    ("Export the class map as SVG: with its source", _Walk.export),
    ("Download the label map: equal to the shipped file", _Walk.download_map),
    ("Compare CLIP with WordNet: ribbons, agreement, people's groups", _Walk.compare),
    ("Click a ribbon: its classes are listed", _Walk.ribbon),
    ("Open Stability: its answer and figure", _Walk.stability),
    (f"Build: paste {CLASSES:,} classes: they are counted", _Walk.paste),
    ("Build, and stop it: nothing is kept", _Walk.build_and_stop),
    ("Build again: treemap, and agreement with another map", _Walk.build),
    ("Go on to Explore: the new map is shown", _Walk.on_to_explore),
    ("Open Codec: a photograph, decoded and judged", _Walk.codec),
    ("Choose another photograph: it and its author are shown", _Walk.choose_photograph),
    ("Move the slider: address, bytes and picture follow", _Walk.slider),
    ("Read the classifier's answers: one for each level", _Walk.answers),
    ("Put AVIF beside it: at the same bytes", _Walk.beside_avif),
    ("Save the cut file: as many bytes as were kept", _Walk.save_cut),
    ("Upload a photograph: decoded and judged", _Walk.own_photograph),
    ("Batch: upload twelve photographs, run, stop: what is done stays", _Walk.batch_and_stop),
    ("Go on: all twelve are done", _Walk.batch),
    ("Download the files: a zip with all twelve", _Walk.batch_files),
    ("Codec on a telephone: nothing sideways, the slider in sight", _Walk.telephone),
)


def reason(error: BaseException) -> str:
    """What was wrong, in one line that a table can hold."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).replace("|", "/")[:160]


def main() -> int:
    """Do all of it in order."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--address", help="of an app that runs")
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    expect.set_options(timeout=WAIT_MS)
    wrong = 0
    place = nullcontext((asked.address, 0, 0)) if asked.address else running(APP)
    with (
        tempfile.TemporaryDirectory() as folder,
        place as (address, _, _),
        sync_playwright() as playwright,
    ):
        # All different: what is worked out of one photograph is kept.
        photographs = [*sorted(PHOTOS.glob("*.png")), *sorted(PHOTOS.glob("*.webp"))]
        for number, path in enumerate(photographs[:PHOTOGRAPHS]):
            shutil.copy(path, Path(folder) / f"{number}{path.suffix}")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        open_when_up(browser.new_page(), address)
        walk = _Walk(browser, address.rstrip("/"), Path(folder))
        sys.stdout.write("| action | right? | seconds |\n|---|---|---|\n")
        for words, act in ACTIONS:
            begun = time.perf_counter()
            try:
                act(walk)
                told = "yes"
            except (Error, AssertionError, OSError) as error:
                told = f"no: {reason(error)}"
                wrong += 1
            seconds = time.perf_counter() - begun
            sys.stdout.write(f"| {words} | {told} | {seconds:.1f} |\n")
            sys.stdout.flush()
        browser.close()
    sys.stderr.write(f"{len(ACTIONS) - wrong} of {len(ACTIONS)} right\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
