"""The one notice of a page: what its address, or a file, asked for in vain.

It lies over the foot of the window, so that nothing moves when it comes or goes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.data.own_files import forget_refused, refused_files
from app.theme.markdown import in_markdown

__all__ = ["NOTICE", "with_notice"]

NOTICE = "notice"
# What "my …" was, for whoever comes back to it and for whoever was sent a link.
GONE = (
    "What was uploaded or built here ends with the visit unless it is kept on the server: "
    "load it again, or ask whoever sent the link for the file."
)


def with_notice(page: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Lay out a page with its notice.

    Args:
        page: its name in `address.PAGES`.
    """

    def around(render: Callable[[], None]) -> Callable[[], None]:
        @wraps(render)
        def laid_out() -> None:
            place = st.empty()
            if st.session_state.get("notice_page", page) != page:
                _close()  # it was about another page
            st.session_state["notice_page"] = page
            address.arrive(page)
            former = _sentences()
            words = _show(place, former) if former else None
            whole = False
            try:
                render()
                whole = True
            finally:  # another choice may break in: the next run tells what is noted here
                address.look_back(page, whole=whole)
            now = _sentences()
            if now and words is None:
                _show(place, now)
            elif words is not None and now != former:
                _tell(words, now) if now else place.empty()

        return laid_out

    return around


def _sentences() -> list[str]:
    """What is to be told: one sentence of the address, with what belongs to it, and one a file."""
    missed = address.missed()
    told = []
    if missed:
        asked = _joined([f"the {one.noun} {in_markdown(one.asked[:80])}" for one in missed])
        instead = list(dict.fromkeys(in_markdown(one.shown) for one in missed if one.shown))
        lack = "which is not here" if len(missed) == 1 else "which are not here"
        shown = f"; {_joined(instead)} {'is' if len(instead) == 1 else 'are'} shown"
        told.append(f"The address asks for {asked}, {lack}{shown if instead else ''}.")
        told += dict.fromkeys(in_markdown(one.why) for one in missed if one.why)
        if any(one.asked.startswith("my ") for one in missed):
            told.append(GONE)
    return [*filter(None, [" ".join(told)]), *refused_files()]


def _joined(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _show(place: DeltaGenerator, sentences: list[str]) -> DeltaGenerator:
    """Lay out the notice; where its words stand."""
    with place.container(horizontal=True, vertical_alignment="center", key=NOTICE):
        words = st.empty()
        _tell(words, sentences)
        st.button("Close", key="notice_close", on_click=_close)
    return words


def _tell(words: DeltaGenerator, sentences: list[str]) -> None:
    words.warning("\n\n".join(sentences), icon=":material/info:", width="stretch")


def _close() -> None:
    address.forget_missed()
    forget_refused()
