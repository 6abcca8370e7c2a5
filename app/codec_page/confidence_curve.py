"""From how many bytes on each level of the hierarchy is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app.codec_page.classification import SURE, answers_at, first_sure
from app.codec_page.photograph import Photograph, cuts, look_at
from app.components.widgets import chart
from app.figures.answers import confidence_figure
from app.theme.markdown import in_markdown, sentence
from codec_plugin import CodecError
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["show_confidence_curve", "sure_sentence"]

# Up to here a dozen numbers of bytes are looked at unasked.
MAX_SWEPT_PIXELS = 600_000
CUTS = 12
Best = Mapping[str, Sequence[tuple[str, float]]]


def show_confidence_curve(photograph: Photograph, recogniser: Recogniser, size: int) -> None:
    """Lay out the best cluster's probability at each level against bytes."""
    width, height = photograph.size_px
    if height * width > MAX_SWEPT_PIXELS:
        st.caption("Where each level becomes sure is told of smaller pictures only.")
        return
    sizes = cuts(photograph.fewest, len(photograph.blob), photograph.level_ends, CUTS)
    mark = st.empty()
    answers = []
    try:
        for number, cut in enumerate(sizes, 1):
            # A newer move of the slider breaks in here.
            mark.caption(f"Looking at {cut:,} bytes, {number} of {len(sizes)}…")
            answers.append(answers_at(photograph, recogniser, cut))
    except CodecError as error:
        mark.info(sentence(error))
        return
    mark.empty()
    best = {level: [one[level][0] for one in answers] for level in answers[0]}
    chart(
        confidence_figure(
            sizes,
            {level: [share for _, share in clusters] for level, clusters in best.items()},
            photograph.level_ends,
            now=size,
        ),
        lambda: _table(photograph, sizes, best),
        title="Where each level becomes sure",
        source="c2f",
        key="sureness",
        alt="Probability of the best cluster at each level against bytes",
    )
    st.caption(sure_sentence(sizes, best))


def _table(photograph: Photograph, sizes: Sequence[int], best: Best) -> pd.DataFrame:
    looks = [look_at(photograph, size) for size in sizes]
    rows = pd.DataFrame({"bytes": sizes})
    rows["bits per pixel"] = [round(look.rate_bpp, 4) for look in looks]
    if photograph.original is not None:
        rows["PSNR in dB"] = [round(look.psnr_db or 0.0, 2) for look in looks]
    for level, clusters in best.items():
        rows[level] = [name for name, _ in clusters]
        rows[f"{level} %"] = [round(100 * share, 1) for _, share in clusters]
    return rows


def sure_sentence(sizes: Sequence[int], best: Best) -> str:
    """From which bytes on each level is sure, in words."""
    parts = []
    for level, clusters in best.items():
        held = first_sure(sizes, clusters)
        parts.append(
            f"{in_markdown(level)}: not sure within this file"
            if held is None
            else f"{in_markdown(level)}: {in_markdown(clusters[-1][0])} from {held:,} bytes on"
        )
    least = f"{100 * SURE:.0f} %"
    return f"Sure means at least {least} for one cluster, and no change later. {'; '.join(parts)}."
