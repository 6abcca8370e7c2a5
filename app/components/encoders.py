"""The encoders a hierarchy can be built from here, and how to get the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import address
from app.theme.markdown import in_markdown, short
from hierlab import ClassList, load_classes

if TYPE_CHECKING:
    from hierlab._list import Available, Item

__all__ = ["BUILT_IN", "choose_encoders", "show_absent"]

BUILT_IN = "imagenet-1k"
LABEL = "Encoder and prompts"
NAMES = "Named model:weights@prompts; the prompts are the sentences that a class name is put into."


def choose_encoders(
    available: Available, classes: ClassList | str | None, *, several: bool
) -> dict[str, Any]:
    """Lay out the choice of vectors; the argument of `hierlab.build`, empty if there is none."""
    names = [item.name for item in available.encoders if item.ready and item.name == "minilm"]
    # Two sets of names, two widgets: a choice made among few is none among many.
    tables = classes == BUILT_IN or (isinstance(classes, ClassList) and _in_tables(classes))
    one, more = address.ENCODER, address.ENCODERS
    if not tables:
        one, more = address.OWN_ENCODER, address.OWN_ENCODERS
    if tables:
        names = [item.name for item in available.variants if item.ready] + names
    if not names:
        st.info(
            "A list of one's own needs an encoder that is not installed here; "
            "see below how to get one."
        )
        return {}
    about = {item.name: item.about for item in (*available.variants, *available.encoders)}
    if not several:
        one.settle(names[0])
        name = st.selectbox(LABEL, names, help=NAMES, **one.widget)
        st.caption(in_markdown(short(about.get(name, ""), 160)))
        return {"clip": name}
    first = _of_different_models(names)
    more.settle(first)
    chosen = st.multiselect(
        f"{LABEL}; several vote together",
        names,
        default=first,
        max_selections=12,
        help=NAMES,
        **more.widget,
    )
    if not chosen:
        st.caption("Choose at least one.")
        return {}
    return {"clip": chosen[0]} if len(chosen) == 1 else {"consensus": tuple(chosen)}


def _of_different_models(names: list[str]) -> list[str]:
    """The first two that differ in their model, not in their prompts only."""
    firsts = {name.partition("@")[0]: name for name in reversed(names)}
    return [name for name in names if name in firsts.values()][:2]


def _in_tables(classes: ClassList) -> bool:
    """Whether the shipped tables of ImageNet hold all classes, by their WordNet ids."""
    return set(classes.ids) <= set(load_classes(BUILT_IN).ids)


def show_absent(available: Available) -> None:
    """What cannot be chosen here, and how to get it."""
    items: list[Item] = [
        item
        for group in (available.encoders, available.variants, available.methods)
        for item in group
        if not item.ready
    ]
    with st.expander("What is not installed here, and how to get it"):
        for item in items:
            st.markdown(f":gray[{in_markdown(item.name)}]: `{item.get}`")
        st.caption(
            "Other CLIP models: `hierlab embed` makes prototypes where open\\_clip can fetch "
            "weights; `hierlab build --prototypes` takes them."
        )
