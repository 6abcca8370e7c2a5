"""Draw docs/images/app-*.png: start the app, open its pages in Chromium, and save what is seen."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAP = "clip-seven-10-100-1000"
WORDNET = "wordnet-k-10-100-1000"
# By name: address, width, theme of the browser.
PICTURES = {
    "explore": (f"/?map={MAP}&cluster=coarse%3A0", 1280, "light"),
    "explore-dark": (f"/?map={MAP}&view=Icicle&level=mid", 1280, "dark"),
    "explore-narrow": (f"/?map={MAP}&cluster=coarse%3A0", 390, "light"),
    "classmap": (f"/?map={MAP}&view=Class+map&class=n02123045", 1280, "light"),
    "compare": (f"/compare?a={MAP}&b={WORDNET}", 1280, "light"),
    "build": ("/build?method=consensus", 1280, "light"),
    "stability": ("/stability?part=Encoders&pair=0-1", 1280, "light"),
    "codec": ("/codec?against=AVIF", 1280, "light"),
    "codec-narrow": ("/codec?against=AVIF", 390, "dark"),
    "batch": ("/batch?count=4", 1280, "light"),
    "curves": ("/curves", 1280, "light"),
}
QUIET = (
    "() => document.querySelector('[data-testid=stApp]')"
    "?.getAttribute('data-test-script-state') === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')"
)


def serve() -> tuple["subprocess.Popen[bytes]", str]:
    """Start the app on a free port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    server = subprocess.Popen(
        [*command, f"--server.port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    address = f"http://localhost:{port}"
    for _ in range(450):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
            return server, address
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    server.terminate()
    raise SystemExit("the app did not start within 90 seconds")


def main() -> None:
    """Save the pictures that were asked for, or all."""
    from playwright.sync_api import sync_playwright

    wanted = sys.argv[1:] or list(PICTURES)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    server, address = serve()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for name in wanted:
                path, width, theme = PICTURES[name]
                page = browser.new_page(
                    viewport={"width": width, "height": 900}, color_scheme=theme
                )
                page.set_default_timeout(600_000)
                page.goto(address + path)
                page.locator("h2").first.wait_for()
                page.wait_for_function(QUIET)
                if name.startswith("codec"):  # all cuts are decoded
                    page.get_by_text("Sure: one cluster").wait_for()
                    page.wait_for_function(QUIET)
                if name == "batch":
                    page.get_by_role("button", name="Run", exact=True).click()
                    page.get_by_text("4 of 4 photographs done").wait_for()
                    page.wait_for_function(QUIET)
                if name == "classmap":
                    page.locator(".map .labels text").first.wait_for()
                page.wait_for_timeout(2_500)  # figures are drawn after the script has ended
                page.screenshot(path=ROOT / "docs" / "images" / f"app-{name}.png")
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
