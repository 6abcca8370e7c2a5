"""How long the app keeps a visitor waiting, measured in a real Chromium.

    python benchmarks/bench_app.py [--moves 12] [--starts 3]

- start: from running `hierlab app` to the first treemap drawn, in a browser that is already open;
- page: from opening any other page's link to its last change, in a server that has run a while;
- slider: from a key press on the byte slider to the new picture drawn (photograph of 256 × 256).

Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("build", "compare", "stability", "codec", "curves")
AREA = ".treemaplayer .slice"
PICTURE = "[data-testid=stImage] img"
QUIET = (
    "() => document.querySelector('[data-testid=stApp]')"
    "?.getAttribute('data-test-script-state') === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')"
)


@contextmanager
def running() -> Iterator[tuple[str, float]]:
    """The app on a free port: its address, and when it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "hierlab", "app", "--headless", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://localhost:{port}", begun
    finally:
        server.terminate()
        server.wait(30)


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


def time_start(browser: Any) -> tuple[float, float]:
    """Seconds from the command to a server that answers, and to the first treemap."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    with running() as (address, begun):
        up = open_when_up(tab, address)
        tab.locator(AREA).first.wait_for(timeout=90_000)
        drawn = time.perf_counter()
    tab.close()
    return up - begun, drawn - begun


def time_page(browser: Any, link: str) -> float:
    """Seconds from opening a link to a page that has settled."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    begun = time.perf_counter()
    tab.goto(link, wait_until="commit")
    tab.locator("h2").first.wait_for(timeout=90_000)
    tab.wait_for_function(QUIET, timeout=90_000)
    taken = time.perf_counter() - begun
    tab.close()
    return taken


def time_moves(browser: Any, address: str, count: int) -> list[float]:
    """Seconds from each key press on the slider to another picture drawn."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{address}/codec?side=256&photo=chelsea")
    thumb = tab.locator("[data-testid=stSlider] [role=slider]").first
    thumb.wait_for(timeout=90_000)
    tab.locator(PICTURE).nth(1).wait_for(timeout=90_000)
    tab.wait_for_function(QUIET, timeout=90_000)
    thumb.focus()
    taken = []
    for _ in range(count):
        before = tab.locator(PICTURE).first.get_attribute("src")
        begun = time.perf_counter()
        tab.keyboard.press("PageUp")  # ten bytes more
        tab.wait_for_function(
            "before => { const one = document.querySelector('[data-testid=stImage] img');"
            " return one && one.complete && one.getAttribute('src') !== before; }",
            arg=before,
            timeout=60_000,
        )
        taken.append(time.perf_counter() - begun)
        tab.wait_for_function(QUIET, timeout=90_000)
    tab.close()
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--moves", type=int, default=12)
    parser.add_argument("--no-pages", action="store_true", help="only starts and moves")
    parser.add_argument("--address", help="of an app that runs, for pages and moves")
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    rows: list[tuple[str, list[float]]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        starts = [time_start(browser) for _ in range(asked.starts)]
        rows.append(("server answers", [up for up, _ in starts]))
        rows.append(("first treemap drawn", [drawn for _, drawn in starts]))
        if asked.moves:
            with nullcontext((asked.address, 0)) if asked.address else running() as (address, _):
                open_when_up(browser.new_page(), address)
                for name in () if asked.no_pages else PAGES:
                    link = f"{address}/{name}"
                    rows.append((f"{name}, first opened", [time_page(browser, link)]))
                    rows.append((f"{name}, opened again", [time_page(browser, link)]))
                moves = time_moves(browser, address, asked.moves)
                rows.append(("slider move to new picture", moves))
        browser.close()
    sys.stdout.write("| what | median, s | longest, s | times |\n|---|---|---|---|\n")
    for what, taken in rows:
        if taken:
            sys.stdout.write(
                f"| {what} | {statistics.median(taken):.2f} | {max(taken):.2f} | {len(taken)} |\n"
            )


if __name__ == "__main__":
    main()
