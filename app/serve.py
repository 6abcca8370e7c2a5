"""Start the server: what `hierlab app` runs, `python app/serve.py [FLAG OF STREAMLIT ...]`.

The same as `streamlit run app/main.py`, but the first visitor waits about a second less.
"""

from __future__ import annotations

import importlib.metadata
import sys
import threading
import time
from itertools import chain
from pathlib import Path
from typing import Any

__all__ = ["main"]

COMPONENTS = ("streamlit-echarts",)
FIRST = (
    "numpy",
    "app.views.explore",
    "app.figures.tree",
    "hierlab._show",
    "hierlab.regenerate.hierarchies",
    "hierlab.measures.consistency",
    "hierlab.wordnet.wu_palmer",
)


def main(flags: list[str] | None = None) -> None:
    """Serve until interrupted.

    Args:
        flags: of `streamlit run`; the command line's if None.
    """
    threading.Thread(target=_warm, daemon=True).start()
    from streamlit.web import cli

    _name_components()
    script = Path(__file__).with_name("main.py")
    given = sys.argv[1:] if flags is None else flags
    # It would log a warning, with a stack, whenever a page moves a slider that has a default.
    quiet = "--global.disableWidgetStateDuplicationWarning=true"
    cli.main(["run", str(script), quiet, *given], prog_name="streamlit")


def _name_components() -> None:
    """Tell Streamlit's search for installed components, at the start, where it will find any.

    It would read the description of every installed package (0.6 s for 200 of them).
    """
    from streamlit.components.v2 import manifest_scanner

    scan = manifest_scanner.scan_component_manifests
    every = importlib.metadata.distributions
    found = importlib.metadata.Distribution.discover

    def scan_named(*options: Any) -> Any:
        named = vars(importlib.metadata)
        named["distributions"] = lambda: chain(*(found(name=one) for one in COMPONENTS))
        try:
            return scan(*options)
        finally:
            named["distributions"] = every

    vars(manifest_scanner)["scan_component_manifests"] = scan_named


def _warm() -> None:
    """Import what the first page needs while the browser loads the frame."""
    while not _serving():
        time.sleep(0.02)
    for name in FIRST:
        importlib.import_module(name)


def _serving() -> bool:
    """Whether Streamlit has got as far as its runtime (asked without importing it)."""
    runtime = sys.modules.get("streamlit.runtime")
    return runtime is not None and hasattr(runtime, "exists") and runtime.exists()


if __name__ == "__main__":
    main()
