"""One class followed over all pages: it stands in the address, and every page says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import address
from app.address import Said
from app.components.widgets import example_of, way
from app.data.data_dir import class_of_photo, photos
from app.theme.markdown import in_markdown, short
from hierlab import load_classes
from hierlab.datasets.class_lists import find_class

if TYPE_CHECKING:
    from hierlab import ClassList

__all__ = ["class_links", "class_name", "follow_class", "followed", "photos_of"]

MAX_FOUND = 8
USUAL = "imagenet-1k"


def followed() -> str | None:
    """Key of the class that the address asks to follow."""
    return address.CLASS.asked()


def class_name(key: str, classes: ClassList | None = None) -> str:
    """What people call a class; its key where no list here knows it."""
    for known in (classes, load_classes(USUAL)):
        if known is not None and (place := known.index.get(key)) is not None:
            return known.names[place]
    return short(key, 40)


def photos_of(key: str) -> list[str]:
    """Names of the photographs of the Codec page that show a class."""
    return [name for name, path in photos().items() if class_of_photo(path) == key]


def follow_class(page: str, *, classes: ClassList | None = None, place: Any = st) -> None:
    """Lay out the search for a class, and the ways to it on the other pages.

    Args:
        page: the one that is shown.
        classes: among which it is sought; those of ImageNet if None.
    """
    key = followed()
    if key is not None and not address.CLASS.went() and class_name(key, classes) == short(key, 40):
        address.CLASS.miss(key, "its key")
    title = (
        "Follow a class" if key is None else f"Following {in_markdown(class_name(key, classes))}"
    )
    with place.popover(title, icon=":material/conversion_path:", key="follow", width="content"):
        known = classes or load_classes(USUAL)
        query = st.text_input(
            "Find a class", key="follow_find", placeholder=example_of(known), max_chars=80
        )
        found = find_class(known, query) if query else ()
        if query and not found:
            st.caption(f"No class here is called {in_markdown(query)}.")
        with st.container(horizontal=True, gap="small"):
            for position in found[:MAX_FOUND]:
                st.button(
                    in_markdown(known.names[position]),
                    key=f"follow_{known.ids[position]}",
                    on_click=address.CLASS.go,
                    args=(known.ids[position],),
                )
        if len(found) > MAX_FOUND:
            st.caption(f"and {len(found) - MAX_FOUND:,} more; type more of the name")
        if key is not None:
            st.markdown(f"**{in_markdown(class_name(key, classes))}** ({in_markdown(key)})")
            class_links(key, page)
            st.button("Follow none", key="follow_none", on_click=address.CLASS.go, args=(None,))


def class_links(key: str, page: str, *, shown: str | None = None) -> None:
    """Lay out buttons to a class on the other pages.

    Args:
        page: the one that is shown.
        shown: the map that Explore and Compare are to open with.
    """
    explore: Said = {} if shown is None else {address.MAP: shown}
    compare: Said = {} if shown is None else {address.A: shown}
    ways: list[tuple[str, str, str, Said]] = [
        ("Its path in Explore", "account_tree", "explore", explore),
        (
            "Its place in the class map",
            "scatter_plot",
            "explore",
            {**explore, address.VIEW: "Class map"},
        ),
        ("Where it moved", "compare_arrows", "compare", compare),
        ("How sure it is", "balance", "stability", {address.PART: "Confidence"}),
        ("Its curve", "show_chart", "curves", {address.ONLY: "true"}),
    ]
    if known := photos_of(key):
        ways.insert(3, ("Its photograph", "compress", "codec", {address.PHOTO: known[0]}))
    with st.container(horizontal=True, gap="small"):
        for number, (words, icon, name, said) in enumerate(ways):
            if name == page:
                continue
            way(words, name, {address.CLASS: key, **said}, key=f"way_{page}_{number}", icon=icon)
