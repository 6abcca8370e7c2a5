"""From how many bytes on each level of the hierarchy is sure, and from how many AVIF is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.codec_page.classification import (
    SURE,
    Answers,
    Best,
    answers_at,
    best_of,
    first_sure,
    shares_of_class,
)
from app.codec_page.conventional import seen_in_files
from app.codec_page.photograph import Photograph, look_at
from app.components.followed_class import class_name, followed
from app.components.widgets import chart
from app.figures.answers import answer_figure, confidence_figure
from app.theme.markdown import in_markdown
from codec_plugin import CodecError
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["show_confidence", "sure_sentences"]

AVIF = "avif"
Seen = Sequence[tuple[int, Best]]


def show_confidence(
    photograph: Photograph, recogniser: Recogniser, sizes: Sequence[int], size: int
) -> None:
    """Lay out from where on each level is sure, in words and as lines, and what else is probable.

    Args:
        sizes: cuts that were looked at.
        size: the cut that is shown.
    """
    levels = recogniser.hierarchy.level_names
    seen = [(cut, best_of(answers_at(photograph, recogniser, cut))) for cut in sizes]
    original = None
    if photograph.original is not None:
        original = best_of(answers_at(photograph, recogniser, None))
    words = st.empty()
    words.markdown(sure_sentences(levels, seen, original, None))
    shares = {level: [best[place][1] for _, best in seen] for place, level in enumerate(levels)}
    title, of = "Where each level becomes sure", "the best cluster"
    key = followed()
    if key is not None and (position := recogniser.hierarchy.index.get(key)) is not None:
        of = class_name(key)
        title = f"How sure {of} is, and the clusters that hold it"
        own = [shares_of_class(photograph, recogniser, cut, position) for cut in sizes]
        shares = {level: [one[place] for one in own] for place, level in enumerate(levels)}
    chart(
        confidence_figure(sizes, shares, _ends(photograph, recogniser), now=size, of=of),
        lambda: _table(photograph, levels, seen),
        title=title,
        source=f"{recogniser.hierarchy.name}, {recogniser.classifier.name}",
        key="sureness",
        alt=f"Probability of {of} at each level against bytes",
    )
    answers = answers_at(photograph, recogniser, size)
    chart(
        answer_figure(answers),
        lambda: _answer_table(answers),
        title=f"What {recogniser.classifier.name} sees from {size:,} bytes",
        source=recogniser.hierarchy.name,
        key="answers",
        alt="Bars of the most probable clusters at each level",
    )
    if original is not None:
        mark = st.empty()
        try:
            avif = seen_in_files(
                AVIF,
                photograph,
                recogniser,
                lambda quality: mark.caption(f"AVIF at quality {quality}…"),
            )
        except CodecError:  # this Pillow has none
            return
        mark.empty()
        words.markdown(sure_sentences(levels, seen, original, avif))


def _ends(photograph: Photograph, recogniser: Recogniser) -> dict[str, int]:
    """Where levels are told; none of a label map that the codec was not trained for."""
    own = recogniser.hierarchy.id == photograph.machine.codec.checkpoint.meta.label_map_id
    return photograph.level_ends if own else {}


def _table(photograph: Photograph, levels: Sequence[str], seen: Seen) -> pd.DataFrame:
    looks = [look_at(photograph, size) for size, _ in seen]
    rows = pd.DataFrame({"bytes": [size for size, _ in seen]})
    rows["bits per pixel"] = [look.rate_bpp for look in looks]
    if photograph.original is not None:
        rows["PSNR in dB"] = [look.psnr_db for look in looks]
    for place, level in enumerate(levels):
        rows[level] = [best[place][0] for _, best in seen]
        rows[f"{level} %"] = [100 * best[place][1] for _, best in seen]
    return rows


def _answer_table(answers: Answers) -> pd.DataFrame:
    rows = [
        (level, name, 100 * share)
        for level, clusters in answers.items()
        for name, share in clusters
    ]
    return pd.DataFrame(rows, columns=["level", "cluster", "probability in %"])


def sure_sentences(
    levels: Sequence[str], seen: Seen, original: Best | None, avif: Seen | None
) -> str:
    """From which bytes on each level is sure, a line each, in Markdown.

    Args:
        seen: at each cut, ascending, the most probable cluster of each level.
        original: the same of the photograph itself, or None without it.
        avif: the same of AVIF's files, or None where nobody knows.
    """
    lines = []
    for place, level in enumerate(levels):
        clusters = [best[place] for _, best in seen]
        name, share = clusters[-1]
        held = first_sure([size for size, _ in seen], clusters)
        head = f"- {in_markdown(level)}: "
        if held is None:
            line = (
                f"{head}not sure within this file (*{in_markdown(name)}*, {100 * share:.0f}\u00a0%)"
            )
            if original is not None and original[place][1] < SURE:
                line += f"; nor of the original ({100 * original[place][1]:.0f}\u00a0%)"
        else:
            line = f"{head}sure of *{in_markdown(name)}* from **{held:,} bytes**"
            line += "" if avif is None else f"; {_needs(avif, place, name)}"
            if original is not None and original[place][0] != name:
                line += f"; the original is called {in_markdown(original[place][0])}"
        lines.append(line)
    about = f"Sure: one cluster has at least {100 * SURE:.0f} %, and stays the best."
    return "\n".join((*lines, "", f":small[{about}]"))


def _needs(avif: Seen, place: int, name: str) -> str:
    clusters = [best[place] for _, best in avif]
    sizes = [size for size, _ in avif]
    held = first_sure(sizes, clusters) if clusters[-1][0] == name else None
    if held is None:
        return f"AVIF is not sure of it within {sizes[-1]:,}"
    return f"AVIF needs {held:,}" + (", its smallest file" if held == sizes[0] else "")
