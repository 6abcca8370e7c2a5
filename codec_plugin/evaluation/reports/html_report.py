"""The report: one HTML page with curves, tables and pictures, that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from codec_plugin.errors import CodecError
from codec_plugin.evaluation.reports.curves import drawing, panels
from codec_plugin.evaluation.reports.tables import all_tables
from codec_plugin.evaluation.statistics.budget import COMMON_RANGE_BPP, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.evaluation.benchmark import Protocol
    from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels
    from codec_plugin.evaluation.reports.cells import Table
    from codec_plugin.evaluation.results_table import Row

__all__ = ["Strip", "picture_strip", "report_page"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em;
  color: #1b1f24; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.1em; margin-top: 2em }
.wide { overflow-x: auto } img, svg { max-width: 100%; height: auto }
table { border-collapse: collapse; font-size: 13px } th, td { padding: 3px 10px; text-align: right;
  border-bottom: 1px solid #d8dee4; white-space: nowrap } th:first-child, td:first-child, .word {
  text-align: left } th { background: #f3f5f7 }
"""
_NOTE = (
    "Bytes are those of files, container included. Intervals hold 95 % of the bootstrap over "
    "photographs; * marks paired differences whose interval excludes zero. Within a budget the "
    "largest file or prefix that fits counts, and none that fits is a wrong answer; what may also "
    "code a smaller picture takes the scale that is best on average there. `label` sends "
    "the answer and no picture: it bounds the gain for one task that is known beforehand; a "
    "picture also serves other classifiers, finer levels and eyes."
)
_RATES_BPP = (0.02, 2.0)
_WORDS = ("codec", "classifier", "judge", "relation", "model", "points")

Strip = list[tuple[str, "Pixels"]]


def report_page(
    rows: Sequence[Row],
    protocol: Protocol | None,
    reference: str,
    strips: Sequence[Strip] = (),
    others: Mapping[str, Sequence[Row]] | None = None,
    common_bpp: Span = COMMON_RANGE_BPP,
    asked: Sequence[str] = (),
    judge: str = "",
) -> str:
    """The page as text; equal rows give equal pages.

    Args:
        rows: of a benchmark.
        protocol: what they share; of a table without one its photographs are counted.
        reference: codec that the paired tables compare with the others.
        strips: pictures at equal bytes, one list a photograph.
        others: rows of further classifiers, by their names.
        common_bpp: budgets at which all codecs have files.
        asked: names of the classifiers that taught or that a search served.
        judge: name of the classifier of `rows`; without, judges are not compared.
    """
    facts = f"{len({row.image for row in rows})} photographs."
    if protocol is not None:
        facts = (
            f"{protocol.images} photographs ({protocol.photographs[:16]}), classifier "
            f"{protocol.classifier}, label map {protocol.label_map}, {protocol.cuts} cuts."
        )
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        '<meta name="generator" content="hierlab">',
        "<meta name='viewport' content='width=device-width'>",
        f"<title>Codecs compared</title><style>{_STYLE}</style>",
        f"<h1>Codecs compared</h1><p>{html.escape(facts)}</p><p>{html.escape(_NOTE)}</p>",
        f"<h2>Curves</h2><div class='wide'>{curves_svg(rows)}</div>",
    ]
    tables = all_tables(rows, reference, others, common_bpp, judge=judge, asked=asked)
    for title, table in tables.items():
        parts.append(f"<h2>{html.escape(title)}</h2><div class='wide'>{_html_table(table)}</div>")
    if strips:
        parts.append("<h2>Pictures at equal bytes</h2>")
        parts += [f"<div class='wide'>{_html_strip(strip)}</div>" for strip in strips]
    return "\n".join(parts) + "\n"


def curves_svg(rows: Sequence[Row]) -> str:
    """Accuracy at each level, PSNR and MS-SSIM against rate, as one inline drawing."""
    import matplotlib

    stream = io.StringIO()
    with (
        matplotlib.rc_context({"svg.hashsalt": "report", "svg.fonttype": "none"}),
        drawing(panels(rows), 3) as figure,
    ):
        for axis in figure.axes:
            axis.set_xlim(_RATES_BPP)
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def picture_strip(
    codecs: Sequence[tuple[str, BenchCodec]], pixels: Pixels, budget_bytes: int
) -> Strip:
    """The original and every codec's picture within a number of bytes, where one fits."""
    strip: Strip = [(f"original, budget {budget_bytes} bytes", pixels)]
    for name, codec in codecs:
        best = b""
        for setting in codec.settings:
            try:
                data = codec.encode(pixels, setting)
            except CodecError:
                continue
            data = data[:budget_bytes] if codec.progressive else data
            if len(best) < len(data) <= budget_bytes:
                best = data
        try:
            shown = (f"{name}: {len(best)} bytes", codec.decode(best)) if best else None
        except CodecError:
            shown = None
        strip.append(shown or (f"{name}: nothing fits", np.full_like(pixels, 238)))
    return strip


def _html_table(table: Table) -> str:
    if not table:
        return "<p>nothing to compare</p>"
    head = _html_line({column: column for column in table[0]}, "th")
    return f"<table>{head}{''.join(_html_line(row, 'td') for row in table)}</table>"


def _html_line(row: Mapping[str, str], tag: str) -> str:
    cells = (
        f"<{tag}{' class=word' if column in _WORDS else ''}>{html.escape(cell)}</{tag}>"
        for column, cell in row.items()
    )
    return f"<tr>{''.join(cells)}</tr>"


def _html_strip(strip: Strip) -> str:
    """Pictures side by side, embedded without loss."""
    cells = []
    for caption, pixels in strip:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "WEBP", lossless=True, quality=50)
        data = base64.b64encode(stream.getvalue()).decode()
        text = html.escape(caption)
        image = f"<img alt='{text}' width='180' src='data:image/webp;base64,{data}'>"
        cells.append(f"<td class='word'>{image}<br>{text}</td>")
    lines = [cells[at : at + 6] for at in range(0, len(cells), 6)]
    return "<table>" + "".join(f"<tr>{''.join(line)}</tr>" for line in lines) + "</table>"
