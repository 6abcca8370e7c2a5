"""What makes the first page come sooner; apart from `main.py`, which Streamlit runs anew each time.

The first look at Explore needs no pandas, which takes longer to import than all else together; it
is imported soon after, or at once for whatever needs it.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from functools import cache

import streamlit as st

__all__ = ["head_start", "import_pandas", "run_page"]

# By then the first visitor's browser has drawn its treemap, even on a slow machine.
PATIENCE_S = 8.0
# A browser that has got a figure of plotly's draws nothing else until it has read all of plotly.
HEAD_START_S = 1.0
# Plotly looks at pandas, and must not find it half-way through its import by another thread.
_IMPORT = threading.Lock()


def run_page(render: Callable[[], None], *, light: bool) -> None:
    """Lay out a page.

    Args:
        light: whether it can do without pandas.
    """
    if _imported.is_set():
        render()
    elif light:
        with _IMPORT:
            _import_later()
            render()
    else:
        import_pandas()
        render()


def head_start(work: Callable[[], None]) -> None:
    """Let a new visitor's browser draw what it has, before a figure keeps it busy.

    Args:
        work: done in that time.
    """
    begun = time.monotonic()
    work()
    if not st.session_state.setdefault("head_start", False):
        st.session_state["head_start"] = True
        time.sleep(max(0.0, HEAD_START_S - (time.monotonic() - begun)))


def import_pandas() -> None:
    """Import pandas while no page draws without it."""
    with _IMPORT:
        importlib.import_module("pandas")
        _imported.set()


_imported = threading.Event()


@cache
def _import_later() -> None:
    def wait_and_import() -> None:
        time.sleep(PATIENCE_S)
        import_pandas()

    threading.Thread(target=wait_and_import, daemon=True).start()
