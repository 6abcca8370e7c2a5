"""Parts that several pages are laid out from."""

from __future__ import annotations

import importlib.util
import mimetypes
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from app.address import Choice, Said, link
from app.data.label_maps import Chosen, map_names, map_of_name
from app.data.own_files import take_file
from app.data.uploads import MAX_MAP_MB, label_map_of
from app.figures.frame import put_in_frame
from app.theme.markdown import sentence, short
from hierlab.errors import HierlabError

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator

    from hierlab import ClassList

__all__ = [
    "chart",
    "choose_map",
    "choose_named",
    "choose_one",
    "download",
    "example_of",
    "lacks_codec",
    "page_title",
    "rows_px",
    "show_table",
    "table_below",
    "upload_map",
    "way",
]

EXAMPLE = "n02123045"
# What plotly's bar does that a click, a drag or a double click does not.
CHART = {
    "displaylogo": False,
    "scrollZoom": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoom2d", "pan2d"],
}


def example_of(classes: ClassList) -> str:
    """What may be typed to find a class of these: a name, and a key where it is another word."""
    if EXAMPLE in classes.index:
        return f"tabby, {EXAMPLE}"
    name, key = classes.names[0], classes.ids[0]
    return short(name if key == name else f"{name}, {key}", 40)


def page_title(title: str, about: str) -> DeltaGenerator:
    """The head of a page: what it is, in one line; the line, which has room for more."""
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with line:
        st.header(title, anchor=False, width="content")
        st.caption(about, width="content")
    return line


def lacks_codec() -> bool:
    """Whether the codec's packages are not installed; then the page says how to get them."""
    packages = ("torch", "constriction", "safetensors")
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    if lacking:
        st.info(
            f"This page needs {', '.join(lacking)}, which are not installed. "
            "Run `pip install 'hierlab[codec]'` where the app runs, then start it again."
        )
    return bool(lacking)


def way(
    words: str,
    page: str,
    said: Said,
    *,
    key: str,
    icon: str,
    kind: Literal["primary", "secondary"] = "secondary",
) -> None:
    """A button to another page of the app, in this session.

    It leads there before the page that it stands on is laid out again: a choice that breaks into
    that run would lose what a button returns.

    Args:
        said: what its address is to say.
    """

    def go() -> None:
        pages = st.session_state.get("pages", {})
        if page in pages:  # a page that runs by itself, outside the frame, has none
            st.switch_page(pages[page], query_params=link(page, said))

    st.button(words, key=key, icon=f":material/{icon}:", type=kind, on_click=go)


def chart(
    figure: go.Figure,
    table: Callable[[], pd.DataFrame],
    *,
    title: str,
    source: str,
    key: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A titled figure with the same numbers as a table below it, made when it is opened.

    Args:
        source: what it was drawn from, which a saved picture tells too.
    """
    put_in_frame(figure, title, f"{source} · hierlab", dark=st.context.theme.type == "dark")
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={**CHART, "toImageButtonOptions": {"format": "svg", "filename": key}},
        on_select=on_select or "ignore",
        selection_mode="points",
    )
    table_below(table, key=f"{key}_table")


def table_below(table: Callable[[], pd.DataFrame], *, key: str, title: str = "As a table") -> None:
    """A table folded away; its own tool bar searches it and saves it as CSV."""
    folded = st.expander(
        title, icon=":material/table:", key=f"{key}_open", on_change="rerun", type="compact"
    )
    if folded.open:
        show_table(table(), key=key, place=folded)


def rows_px(rows: int, most: int) -> int:
    """Height of a table with so many rows, of which at most so many are seen at once: all whole."""
    return 38 + 35 * max(1, min(rows, most))


def show_table(
    table: pd.DataFrame, *, key: str, place: Any = st, most: int = 20, **options: Any
) -> None:
    """A table whose fractions have one number of decimals a column: 1 of %, 2 of dB, else 3.

    Args:
        most: rows that are seen at once; none of them is cut.
    """
    decimals = {
        name: 1 if "%" in name else 2 if "dB" in name else 3
        for name in map(str, table.select_dtypes("float").columns)
    }
    columns = {
        name: st.column_config.NumberColumn(format=f"%.{count}f")
        for name, count in decimals.items()
        if not (table[name].dropna() % 1 == 0).all()
    }
    height = rows_px(len(table), most)
    place.dataframe(
        table, hide_index=True, key=key, height=height, column_config=columns, **options
    )


def choose_map(label: str, choice: Choice, *, default: int = 0, column: Any = st) -> Chosen | None:
    """Choose a label map; the choice is in the address."""
    names = map_names()
    if not names:
        column.info("No label map is shipped or served here. Upload one, or make one under Build.")
        return None
    name = choose_named(label, names, choice, default=default, column=column)
    try:
        return map_of_name(name)
    except HierlabError as error:
        column.error(f"This label map cannot be opened: {sentence(error)}")
        return None


def choose_named(
    label: str,
    names: Sequence[str],
    choice: Choice,
    *,
    default: int = 0,
    column: Any = st,
) -> str:
    """Choose one of several things by name; the choice is in the address.

    Args:
        default: place of the name that an address without the choice means. It must not hang on
            what this visitor has, or a colleague with the same address would see something else.
    """
    index = min(default, len(names) - 1)
    choice.settle(names[index])
    name: str = column.selectbox(label, names, index=index, **choice.widget)
    return name


def choose_one(
    label: str,
    options: Sequence[str],
    choice: Choice,
    *,
    place: Any = st,
    about: str | None = None,
) -> str:
    """Choose one of a few things that stand side by side; the choice is in the address."""
    choice.settle(options[0])
    chosen: str | None = place.segmented_control(
        label, options, default=options[0], required=True, wrap=True, help=about, **choice.widget
    )
    return chosen or options[0]


def download(
    label: str,
    content: bytes | Callable[[], bytes],
    name: str,
    *,
    key: str | None = None,
    icon: str = "download",
) -> None:
    """A button that saves a file, made when it is pressed where it is a function."""
    st.download_button(
        label,
        content,
        name,
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        key=key,
        icon=f":material/{icon}:",
        on_click="ignore",
    )


def upload_map(choice: Choice, *, column: Any = st) -> None:
    """Take a label map from the visitor and choose it."""
    take_file(
        "Label map (JSON), made by hierlab build or import",
        "maps",
        choice,
        max_mb=MAX_MAP_MB,
        check=lambda content, _: label_map_of(content).name,
        endings=(".json",),
        column=column,
    )
