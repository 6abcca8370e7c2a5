"""The stage: one photograph after any number of bytes, beside the original or another codec.

About two dozen cuts are decoded unasked, a few at a time, so that the slider is live while it is
dragged; any other number of bytes is decoded when the slider is let go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app import address
from app.codec_page.classification import (
    SURE,
    answers_at,
    best_of,
    choose_classifier,
    choose_through,
    load_recogniser,
    told_by_file,
)
from app.codec_page.confidence_curve import show_confidence
from app.codec_page.conventional import entries_of
from app.codec_page.photograph import (
    Look,
    Photograph,
    damaged_stage,
    look_at,
    png_bytes,
)
from app.codec_page.split_view import Entry, Stage, StageLevel, picture_address, split_view
from app.components.widgets import choose_one, download
from app.data.label_maps import label_map_files
from app.theme.markdown import in_markdown, sentence, without_folders
from app.theme.palette import LINES
from codec_plugin import BlockDamagedError, CodecError
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["show_cuts", "stage_levels"]

# How many cuts are decoded before the page shows them.
FIRST_CUTS = 6
STAGE_OF = "stage_of"
ORIGINAL = "original"
SHOWN = {"JPEG": "jpeg", "WebP": "webp", "AVIF": "avif"}


@st.fragment
def show_cuts(photograph: Photograph, tell: Callable[[], None]) -> None:
    """Lay out everything below the choice of photograph.

    Args:
        tell: lays out what is to be said of it first, beside the stage.
    """
    size = _chosen_size(photograph)
    try:
        look = look_at(photograph, size)
    except BlockDamagedError:
        st.error(
            "The file is damaged in its first stage: nothing of the picture can be trusted. "
            "Get the file again.",
            icon=":material/error:",
        )
        return
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    _tell_faults(photograph, size, look)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        tell()
        who_at, clusters_at = st.columns(2)
        classifier = choose_classifier(column=who_at)
        through = choose_through(photograph.machine, clusters_at)
        # What the former photograph was taken for must not stand beside another one.
        another = st.session_state.get(STAGE_OF) != photograph.key
        st.session_state[STAGE_OF] = photograph.key
        answers = st.empty() if another else None
    loaded = load_recogniser(photograph.machine, classifier, through)
    recogniser = None if isinstance(loaded, str) else loaded
    if isinstance(loaded, str):
        why = in_markdown(without_folders(loaded))
        st.info(f"No classifier looks at the picture: {why}.")
    sizes = photograph.cuts
    ready = _ready(f"{photograph.key}-{classifier}-{through and through.key}", size, sizes)
    with left:
        beside = _beside(photograph, size)
        _stage(photograph, recogniser, size, [one for one in sizes if one in ready], beside)
        _facts(photograph, size, look)
        _downloads(photograph, size, look)
    with right if answers is None else answers, st.container():
        place = st.container()
        if recogniser is not None:
            _about(photograph, recogniser)
    if len(ready & set(sizes)) < len(sizes):
        with place:
            _decode_more(photograph, recogniser, sizes, ready)
    if recogniser is not None:
        with place:
            show_confidence(photograph, recogniser, sizes, size)


def _chosen_size(photograph: Photograph) -> int:
    """The bytes kept: the address's at first, then what the slider or the field says."""
    low, total = photograph.fewest, len(photograph.blob)
    first = min(max(next(iter(photograph.level_ends.values()), total), low), total)
    return address.BYTES.within(photograph.key, low, total, first)


def _ready(key: str, size: int, sizes: Sequence[int]) -> set[int]:
    """The bytes of this file that this visitor's page has shown already, by one classifier."""
    former, ready = st.session_state.get("ready", ("", set()))
    ready = ready if former == key else set()
    st.session_state["ready"] = key, ready
    if size in sizes:
        ready.add(size)
    return ready


def _decode_more(
    photograph: Photograph, recogniser: Recogniser | None, sizes: Sequence[int], ready: set[int]
) -> None:
    """Decode the next cuts, spread over the file, and draw the page anew with them."""
    rest = [one for one in sizes if one not in ready]
    if len(ready) < FIRST_CUTS:
        rest = rest[:: max(1, len(rest) // FIRST_CUTS)]
    mark = st.empty()
    for place, cut in enumerate(rest, 1):
        # A newer move of the slider breaks in here.
        mark.caption(f"Decoding {cut:,} bytes, {place} of {len(rest)}…")
        look_at(photograph, cut)
        if recogniser is not None:
            answers_at(photograph, recogniser, cut)
        ready.add(cut)
    st.rerun()


def _beside(photograph: Photograph, size: int) -> str | None:
    """Lay out the choice of bytes, and of what stands beside our picture; None without any."""
    low, total = photograph.fewest, len(photograph.blob)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = None
        if photograph.original is not None:
            about = "A conventional codec shows its largest file that fits, or its smallest."
            against = choose_one("Beside it", (ORIGINAL, *SHOWN), address.AGAINST, about=about)
        if total > low:
            # Its default is the choice: a browser that a newer run overtakes shows the default.
            st.number_input("Bytes kept", low, total, size, key=address.BYTES.name, width=150)
        for level, end in photograph.level_ends.items():
            if low <= end <= total:
                st.button(
                    in_markdown(level), key=f"to_{level}", on_click=address.BYTES.hold, args=(end,)
                )
        st.button("all", key="to_all", on_click=address.BYTES.hold, args=(total,))
    return against


def _entry(photograph: Photograph, recogniser: Recogniser | None, size: int) -> Entry:
    look = look_at(photograph, size)
    psnr = "" if look.psnr_db is None else f", PSNR {look.psnr_db:.2f} dB"
    return {
        "bytes": size,
        "note": f"{look.rate_bpp:.3f} bits per pixel{psnr}",
        "src": picture_address(f"{photograph.key}-{size}", look.pixels),
        "answers": None
        if recogniser is None
        else best_of(answers_at(photograph, recogniser, size)),
    }


def _stage(
    photograph: Photograph,
    recogniser: Recogniser | None,
    size: int,
    ready: Sequence[int],
    against: str | None,
) -> None:
    original = photograph.original
    seen = None
    beside: dict[str, object] | None = None
    if original is not None:
        if recogniser is not None:
            seen = best_of(answers_at(photograph, recogniser, None))
        shown: Entry = {
            "bytes": 0,
            "note": "",
            "src": picture_address(photograph.source, original),
            "answers": None,
        }
        entries = [shown]
        if against in SHOWN:
            mark = st.empty()
            try:
                entries = entries_of(
                    SHOWN[against],
                    photograph,
                    recogniser,
                    size,
                    lambda quality: mark.caption(f"{against} at quality {quality}…"),
                )
            except CodecError as error:
                mark.info(sentence(error))
            else:
                mark.empty()
        name = ORIGINAL if entries == [shown] else against
        beside = {"name": name, "entries": entries}
    width, height = photograph.size_px
    stage: Stage = {
        "key": photograph.key,
        "width": width,
        "height": height,
        "low": photograph.fewest,
        "total": len(photograph.blob),
        "size": size,
        "cuts": [_entry(photograph, recogniser, cut) for cut in sorted({*ready, size})],
        "beside": beside,
        "original": seen,
        "told": list(recogniser.hierarchy.level_names) if recogniser else [],
        "levels": stage_levels(photograph.level_ends, photograph.stage_ends[-1], photograph.fewest),
        "sure": SURE,
    }
    split_view(stage, key="stage", on_bytes=address.BYTES.hold)


def stage_levels(level_ends: dict[str, int], last_end: int, fewest: int) -> list[StageLevel]:
    """The parts of the byte axis: up to each level, and what makes the picture better after."""
    ends = list(level_ends.items())
    if last_end > max(level_ends.values(), default=0):
        ends.append(("picture quality", last_end))
    begins = (fewest, *(end for _, end in ends))
    return [
        {
            "name": name,
            "begin": begin,
            "end": end,
            "colour": LINES[number % len(LINES)],
            "told": name in level_ends,
        }
        for number, ((name, end), begin) in enumerate(zip(ends, begins, strict=False))
    ]


def _tell_faults(photograph: Photograph, size: int, look: Look) -> None:
    """What is wrong with the file, before its picture."""
    damaged = damaged_stage(photograph.stage_ends, size, look.stages_complete)
    if damaged is not None:
        st.error(
            f"The file is damaged in stage {damaged} of {len(photograph.stage_ends)}: the "
            "picture, and what is read in it, come from the stages before. Get the file again.",
            icon=":material/error:",
        )
    for warning in look.warnings[0 if damaged is None else 1 :]:
        st.warning(in_markdown(warning))


def _facts(photograph: Photograph, size: int, look: Look) -> None:
    of = f"{len(photograph.blob):,} bytes"
    if not photograph.whole:
        of += f" (the whole file had {photograph.stage_ends[-1]:,})"
    width, height = photograph.size_px
    psnr = "" if look.psnr_db is None else f"; PSNR {look.psnr_db:.2f} dB"
    st.caption(
        f"Decoded from {size:,} of {of}: {look.bytes_used:,} used, {look.stages_complete} of "
        f"{len(photograph.stage_ends)} stages whole; {width} × {height} pixels; "
        f"{look.rate_bpp:.3f} bits per pixel{psnr}"
    )


def _about(photograph: Photograph, recogniser: Recogniser) -> None:
    """Whose words these are: the label map, the classifier, and the file itself."""
    name = recogniser.hierarchy.name
    explore = f" ([explore it](./?map={name}))" if name in label_map_files() else ""
    who = in_markdown(recogniser.classifier.name)
    st.caption(f"Label map: **{in_markdown(name)}**{explore}. Classifier: {who}.")
    if told := told_by_file(photograph, recogniser):
        st.caption(f"The file itself says: {in_markdown(told)}.")


def _downloads(photograph: Photograph, size: int, look: Look) -> None:
    blob, total, whole = photograph.blob, len(photograph.blob), photograph.whole
    with st.container(horizontal=True):
        label = f"{'Whole' if whole else 'Uploaded, cut'} .c2f ({total:,} bytes)"
        download(label, blob, "photo.c2f" if whole else f"photo-{total}.c2f", key="whole_file")
        label = f"Cut .c2f ({size:,} bytes)"
        download(label, blob[:size], f"photo-{size}.c2f", key="cut_file", icon="content_cut")
        label, name = "Decoded picture (PNG)", "decoded.png"
        download(label, lambda: png_bytes(look.pixels), name, key="decoded_file", icon="image")
