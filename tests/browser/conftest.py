"""A served app and a Chromium to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app is served."""
    pytest.importorskip(
        "streamlit", reason="Streamlit is not installed: pip install 'hierlab[app]'"
    )
    _chromium()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("app") / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [*command, f"--server.port={port}"],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": path},
        )
    try:
        _wait(f"http://localhost:{port}/_stcore/health", server, log)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the app did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: make setup-all"
    )
    path = _chromium()  # first: a skip inside would leave Playwright's pipes open
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def tab(request: pytest.FixtureRequest, browser, address: str) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """A page of the browser; it fails on any request that leaves this machine."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    page.set_default_timeout(180_000)  # where many share the machine
    outside: list[str] = []
    local = (address, address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(local) else outside.append(one.url))
    yield page
    out = ROOT / "out" / "screenshots"
    out.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=out / f"{request.node.name.replace('[', '-').rstrip(']')}.png")
    page.close()
    assert not outside, f"the app asked the network for {outside[:3]}"
