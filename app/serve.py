"""Start the server: what `hierlab app` runs, `python app/serve.py [FLAG OF STREAMLIT ...]`."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from pathlib import Path

from streamlit import runtime
from streamlit.runtime import RuntimeState
from streamlit.web import cli

__all__ = ["main"]

SCRIPT = Path(__file__).with_name("main.py")
FIRST_PAGE = "app.views.explore"


def main(flags: list[str] | None = None, script: Path = SCRIPT) -> None:
    """Serve until interrupted, and end the process.

    Args:
        flags: of `streamlit run`; the command line's if None.
        script: what is served.
    """
    # It would log a warning, with a stack, whenever a page moves a slider that has a default.
    quiet = "--global.disableWidgetStateDuplicationWarning=true"
    threading.Thread(target=_load_first_page, daemon=True).start()
    try:
        cli.main(["run", str(script), quiet, *(flags or sys.argv[1:])], prog_name="streamlit")
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        # Python would wait for what its workers are at. Files are written under another name
        # first, so that none is left half-written.
        os._exit(ended.code if isinstance(ended.code, int) else int(ended.code is not None))


def _load_first_page() -> None:
    """Import what the first page needs while the first browser still loads Streamlit's scripts."""
    while not runtime.exists() or runtime.get_instance().state is RuntimeState.INITIAL:
        time.sleep(0.02)  # it would only make the server's own start longer
    importlib.import_module(FIRST_PAGE)


if __name__ == "__main__":
    main()
