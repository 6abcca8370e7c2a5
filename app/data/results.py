"""Results tables of `c2f eval`: read once, summarised by the codec's own functions."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.data.uploads import MAX_ROWS, MAX_TABLE_MB, UploadError
from codec_plugin import CodecError
from codec_plugin.evaluation.reports.curves import Panel, panels
from codec_plugin.evaluation.results_table import parse_rows
from codec_plugin.evaluation.statistics.bd_rate import bd_quality, mean_curve
from codec_plugin.evaluation.statistics.summary import SummaryRow, bytes_to_reach, summarise

__all__ = ["Results", "bd_table", "panel_table", "read_class_results", "read_results"]

Row = dict[str, Any]
NEEDED = ("subject", "cut", "image", "bytes", "rate_bpp", "psnr_db")
MAX_SUBJECTS = 40


@dataclass(frozen=True)
class Results:
    """A results table: its diagrams, its subjects, and means with intervals.

    Args:
        subjects: those with a curve; the original has none, being no file of a codec.
    """

    panels: tuple[Panel, ...]
    subjects: tuple[str, ...]
    summary: tuple[SummaryRow, ...]
    images: int


def read_results(content: bytes) -> Results:
    """Read and summarise a results.csv, in gzip or not.

    Raises:
        UploadError: too large, not such a table, or a value that is no number.
    """
    return _summarised(_rows(content))


def read_class_results(content: bytes, key: str) -> Results | None:
    """The same of one class's photographs alone (KEY_….webp); None where the table has none.

    Raises:
        UploadError: as `read_results`.
    """
    table = [row for row in _rows(content) if row["image"].partition("_")[0] == key]
    return _summarised(table) if table else None


def _summarised(table: list[Row]) -> Results:
    try:
        rows = parse_rows(table)
        summary = summarise(rows)
        drawn = panels(rows, summary)
    except (CodecError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UploadError(f"This table of results cannot be summarised: {error}.") from error
    curves = {curve.name for panel in drawn for curve in panel.curves}
    subjects = dict.fromkeys(row.subject for row in rows)
    return Results(
        tuple(drawn),
        tuple(subject for subject in subjects if subject in curves),
        tuple(summary),
        len({row.image for row in rows}),
    )


def _rows(content: bytes) -> list[Row]:
    try:
        reader = csv.DictReader(io.StringIO(_unpacked(content).decode("utf-8-sig"), newline=""))
        fields = reader.fieldnames or []
        if lacking := [name for name in NEEDED if name not in fields]:
            raise UploadError(
                f"This is not a results.csv of c2f eval: it has no column {', '.join(lacking)}."
            )
        rows: list[Row] = []
        for row in reader:
            if len(rows) == MAX_ROWS:
                raise UploadError(f"The table has more than {MAX_ROWS:,} rows; cut it first.")
            if any(row[name] is None for name in NEEDED):
                raise UploadError(f"Row {len(rows) + 2} of the table is cut short.")
            rows.append({key: value for key, value in row.items() if key is not None})
    except (UnicodeDecodeError, csv.Error) as error:
        raise UploadError("This is not a CSV table that can be read.") from error
    if not rows:
        raise UploadError("The table has no rows.")
    if len({row["subject"] for row in rows}) > MAX_SUBJECTS:
        raise UploadError(f"The table has more than {MAX_SUBJECTS} subjects.")
    return rows


def _unpacked(content: bytes) -> bytes:
    """The table's bytes, out of gzip where they are in it, up to the limit for either."""
    limit = MAX_TABLE_MB * 2**20
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UploadError("This gzip file is cut short or damaged.") from error
    if len(content) > limit:
        raise UploadError(f"The file is larger than {MAX_TABLE_MB} MB, the limit for a table.")
    return content


def panel_table(panel: Panel, subjects: Sequence[str]) -> pd.DataFrame:
    """The points of a diagram with their 95 % intervals."""
    rows = [
        (curve.name, rate, value, low, high, "yes" if end else "")
        for curve in panel.curves
        if curve.name in subjects
        for rate, value, low, high, end in zip(
            curve.rates_bpp, curve.values, curve.low, curve.high, curve.stage_ends, strict=True
        )
    ]
    columns = ["codec", "bits per pixel", panel.axis, "low", "high", "end of a stage"]
    return pd.DataFrame(rows, columns=columns).round(4)


def bd_table(results: Results, anchor: str, wanted_percent: int) -> pd.DataFrame:
    """One row a codec: mean PSNR gain over an anchor, and bytes to reach an accuracy per level."""
    rows = []
    means = results.summary[0].means
    levels = [name.removeprefix("correct_") for name in means if "correct_" in name]
    base = mean_curve(results.summary, anchor, "psnr_db")
    for subject in results.subjects:
        gain = bd_quality(mean_curve(results.summary, subject, "psnr_db"), base).value
        row: Row = {
            "codec": subject,
            f"BD-PSNR over {anchor}, dB": None if gain is None else round(gain, 2),
        }
        for level in levels:
            size = bytes_to_reach(
                results.summary, subject, f"correct_{level}", wanted_percent / 100
            )
            row[f"bytes to {wanted_percent} % {level}"] = None if size is None else round(size)
        rows.append(row)
    return pd.DataFrame(rows)
