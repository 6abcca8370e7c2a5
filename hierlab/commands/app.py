"""hierlab app."""

from __future__ import annotations

from typing import Annotated

import typer

from hierlab.errors import MissingExtraError


def app(
    port: Annotated[int, typer.Option(help="TCP port to serve on.")] = 8501,
    headless: Annotated[bool, typer.Option("--headless", help="Serve; open no window.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open the app: explore, build and compare hierarchies, cut a bitstream by hand."""
    import importlib.util
    import os
    import sys

    server = importlib.util.find_spec("app.serve")
    if importlib.util.find_spec("streamlit") is None or server is None or not server.origin:
        raise MissingExtraError("streamlit", "app", "the app")
    quiet = headless or not browser
    command = [
        sys.executable,
        "-P",
        server.origin,
        f"--server.port={port}",
        f"--server.headless={str(quiet).lower()}",
    ]
    # The server takes this process over, so that whoever ends one ends the other.
    os.execv(sys.executable, command)
