"""On the first page of a visit, figures come when the browser has drawn all else.

plotly is a script of five megabytes: a browser that has a figure to draw does nothing else for a
second, and buttons and tables that arrived before it wait.
"""

from __future__ import annotations

import streamlit as st

__all__ = ["figure_place", "figures_wait", "hold_figures"]

_WAITING = "figures_wait"
# Asks for the page once more when the script has ended, no part of the page is still loading, and
# the browser has nothing left to draw.
_IDLE = st.components.v2.component(
    "hierlab_idle",
    js="""
export default function ({ setTriggerValue }) {
  const loading = () =>
    !document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]") ||
    document.querySelector("[data-testid=stSkeleton]:not([class*=st-key-place_] *)");
  const look = () => loading() ? setTimeout(look, 40)
    : requestIdleCallback(() => setTriggerValue("idle", true));
  look();
}
""",
)


def hold_figures() -> None:
    """Let the figures of a visit's first page wait; any later run of it draws them."""
    st.session_state[_WAITING] = _WAITING not in st.session_state
    if st.session_state[_WAITING]:
        _IDLE(key="idle", on_idle_change=lambda: None, height=1)


def figures_wait() -> bool:
    """Whether a figure is to leave its place empty."""
    return bool(st.session_state.get(_WAITING))


def figure_place(key: str, height_px: int) -> None:
    """The empty place of a figure that waits."""
    with st.container(key=f"place_{key}"):
        st.skeleton(height=height_px)
