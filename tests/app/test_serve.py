"""The server: `hierlab app` starts it, and ends with it."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed: pip install 'hierlab[app]'")

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import connect

# A page that works for two minutes, and so does a worker of it, as those do that make AVIF files.
BUSY_PAGE = """import pathlib, time
from concurrent.futures import ThreadPoolExecutor
def work():
    pathlib.Path({mark!r}).touch()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        sum(range(1000))
ThreadPoolExecutor(1).submit(work)
work()
"""
SERVE = "import pathlib, sys, app.serve; app.serve.main(sys.argv[2:], pathlib.Path(sys.argv[1]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: Sequence[str], port: int) -> "subprocess.Popen[bytes]":
    """A server that answers."""
    server = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                return server
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert time.monotonic() < end
            assert server.poll() is None
            time.sleep(0.2)


@pytest.mark.slow
def test_whoever_ends_the_command_ends_the_server() -> None:
    port = free_port()
    server = started(("-m", "hierlab", "app", "--headless", "--port", str(port)), port)
    server.terminate()
    assert server.wait(60) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.slow
def test_a_page_that_is_being_worked_out_does_not_hold_up_the_end(tmp_path: Path) -> None:
    mark, page, port = tmp_path / "works", tmp_path / "page.py", free_port()
    page.write_text(BUSY_PAGE.format(mark=str(mark)))
    flags = (f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none")
    server = started(("-c", SERVE, str(page), *flags), port)
    try:
        with connect(f"ws://localhost:{port}/_stcore/stream", subprotocols=["streamlit"]) as visit:
            ask = BackMsg()
            ask.rerun_script.query_string = ""
            visit.send(ask.SerializeToString())
            end = time.monotonic() + 60
            while not mark.exists():
                assert time.monotonic() < end
                time.sleep(0.05)
            begun = time.monotonic()
            server.terminate()
            assert server.wait(60) == 0
            # Half a second on a quiet machine; two minutes if the page were waited for.
            assert time.monotonic() - begun < 20
    finally:
        server.kill()
