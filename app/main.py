"""The app's entry: `hierlab app`, or `streamlit run app/main.py`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

import streamlit as st

from app import address

# Name in the address, title, icon. A page's module, and what it needs, load when it is opened.
# (The folder is not called `pages`: Streamlit would take that for its older kind of page.)
PAGES = (
    ("explore", "Explore", ":material/account_tree:"),
    ("build", "Build", ":material/construction:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("stability", "Stability", ":material/balance:"),
    ("codec", "Codec", ":material/compress:"),
    ("batch", "Batch", ":material/photo_library:"),
    ("curves", "Curves", ":material/show_chart:"),
)

# Less air, so that the figure shows without scrolling and tables fit their column.
STYLE = """
.stMainBlockContainer { padding: 3.75rem 2rem 2rem; }
.stMainBlockContainer h2 { padding-bottom: 0; font-size: 1.6rem; }
/* White is hard to read on the light blue of the dark theme. */
[data-testid=stBaseButton-primary] p, [data-testid=stBaseButton-primary] span,
[data-testid=stMultiSelectTagsContainer] [role=group] :is(span, button, svg) {
  color: light-dark(#FFFFFF, #12161B);
}
.stMarkdown th, .stMarkdown td { padding: 0.3rem 0.5rem !important; font-size: 0.9rem; }
/* Streamlit's drawer of pages stays open over the page that was chosen: links stand instead. */
@media (max-width: 768px) {
  [data-testid=stSidebar], [data-testid=stExpandSidebarButton] { display: none; }
  [data-testid=stHeader] { background: none; }
  [data-testid=stHeader], [data-testid=stToolbar] { pointer-events: none; }
  .stMainBlockContainer { padding-top: 1.5rem; }
  /* What a finger presses is at least 40 px high. */
  .stMainBlockContainer :is(button, summary, input, [data-testid=stPageLink-NavLink],
      [data-testid=stCheckbox] label):not([role=slider], [type=range], [type=checkbox],
      [data-testid=stTooltipHoverTarget] *) { min-height: 40px; }
  .stMainBlockContainer [data-testid=stCheckbox] label { align-items: center; }
  :is([data-testid=stMultiSelect], [data-testid=stButtonGroup]) button { min-width: 42px; }
  /* Beside a figure's title there is room for the camera; two fingers zoom. */
  .modebar-btn[data-attr=zoom], .modebar-btn[data-attr^=reset], .modebar-btn[data-val=reset] {
    display: none !important;
  }
}
/* A script has no height, and would have a gap. */
.stElementContainer:has(> .stHtml > script:only-child) { position: absolute; }
/* Over the foot of the window: nothing moves when it comes or goes. */
div:has(> .st-key-notice) {
  position: fixed; left: 0; right: 0; bottom: 0; z-index: 100; width: auto !important;
  padding: 0.5rem; display: flex; flex-direction: row; justify-content: center;
  pointer-events: none;
}
/* What it lies over can be scrolled out from under it, with the Tab key too. */
.stMainBlockContainer:has(.st-key-notice) { padding-bottom: 12rem; }
.stMain:has(.st-key-notice) { scroll-padding-bottom: 12rem; }
.st-key-notice {
  max-width: 60rem; padding: 0.5rem; pointer-events: auto; flex-wrap: nowrap !important;
  background: light-dark(#FFFFFF, #12161B); border: 1px solid #8888; border-radius: 0.5rem;
}
@media (min-width: 769px) {
  div:has(> .st-key-pages) { display: none !important; }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 0.75rem; padding-right: 0.75rem; }
  /* One card of Batch a line, as wide as it. */
  .st-key-gallery > div { width: 100% !important; max-width: none !important; flex-basis: 100%; }
}
"""


# Streamlit makes an entry in the browser's history whenever the page writes its own address, and
# two where a link leads to another page. What a visitor does costs one; the rest replaces it. Those
# that were made before this script came are taken back, where the browser tells at which entry
# this document began: a reload, or a return from elsewhere, has none.
HISTORY = """
if (!window.hierlabHistory) {
  window.hierlabHistory = true;
  let acted = false;
  let wanted = null;
  for (const kind of ["pointerdown", "keydown"])
    window.addEventListener(kind, () => { acted = true; }, true);
  window.addEventListener("popstate", () => { acted = false; }, true);
  const push = history.pushState;
  history.pushState = function (state, title, url) {
    if (wanted) wanted = new URL(url, location.href).href;
    else if (acted) push.call(history, state, title, url);
    else history.replaceState(state, title, url);
    acted = false;
  };
  const here = window.navigation?.currentEntry?.index ?? 0;
  const first = window.navigation?.activation?.entry?.index ?? here;
  if (0 <= first && first < here) {
    wanted = location.href;
    const arrived = (event) => {
      event.stopImmediatePropagation();
      history.replaceState({}, "", wanted);
      wanted = null;
    };
    window.addEventListener("popstate", arrived, { capture: true, once: true });
    // Refused where the visitor goes elsewhere meanwhile.
    navigation.traverseTo(navigation.entries()[first].key).committed.catch(() => {
      window.removeEventListener("popstate", arrived, true);
      wanted = null;
    });
  }
}
"""


def _opener(name: str) -> Callable[[], None]:
    def open_page() -> None:
        if "pandas" in sys.modules:
            # Plotly looks at it: wait where another visitor's page is half-way through its import.
            importlib.import_module("pandas")
        address.carry(name)
        importlib.import_module(f"app.views.{name}").render()

    open_page.__name__ = name
    return open_page


def main() -> None:
    """Lay out the frame and run the page that the address names."""
    st.set_page_config(page_title="hierlab", page_icon="🌳", layout="wide")
    st.html(f"<style>{STYLE}</style>")
    st.html(f"<script>{HISTORY}</script>", unsafe_allow_javascript=True)
    pages = [
        st.Page(_opener(name), title=title, icon=icon, url_path=name, default=name == "explore")
        for name, title, icon in PAGES
    ]
    st.session_state["pages"] = dict(zip((name for name, _, _ in PAGES), pages, strict=True))
    chosen = st.navigation(pages, position="top")
    with st.container(horizontal=True, gap="small", key="pages"):
        for page in pages:
            st.page_link(page, width="content")
    chosen.run()


main()
