"""The Batch page: the choice of photographs, their way through the codec, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from app import address
from app.address import Said
from app.codec_page.batch import Failed, Known, Outcome, archive, examine, medians, outcome_table
from app.codec_page.classification import SURE, choose_classifier, load_recogniser
from app.codec_page.encoding import SIDES, checkpoints_here, encoded, machine_of, shrunk_once
from app.codec_page.photograph import Photograph
from app.components.tables import csv_bytes
from app.components.widgets import choose_named, choose_one, download, show_table, way
from app.data.data_dir import photos, stamp
from app.data.own_files import MAX_OWN, own_files, plain_name, take_files
from app.data.uploads import MAX_PICTURE_MB, UploadError, digest, picture_of
from app.theme.markdown import counted, in_markdown, sentence, without_folders
from codec_plugin import CodecError
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["render"]

SERVED, OWN = "Served here", "Your own"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".avif")
# A thumbnail and a file stay in the session for each.
MAX_SERVED = 100
CARD_PX = 228
RUNNING = "batch_running"


@dataclass(frozen=True)
class Source:
    """A photograph that may be read.

    Args:
        identity: tells another content under the same name.
        read: its bytes. Raises OSError for a file that has gone.
    """

    identity: object
    read: Callable[[], bytes]


def render() -> None:
    """Lay out what is below the heading."""
    checkpoints = checkpoints_here()
    if not checkpoints:
        return
    source = choose_one("Photographs", (SERVED, OWN), address.SOURCE)
    sources = _own() if source == OWN else _served()
    columns = st.columns([3, 2, 4], vertical_alignment="bottom")
    codec = choose_named("Codec", list(checkpoints), address.BATCH_CODEC, column=columns[0])
    side = columns[1].selectbox("Longest side, pixels", SIDES, **address.BATCH_SIDE.widget)
    with columns[2]:
        classifier = choose_classifier(address.BATCH_CLASSIFIER)
    if not sources:
        return
    checkpoint = stamp(checkpoints[codec])
    try:
        loaded = load_recogniser(machine_of(checkpoint), classifier)
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    recogniser = None if isinstance(loaded, str) else loaded
    if isinstance(loaded, str):
        why = in_markdown(without_folders(loaded))
        st.info(
            f"No classifier looks at the pictures, so that no bytes until sure are told: {why}."
        )
    said: Said = {address.CODEC: codec, address.SIDE: str(side), address.CLASSIFIER: classifier}
    _results(_run(sources, checkpoint, side, recogniser, said))


def _own() -> dict[str, Source]:
    """Lay out the upload; how to read each of the visitor's photographs, by name."""

    def check(content: bytes, name: str) -> str:
        picture_of(content)
        return name

    names = take_files(
        f"JPEG, PNG, WebP or AVIF, up to {MAX_OWN} at once; they stay in your session",
        "photos",
        "batch",
        max_mb=MAX_PICTURE_MB,
        check=check,
        endings=ENDINGS,
    )
    files = own_files("photos")
    return {name: Source(digest(files[name]), partial(files.__getitem__, name)) for name in names}


def _served() -> dict[str, Source]:
    """Lay out how many; how to read each of the served photographs, by name."""
    known = photos()
    if not known:
        st.info("No photographs are served here; upload your own.")
        return {}
    count = min(len(known), MAX_SERVED)
    if count > 1:
        about = f"Of {counted(len(known), 'photograph')}, in the order of their names."
        count = st.number_input(
            "How many",
            1,
            count,
            min(count, 10),
            width=150,
            help=about,
            **address.COUNT.widget,
        )
    chosen = list(known.items())[: int(count)]
    return {name: Source(_identity(path), path.read_bytes) for name, path in chosen}


def _identity(path: Path) -> object:
    try:
        return stamp(path)
    except OSError:  # a link to nothing: its card says so
        return None


def _start() -> None:
    st.session_state[RUNNING] = True


def _stop() -> None:
    st.session_state[RUNNING] = False


def _run(
    sources: dict[str, Source],
    checkpoint: tuple[str, int, int],
    side: int,
    recogniser: Recogniser | None,
    said: Said,
) -> dict[str, Outcome | Failed]:
    """Lay out the gallery, and fill what is empty in it while the visitor lets it run.

    Args:
        said: what the Codec page's address is to say of each.
    """
    done = _done((checkpoint, *said.values()), sources)
    rest = [name for name in sources if name not in done]
    running = bool(st.session_state.get(RUNNING)) and bool(rest)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Go on" if done and rest else "Run",
            key="batch_run",
            type="primary" if rest and not running else "secondary",
            icon=":material/play_arrow:",
            on_click=_start,
            disabled=running or not rest,
        )
        st.button(
            "Stop", key="batch_stop", icon=":material/stop:", on_click=_stop, disabled=not running
        )
        mark = st.empty()
    if not running:
        mark.caption(f"{len(done)} of {counted(len(sources), 'photograph')} done.")
    gallery = st.container(horizontal=True, key="gallery")
    for place, (name, source) in enumerate(sources.items()):
        if name not in done:
            if not running:
                continue

            def told(share: float, place: int = place, name: str = name) -> None:
                # Stop, or another choice, breaks in here.
                mark.progress(
                    (place + share) / len(sources),
                    f"{place + 1} of {len(sources)}: {in_markdown(plain_name(name))}",
                )

            told(0)
            done[name] = _outcome(source, checkpoint, side, recogniser, told)
        with gallery:
            _card(name, done[name], place, said)
    if running:
        _stop()
        st.rerun()
    return {name: done[name] for name in sources if name in done}


def _done(settings: tuple[object, ...], sources: dict[str, Source]) -> dict[str, Outcome | Failed]:
    """What this visitor's batch has done with these settings, of these photographs."""
    former, identities, done = st.session_state.get("batch_done", ((), {}, {}))
    now = {name: source.identity for name, source in sources.items()}
    done = {
        name: one
        for name, one in done.items()
        if former == settings and name in now and now[name] == identities.get(name)
    }
    st.session_state["batch_done"] = settings, now, done
    return done


def _outcome(
    source: Source,
    checkpoint: tuple[str, int, int],
    side: int,
    recogniser: Recogniser | None,
    told: Callable[[float], None],
) -> Outcome | Failed:
    try:
        taken = source.read()
        key = digest(taken)
        pixels, _ = shrunk_once(key, side, taken)
        blob = encoded(checkpoint, f"{key}-{side}", pixels)
        return examine(Photograph(machine_of(checkpoint), blob, pixels), recogniser, told)
    except (CodecError, UploadError, OSError) as error:
        return Failed(without_folders(str(error)))


def _card(name: str, one: Outcome | Failed, place: int, said: Said) -> None:
    """One photograph of the gallery."""
    shown = in_markdown(plain_name(name))
    with st.container(border=True, width=CARD_PX, gap="small"):
        if isinstance(one, Failed):
            st.markdown(f"**{shown}**")
            st.error(in_markdown(one.why), icon=":material/error:")
            return
        st.image(one.thumbnail, width="stretch")
        st.markdown(f"**{shown}** at {one.cut:,} bytes")
        lines = [_line(level, known) for level, known in one.known.items()]
        lines.append(f"whole: {len(one.blob):,} bytes, {one.psnr_db:.1f} dB")
        st.caption("  \n".join(lines))
        way(
            "Open in Codec",
            "codec",
            {address.PHOTO: name, address.BYTES: str(one.cut), **said},
            key=f"open_{place}",
            icon="compress",
        )


def _line(level: str, known: Known) -> str:
    head = f"{in_markdown(level)}: *{in_markdown(known.cluster)}*"
    if known.sure_bytes is None:
        return f"{head}, not sure ({100 * known.probability:.0f}\u00a0%)"
    return f"{head} from **{known.sure_bytes:,}**"


def _results(outcomes: dict[str, Outcome | Failed]) -> None:
    """What came out: in a sentence a level, as a table, and as files."""
    through = {name: one for name, one in outcomes.items() if isinstance(one, Outcome)}
    if not outcomes:
        return
    if failed := len(outcomes) - len(through):
        st.warning(f"{counted(failed, 'photograph')} left out; its card and the table say why.")
    lines = []
    for level, (sure, median) in medians(list(through.values())).items():
        half = "" if median is None else f", median **{median:,.0f} bytes**"
        lines.append(f"- {in_markdown(level)}: {sure} of {len(through)} become sure{half}")
    if lines:
        about = (
            f"Sure: one cluster has at least {100 * SURE:.0f} %, and stays the best. A picture is "
            "shown at the cut from which its first level is sure; whole where it never is."
        )
        st.markdown("\n".join((*lines, "", f":small[{about}]")))
    table = outcome_table({plain_name(name): one for name, one in outcomes.items()})
    show_table(table, key="batch_table")
    with st.container(horizontal=True):
        download("Table (CSV)", csv_bytes(table), "batch.csv", key="batch_csv", icon="table")
        if through:
            files = {plain_name(name): one for name, one in through.items()}
            size = sum(len(one.blob) for one in through.values())
            label = f"Whole .c2f files (zip, {size:,} bytes)"
            download(label, lambda: archive(files, cut=False), "batch.zip", key="batch_whole")
            if any(one.cut < len(one.blob) for one in through.values()):
                size = sum(one.cut for one in through.values())
                label = f"Cut where the first level is sure (zip, {size:,} bytes)"
                download(
                    label,
                    lambda: archive(files, cut=True),
                    "batch-cut.zip",
                    key="batch_cut",
                    icon="content_cut",
                )
