"""How long the app keeps a visitor waiting, measured in a real Chromium.

    python benchmarks/bench_app.py [--starts 3] [--moves 24] [--no-pages]

- start: from running `hierlab app` to a page that can be used (heading, search field, and
  buttons that lead to the clusters are there), and to the treemap as plotly draws it, in a browser
  that runs already but has never seen the page; beside it, in the same run, a page of Streamlit
  with a heading only, and one with a treemap of three areas: the floor. Below the table stands
  how many times the floor's it is, by the clock and in processor time;
- page: from opening any other page's link to its last change, in a server that has run a while;
- slider: from a click on the byte slider to another picture drawn by the browser, each time at a
  number of bytes that was never looked at (photograph of 256 × 256), and until
  everything else is drawn too.

Prints a Markdown table: seconds on the clock, and seconds of processor time of server and browser.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("build", "compare", "stability", "codec", "batch", "curves")
TREEMAP = "document.querySelector('.treemaplayer .slice path')"
CLUSTERS = "document.querySelector('[class*=st-key-jump_] button')"
HEADING = "document.querySelector('h2')"
SEARCH = "document.querySelector('input[aria-label=\"Find a class\"]')"
QUIET = (
    "() => document.querySelector('[data-testid=stApp]')"
    "?.getAttribute('data-test-script-state') === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')"
)
# Where the slider is clicked: places that are far from one another and never the same.
GOLDEN = 0.618034
FLOOR = "import streamlit as st\nst.set_page_config(layout='wide')\nst.header('Floor')\n"
CHART = (
    "import plotly.graph_objects as go\n"
    "st.plotly_chart(go.Figure(go.Treemap(labels=['all', 'a', 'b'], parents=['', 'all', 'all'])))\n"
)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Start:
    """Seconds from the command to the server's first answer, to a page that can be used, and to
    one that is complete; processor seconds of server and browser until it can be used, and until it
    is complete."""

    up_s: float
    usable_s: float
    complete_s: float
    usable_cpu_s: tuple[float, float]
    complete_cpu_s: tuple[float, float]


@contextmanager
def running(command: Sequence[str]) -> Iterator[tuple[str, float, int]]:
    """A server on a free port: its address, when it was started, its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", *(word.format(port=port) for word in command)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://localhost:{port}", begun, server.pid
    finally:
        server.terminate()
        server.wait(60)


APP = ("hierlab", "app", "--headless", "--port", "{port}")


def streamlit_on(script: Path) -> tuple[str, ...]:
    """The command for a page of Streamlit's own, with nothing switched on that the app has off."""
    flags = ("--server.headless=true", "--server.fileWatcherType=none")
    quiet = ("--browser.gatherUsageStats=false", "--server.port={port}")
    return ("streamlit", "run", str(script), *flags, *quiet)


def cpu_s(root: int, name: str = "") -> float:
    """Processor seconds of a process and all below it; only of those called `name…` if given."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        try:
            head, _, tail = (entry / "stat").read_text().rpartition(")")
        except (OSError, NotADirectoryError):
            continue
        if not entry.name.isdigit():
            continue
        fields = tail.split()
        parents[int(entry.name)] = int(fields[1])
        if head.partition("(")[2].startswith(name):
            spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) * TICK_S
    return sum(seconds for process, seconds in spent.items() if _below(process, root, parents))


def _below(process: int, root: int, parents: dict[int, int]) -> bool:
    while process and process != root:
        process = parents.get(process, 0)
    return process == root


def open_when_up(tab: Any, address: str) -> float:
    """Open an address as soon as the server answers; when that was."""
    end = time.monotonic() + 90
    port = int(address.rstrip("/").rpartition(":")[2])
    while time.monotonic() < end:
        try:
            with socket.create_connection(("localhost", port), 1):
                up = time.perf_counter()
            tab.goto(address, wait_until="commit")
            return up
        except (OSError, Error):
            time.sleep(0.02)
    raise SystemExit("the app did not start within 90 seconds")


def time_start(
    launch: Callable[[], Any], command: Sequence[str], usable: Sequence[str], complete: str
) -> Start:
    """Start a server and wait until parts of its page are drawn, in a browser of its own."""
    browser = launch()
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto("about:blank")
    before = cpu_s(os.getpid(), "chrom")

    with running(command) as (address, begun, process):

        def spent() -> tuple[float, float]:
            return cpu_s(process), cpu_s(os.getpid(), "chrom") - before

        up = open_when_up(tab, address)
        tab.wait_for_function(f"() => {' && '.join(usable)}", timeout=180_000, polling=50)
        used, used_cpu = time.perf_counter(), spent()
        tab.wait_for_function(f"() => {complete}", timeout=180_000, polling=50)
        completed, completed_cpu = time.perf_counter(), spent()
    browser.close()
    return Start(up - begun, used - begun, completed - begun, used_cpu, completed_cpu)


def time_page(browser: Any, link: str) -> float:
    """Seconds from opening a link to a page that has settled."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    begun = time.perf_counter()
    tab.goto(link, wait_until="commit")
    tab.locator("h2").first.wait_for(timeout=180_000)
    tab.wait_for_function(QUIET, timeout=180_000, polling=50)
    taken = time.perf_counter() - begun
    tab.close()
    return taken


def time_moves(browser: Any, address: str, count: int) -> list[tuple[float, float]]:
    """Seconds from each click on the slider to another picture, and to a page that has settled."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{address}/codec?side=256&photo=chelsea")
    slider = tab.locator(".stage input.bytes")
    tab.get_by_text("Sure: one cluster").wait_for(timeout=180_000)
    tab.wait_for_function(QUIET, timeout=180_000, polling=50)
    # All cuts are decoded; what a click costs from here on is what it costs later.
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()
    taken = []
    for number in range(count):
        before, url = tab.locator(".stage .ours img").get_attribute("src"), tab.url
        share = 0.03 + 0.94 * (number * GOLDEN % 1)
        begun = time.perf_counter()
        tab.mouse.click(place["x"] + share * place["width"], place["y"] + place["height"] / 2)
        while tab.locator(".stage .ours img").get_attribute("src") == before:
            tab.wait_for_timeout(10)
        drawn = time.perf_counter()
        tab.wait_for_function("before => location.href !== before", arg=url, polling=20)
        tab.wait_for_function(QUIET, timeout=180_000, polling=50)
        taken.append((drawn - begun, time.perf_counter() - begun))
    tab.close()
    return taken


def print_row(what: str, taken: Sequence[float], server: str = "", browser: str = "") -> None:
    """One line of the table; the 95th percentile is the largest of few."""
    high = sorted(taken)[min(len(taken) - 1, int(0.95 * len(taken)))]
    cells = (what, f"{statistics.median(taken):.2f}", f"{high:.2f}", str(len(taken)))
    sys.stdout.write(f"| {' | '.join((*cells, server, browser))} |\n")
    sys.stdout.flush()


def print_starts(what: str, starts: Sequence[Start]) -> None:
    """The lines of one kind of start."""
    print_row(f"{what}: server answers", [one.up_s for one in starts])
    usable, complete = (
        [f"{statistics.median(parts):.2f}" for parts in zip(*spent, strict=True)]
        for spent in zip(*((one.usable_cpu_s, one.complete_cpu_s) for one in starts), strict=True)
    )
    print_row(f"{what}: can be used", [one.usable_s for one in starts], *usable)
    print_row(f"{what}: drawn", [one.complete_s for one in starts], *complete)


def print_ratio(floor: Sequence[Start], starts: Sequence[Start]) -> None:
    """How many times the floor's time it takes until the page can be used."""
    by_clock = [statistics.median(one.usable_s for one in kind) for kind in (starts, floor)]
    by_cpu = [statistics.median(sum(one.usable_cpu_s) for one in kind) for kind in (starts, floor)]
    sys.stdout.write(
        f"\nCan be used after {by_clock[0] / by_clock[1]:.2f} times an empty page's time by the "
        f"clock, {by_cpu[0] / by_cpu[1]:.2f} times its processor time\n\n"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--moves", type=int, default=24)
    parser.add_argument("--no-pages", action="store_true", help="only starts and moves")
    parser.add_argument("--address", help="of an app that runs, for pages and moves")
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    sys.stdout.write(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n\n")
    sys.stdout.write(
        "| what | median, s | 95 % within, s | times | server CPU, s | browser CPU, s |\n"
        "|---|---|---|---|---|---|\n"
    )
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:

        def launch() -> Any:
            return playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )

        floor, chart = Path(folder) / "floor.py", Path(folder) / "chart.py"
        floor.write_text(FLOOR)
        chart.write_text(FLOOR + CHART)
        kinds = {
            "Streamlit with a heading": (streamlit_on(floor), (HEADING,), HEADING),
            "Streamlit with a treemap": (streamlit_on(chart), (HEADING,), TREEMAP),
            "hierlab app": (APP, (HEADING, SEARCH, CLUSTERS), TREEMAP),
        }
        starts: dict[str, list[Start]] = {kind: [] for kind in kinds}
        for _ in range(asked.starts):  # in turn, so that a busy minute falls on all
            for kind, (command, usable, complete) in kinds.items():
                starts[kind].append(time_start(launch, command, usable, complete))
        for kind, taken in starts.items():
            if taken:
                print_starts(kind, taken)
        if asked.starts:
            print_ratio(starts["Streamlit with a heading"], starts["hierlab app"])
        if asked.moves:
            browser = launch()
            place = nullcontext((asked.address, 0, 0)) if asked.address else running(APP)
            with place as (address, _, _):
                open_when_up(browser.new_page(), address)
                for name in () if asked.no_pages else PAGES:
                    for when in ("first opened", "opened again"):
                        print_row(f"{name}, {when}", [time_page(browser, f"{address}/{name}")])
                moves = time_moves(browser, address, asked.moves)
                print_row("slider: picture drawn", [drawn for drawn, _ in moves])
                print_row("slider: all drawn", [settled for _, settled in moves])
            browser.close()


if __name__ == "__main__":
    main()
