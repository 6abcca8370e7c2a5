"""From how many bytes on each level of the hierarchy is sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.codec_page import decoding
from app.codec_page.classification import SURE, first_sure
from app.codec_page.photograph import Photograph, answers_at, look_at
from app.components.widgets import chart
from app.theme.markdown import in_markdown, sentence

if TYPE_CHECKING:
    import pandas as pd

    from app.codec_page.classification import Answers, Reader

__all__ = ["in_words", "sureness"]

# Up to here a dozen numbers of bytes are looked at unasked.
MAX_SWEPT_PIXELS = 600_000


def sureness(photograph: Photograph, reader: Reader, size: int) -> None:
    """Lay out the best cluster's probability at each level against bytes."""
    from app.figures.answers import sureness_figure
    from codec_plugin import CodecError

    encoded = photograph.encoded
    if encoded.height_px * encoded.width_px > MAX_SWEPT_PIXELS:
        st.caption("Where each level becomes sure is told of smaller pictures only.")
        return
    sizes = decoding.cuts(encoded)
    try:
        answers = _sweep(photograph, reader, sizes)
    except CodecError as error:
        st.info(sentence(error))
        return
    best = {level: [one[level][0] for one in answers] for level in answers[0]}

    def table() -> pd.DataFrame:
        import pandas as pd

        looks = [look_at(photograph, one) for one in sizes]
        rows = pd.DataFrame({"bytes": sizes})
        rows["bits per pixel"] = [round(one.rate_bpp, 4) for one in looks]
        if photograph.original is not None:
            rows["PSNR in dB"] = [round(one.psnr_db or 0.0, 2) for one in looks]
        for level, found in best.items():
            rows[level] = [name for name, _ in found]
            rows[f"{level} %"] = [round(100 * share, 1) for _, share in found]
        return rows

    chart(
        sureness_figure(
            sizes,
            {level: [share for _, share in found] for level, found in best.items()},
            encoded.ends,
            now=size,
        ),
        table,
        title="Where each level becomes sure",
        key="sureness",
        alt="Probability of the best cluster at each level against bytes",
    )
    st.caption(in_words(sizes, best))


def _sweep(photograph: Photograph, reader: Reader, sizes: tuple[int, ...]) -> list[Answers]:
    """What is seen at each number of bytes; a newer move of the slider breaks in between two."""
    mark = st.empty()
    found = []
    for number, size in enumerate(sizes, 1):
        mark.caption(f"Looking at {size:,} bytes, {number} of {len(sizes)}…")
        found.append(answers_at(photograph, reader, size))
    mark.empty()
    return found


def in_words(sizes: tuple[int, ...], best: dict[str, list[tuple[str, float]]]) -> str:
    """From which bytes on each level is sure."""
    told = []
    for level, found in best.items():
        held = first_sure(sizes, found)
        told.append(
            f"{in_markdown(level)}: not sure within this file"
            if held is None
            else f"{in_markdown(level)}: {in_markdown(found[-1][0])} from {held:,} bytes on"
        )
    least = f"{100 * SURE:.0f} %"
    return f"Sure means at least {least} for one cluster, and no change later. {'; '.join(told)}."
