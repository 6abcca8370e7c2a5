"""The choice of codec and photograph, and the file that is made of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import address
from app.codec_page.encoding import (
    SIDES,
    checkpoints_here,
    encoded,
    machine_of,
    shrunk_once,
)
from app.codec_page.photo_strip import photo_strip
from app.codec_page.photograph import Machine, Photograph, Pixels, encode, load_machine
from app.codec_page.slider import show_cuts
from app.components.followed_class import class_name, followed, photos_of
from app.components.widgets import choose_named
from app.data.data_dir import about_photo, photos, stamp
from app.data.own_files import own_files, plain_name, take_file
from app.data.uploads import MAX_PICTURE_MB, UploadError, digest, picture_of
from app.theme.markdown import in_markdown, sentence
from codec_plugin import CodecError, read_header

__all__ = ["render"]

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".c2f")
MAX_FILE_MB = 16
EFFORT = 8
# On two busy cores a search takes a minute for 256 pixels, and more as their square.
MAX_SEARCHED_SIDE = 384


def render() -> None:
    """Lay out what is below the heading."""
    checkpoints = checkpoints_here()
    if not checkpoints:
        return
    try:
        photograph = _photograph(checkpoints)
        if photograph is not None:
            photograph.stage_ends  # noqa: B018 (a foreign file is refused here)
    except (CodecError, UploadError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if photograph is not None:
        show_cuts(photograph, _tell_class)
        _others()


def _check(content: bytes, name: str) -> str:
    """Refuse an upload that is neither a picture nor a file of the codec; else its name."""
    if not name.lower().endswith(".c2f"):
        picture_of(content)
        return name
    if len(content) > MAX_FILE_MB * 2**20:
        raise UploadError(f"The file is larger than {MAX_FILE_MB} MB, the limit for .c2f.")
    try:
        read_header(content)
    except CodecError as error:
        raise UploadError(f"This is not a .c2f file that can be read: {error}.") from error
    return name


def _tell_class() -> None:
    """Whether the photograph shows the class that is followed, and which does."""
    key = followed()
    if key is None:
        return
    name, known, shown = in_markdown(class_name(key)), photos_of(key), address.PHOTO.chosen()

    with st.container(horizontal=True, vertical_alignment="center"):
        if shown in known:
            st.caption(f"This photograph shows **{name}**, the class that is followed.")
        elif known:
            st.caption(f"Another photograph shows **{name}**, the class that is followed.")
            st.button(
                in_markdown(known[0]),
                key="photo_of_class",
                on_click=address.PHOTO.choose,
                args=(known[0],),
            )
        else:
            st.caption(f"No photograph here shows **{name}**; how sure it is in this one, is told.")


@st.cache_resource(max_entries=1, show_spinner=False)
def _searcher(checkpoint: tuple[str, int, int]) -> Machine:
    """A codec of its own, so that nobody's slider waits for another's search."""
    return load_machine(Path(checkpoint[0]))


@st.cache_resource(
    max_entries=64,
    show_spinner="Searching for the classes; up to a minute for 256 pixels, twice that for 384…",
)
def _searched(checkpoint: tuple[str, int, int], key: str, _pixels: Pixels) -> bytes:
    return encode(_searcher(checkpoint), _pixels, effort=EFFORT)


def _credit(path: Path) -> None:
    """Lay out who made a shipped photograph, and what it is an example of."""
    about = about_photo(path)
    if about is None:
        return
    words = f"Photograph by [{in_markdown(about.author)}]({about.url}), {about.licence}."
    if about.example == "failure":
        words = f"**A failure**: the first stage does not tell the class of this one. {words}"
    st.caption(words)


def _others() -> None:
    """Lay out the small pictures, and whose the one that is shown is, below the stage."""
    known, shown = photos(), address.PHOTO.chosen()
    strip, credit = st.columns([3, 1], vertical_alignment="center")
    with strip:
        photo_strip(known, shown, address.PHOTO.choose)
    if shown in known:
        with credit:
            _credit(known[shown])


def _photograph(checkpoints: dict[str, Path]) -> Photograph | None:
    """Lay out the choice of codec and photograph, and encode it."""
    known = photos()
    columns = st.columns([6, 6, 4, 8, 6], vertical_alignment="bottom")
    take_file(
        "JPEG, PNG, WebP, AVIF or .c2f",
        "photos",
        address.PHOTO,
        max_mb=MAX_PICTURE_MB,
        check=_check,
        endings=ENDINGS,
        title="Your own photograph or .c2f file",
        column=columns[3],
    )
    name = choose_named("Codec", list(checkpoints), address.CODEC, column=columns[0])
    own = own_files("photos")
    names = [*list(known)[:1], *reversed(own), *list(known)[1:]]
    if not names:
        st.info("Take a photograph of your own to begin.")
        return None
    asked = followed()
    own_kind = photos_of(asked) if asked else []
    first = names.index(own_kind[0]) if own_kind else 0
    shown = choose_named("Photograph", names, address.PHOTO, default=first, column=columns[1])
    side = columns[2].selectbox("Longest side, pixels", SIDES, **address.SIDE.widget)
    searching = columns[4].toggle(
        "Search for the classes",
        disabled=side > MAX_SEARCHED_SIDE,
        help=f"While encoding, as c2f encode --effort {EFFORT}: the first bytes then tell the "
        "class more often; the decoder stays the same. "
        f"Up to {MAX_SEARCHED_SIDE} pixels.",
        **address.SEARCH.widget,
    )
    checkpoint = stamp(checkpoints[name])
    content = own[shown] if shown in own else known[shown].read_bytes()
    machine = machine_of(checkpoint)
    if shown in own and plain_name(shown).lower().endswith(".c2f"):
        return Photograph(machine, content)
    key = digest(content)
    pixels, done = shrunk_once(key, side, content)
    if done:
        st.caption(in_markdown(f"The photograph: {'; '.join(done)}."))
    search = searching and side <= MAX_SEARCHED_SIDE
    blob = (_searched if search else encoded)(checkpoint, f"{key}-{side}", pixels)
    return Photograph(machine, blob, pixels)
