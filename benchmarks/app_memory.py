"""How much memory the app takes for visitors who come side by side.

    python benchmarks/app_memory.py [--visitors 10] [--pages explore,compare,curves]

Starts the app, opens a session for each visitor over Streamlit's own connection, lets each look at
each page, and prints the server's resident memory: before the first visitor, with each page open
for all, and after all have gone. No browser: what a browser keeps is not the server's.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = {"explore": "", "codec": "photo=chelsea"}


def rss_mb(process: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def look(visit: ClientConnection, page: str) -> int:
    """Ask for a page, as a browser does, and wait until it has been sent; messages that came."""
    ask = BackMsg()
    # As Streamlit names the pages of a menu.
    ask.rerun_script.page_script_hash = hashlib.md5(
        page.encode(), usedforsecurity=False
    ).hexdigest()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = ADDRESS.get(page, "")
    visit.send(ask.SerializeToString())
    count = 0
    while True:
        message = ForwardMsg()
        message.ParseFromString(visit.recv(timeout=300))
        count += 1
        if message.WhichOneof("type") == "script_finished":
            return count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--pages", default="explore,compare,stability,curves")
    asked = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hierlab", "app", "--headless", f"--port={port}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(900):
            try:
                socket.create_connection(("localhost", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(2)
        print(f"before: {rss_mb(server.pid):.0f} MB")
        with ExitStack() as stack:
            url = f"ws://localhost:{port}/_stcore/stream"
            visits = [
                stack.enter_context(connect(url, subprotocols=["streamlit"], max_size=None))
                for _ in range(asked.visitors)
            ]
            for page in asked.pages.split(","):
                for place, visit in enumerate(visits, 1):
                    count = look(visit, page)
                    if place in (1, asked.visitors):
                        told = f"{page}, {place} of {asked.visitors} visitors ({count} messages)"
                        print(f"{told}: {rss_mb(server.pid):.0f} MB", flush=True)
        time.sleep(5)
        print(f"after they have gone: {rss_mb(server.pid):.0f} MB")
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    main()
