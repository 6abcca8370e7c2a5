"""Codec: encode a photograph once, then cut its bytes by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import coding
from app.coding import Encoded, Look, Machine
from app.folder import photos, served, stamp
from app.maps import label_map_files
from app.text import in_markdown, sentence
from app.uploads import MAX_PICTURE_MB, UploadError, digest
from app.widgets import chart, page_title

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASSIFIER = "efficientnet-lite0"
SIDES = (256, 384, 512, 768)
MAX_FILE_MB = 16
MAX_PIXELS = 4_000_000


def render() -> None:
    """Lay out the page."""
    page_title("Codec", "Encode a photograph once; the slider keeps only its first bytes.")
    if lacking := coding.missing():
        st.info(
            f"This page needs {', '.join(lacking)}, which are not installed. "
            "Run `pip install 'hierlab[codec]'` where the app runs, then start it again."
        )
        return
    checkpoints = _checkpoints()
    if not checkpoints:
        st.info(
            "No trained codec is here. Train one with `c2f train`, or put a checkpoint into "
            "the folder `codecs` of the app's data."
        )
        return
    from codec_plugin import CodecError

    try:
        machine, encoded, original = _source(checkpoints)
    except (CodecError, UploadError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if encoded is not None:
        _cutting(machine, encoded, original)


def _checkpoints() -> dict[str, Path]:
    from codec_plugin.shipped import CHECKPOINTS, shipped_checkpoints

    shipped = {name: CHECKPOINTS / f"{name}.safetensors" for name in shipped_checkpoints()}
    return {**shipped, **served("codecs", ".safetensors")}


@st.cache_resource(max_entries=4, show_spinner="Loading the codec…")
def _machine(checkpoint: tuple[str, int, int]) -> Machine:
    return coding.load_machine(Path(checkpoint[0]), label_map_files(), CLASSIFIER)


@st.cache_resource(max_entries=64, show_spinner="Encoding…")
def _encoded(checkpoint: tuple[str, int, int], key: str, _pixels: NDArray[np.uint8]) -> Encoded:
    return coding.encode(_machine(checkpoint), _pixels)


@st.cache_data(max_entries=512, show_spinner=False)
def _look(
    key: str,
    size: int,
    _machine: Machine,
    _encoded: Encoded,
    _original: NDArray[np.uint8] | None,
) -> Look:
    return coding.look(_machine, _encoded, size, _original, MAX_PIXELS)


@st.cache_data(max_entries=256, show_spinner=False)
def _beside(
    peer: str, key: str, size: int, _pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], int, float]:
    return coding.beside(peer, _pixels, size)


@st.cache_data(max_entries=32, show_spinner=False)
def _shrunk(key: str, side_px: int, _content: bytes) -> tuple[NDArray[np.uint8], str]:
    return coding.shrunk(_content, side_px)


def _source(
    checkpoints: dict[str, Path],
) -> tuple[Machine, Encoded | None, NDArray[np.uint8] | None]:
    """Lay out the choice of codec and photograph, and encode it."""
    known = photos()
    columns = st.columns([3, 3, 2, 4], vertical_alignment="bottom")
    name = columns[0].selectbox("Codec", list(checkpoints), key="codec", bind="query-params")
    shown = columns[1].selectbox(
        "Photograph", list(known) or ["your own"], key="photo", bind="query-params"
    )
    side = columns[2].selectbox("Longest side, pixels", SIDES, key="side", bind="query-params")
    with columns[3].popover("Your own photograph or .c2f file", icon=":material/upload:"):
        file = st.file_uploader(
            "JPEG, PNG, WebP, AVIF or .c2f",
            type=["jpg", "jpeg", "png", "webp", "avif", "c2f"],
            key="photo_file",
            max_upload_size=MAX_PICTURE_MB,
            help="It stays in your session and is forgotten with it.",
        )
    checkpoint = stamp(checkpoints[name])
    machine = _machine(checkpoint)
    if file is not None and file.name.lower().endswith(".c2f"):
        content = file.getvalue()
        if len(content) > MAX_FILE_MB * 2**20:
            raise UploadError(f"The file is larger than {MAX_FILE_MB} MB, the limit for .c2f.")
        return machine, coding.opened(machine, content), None
    photograph: bytes | None = None
    if file is not None:
        photograph = file.getvalue()
    elif shown in known:
        photograph = known[shown].read_bytes()
    if photograph is None:
        st.info("Take a photograph of your own to begin.")
        return machine, None, None
    key = digest(photograph)
    pixels, done = _shrunk(key, side, photograph)
    if done:
        st.caption(f"The photograph was {done} pixels.")
    return machine, _encoded(checkpoint, f"{key}-{side}", pixels), pixels


@st.fragment
def _cutting(machine: Machine, encoded: Encoded, original: NDArray[np.uint8] | None) -> None:
    """The part that a move of the slider runs again."""
    from codec_plugin import CodecError

    total = len(encoded.blob)
    low = min(encoded.first, total)
    size = _slider(encoded, low, total) if total > low else total
    key = f"{machine.codec.checkpoint.model_id}-{digest(encoded.blob)}"
    try:
        found = _look(key, size, machine, encoded, original)
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        st.image(found.pixels, width="stretch", alt=f"The picture from {size} bytes")
        st.caption(f"From {size:,} of {total:,} bytes")
    with middle:
        if original is not None:
            st.image(original, width="stretch", alt="The original photograph")
            st.caption("The original")
        _figures(found, encoded, total)
    with right:
        _answers(machine, found)
    for warning in found.warnings:
        st.warning(in_markdown(warning))
    _downloads(encoded, size, found)
    if machine.recogniser is not None:
        _sureness(machine, encoded, original, key, size)
    if original is not None:
        _peers(original, key, size)


def _slider(encoded: Encoded, low: int, total: int) -> int:
    def to(end: int) -> None:
        st.session_state["bytes"] = end

    held = st.session_state.get("bytes")
    if held is not None and not low <= held <= total:
        st.session_state["bytes"] = min(max(held, low), total)
    first = next(iter(encoded.ends.values()), total)
    size: int = st.slider(
        "Bytes kept",
        low,
        total,
        min(max(first, low), total),
        key="bytes",
        bind="query-params",
        help="Arrow keys move it by a byte.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Go to the end of a stage:")
        for level, end in encoded.ends.items():
            if end <= total:
                st.button(
                    f"{in_markdown(level)} · {end:,} bytes",
                    key=f"to_{level}",
                    on_click=to,
                    args=(end,),
                )
    return size


def _figures(found: Look, encoded: Encoded, total: int) -> None:
    one, two = st.columns(2)
    one.metric("Rate", f"{found.rate_bpp:.3f} bpp")
    if found.psnr_db is not None:
        two.metric("PSNR", f"{found.psnr_db:.2f} dB")
    st.caption(
        f"{found.bytes_used:,} bytes used, {found.stages_complete} of "
        f"{len(encoded.ends)} stages whole; {encoded.width_px} × {encoded.height_px} pixels"
    )


def _answers(machine: Machine, found: Look) -> None:
    import pandas as pd

    from app.figures.answers import answer_figure

    if machine.recogniser is None:
        st.info(f"No classifier looks at the picture: {in_markdown(machine.remark)}.")
        return
    rows = [
        (level, name, round(100 * share, 1))
        for level, answers in found.answers.items()
        for name, share in answers
    ]
    chart(
        answer_figure(found.answers),
        pd.DataFrame(rows, columns=["level", "cluster", "probability in %"]),
        title=f"What {CLASSIFIER} sees in the decoded picture",
        key="answers",
        alt="Bars of the most probable clusters at each level",
    )


def _downloads(encoded: Encoded, size: int, found: Look) -> None:
    with st.container(horizontal=True):
        for label, content, name, mime in (
            (f"Whole .c2f ({len(encoded.blob):,} bytes)", encoded.blob, "photo.c2f", None),
            (f"Cut .c2f ({size:,} bytes)", encoded.blob[:size], f"photo-{size}.c2f", None),
            ("Decoded picture (PNG)", coding.png_bytes(found.pixels), "decoded.png", "image/png"),
        ):
            st.download_button(
                label, content, name, mime or "application/octet-stream", on_click="ignore"
            )


def _peers(original: NDArray[np.uint8], key: str, size: int) -> None:
    from codec_plugin import CodecError

    st.markdown(f"**Others at {size:,} bytes** (the largest file that fits, or their smallest)")
    # AVIF takes two seconds to fit and would hold up the slider, so it waits to be asked for.
    picked = st.pills(
        "Beside it",
        coding.PEERS,
        default=list(coding.PEERS[:2]),
        selection_mode="multi",
        format_func=str.upper,
        key="peers",
        help="AVIF takes about two seconds at each move of the slider.",
    )
    for column, peer in zip(st.columns(len(coding.PEERS)), picked or (), strict=False):
        try:
            pixels, used, psnr = _beside(peer, key, size, original)
        except CodecError as error:
            column.info(sentence(error))
            continue
        column.image(pixels, width="stretch", alt=f"{peer.upper()} at {used} bytes")
        over = f" (its smallest, {used - size:,} too many)" if used > size else ""
        column.caption(f"{peer.upper()}: {used:,} bytes{over}, {psnr:.2f} dB")


def _sureness(
    machine: Machine, encoded: Encoded, original: NDArray[np.uint8] | None, key: str, size: int
) -> None:
    import pandas as pd

    from app.figures.answers import sureness_figure
    from codec_plugin import CodecError

    sizes = coding.cuts(encoded)
    try:
        with st.spinner("Looking at other numbers of bytes…"):
            looks = [_look(key, one, machine, encoded, original) for one in sizes]
    except CodecError as error:
        st.info(sentence(error))
        return
    levels = list(looks[0].answers)
    shares = {level: [one.answers[level][0][1] for one in looks] for level in levels}
    table = pd.DataFrame({"bytes": sizes})
    table["bits per pixel"] = [round(one.rate_bpp, 4) for one in looks]
    if original is not None:
        table["PSNR in dB"] = [round(one.psnr_db or 0.0, 2) for one in looks]
    for level in levels:
        table[level] = [one.answers[level][0][0] for one in looks]
        table[f"{level} %"] = [round(100 * share, 1) for share in shares[level]]
    chart(
        sureness_figure(sizes, shares, encoded.ends, now=size),
        table,
        title="Where each level becomes sure",
        key="sureness",
        alt="Probability of the best cluster at each level against bytes",
    )
