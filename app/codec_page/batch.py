"""What the codec makes of one photograph of a batch, and all of them as a table and as an archive.

The cuts that are looked at are those of the Codec page, so that both say the same of a photograph.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import pandas as pd

from app.codec_page.classification import answers_at, best_of, first_sure
from app.codec_page.photograph import Photograph, look_at, png_bytes
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["Failed", "Known", "Outcome", "archive", "examine", "medians", "outcome_table"]


@dataclass(frozen=True)
class Known:
    """What is seen at one level.

    Args:
        cluster: the most probable one in the picture of the whole file.
        probability: its probability there, 0..1.
        sure_bytes: from how many bytes on it is sure, or None if it never is.
        original: the most probable cluster in the photograph itself.
    """

    cluster: str
    probability: float
    sure_bytes: int | None
    original: str


@dataclass(frozen=True)
class Outcome:
    """One photograph that went through.

    Args:
        blob: its whole file.
        cut: bytes from which the first level is sure; where it never is, all of them.
        thumbnail: the picture after `cut` bytes, as a PNG.
        rate_bpp: bits per pixel of the whole file.
        psnr_db: of the whole file, against the photograph.
        known: by level name, coarse first; empty without a classifier.
    """

    blob: bytes
    cut: int
    thumbnail: bytes
    rate_bpp: float
    psnr_db: float
    known: Mapping[str, Known]


@dataclass(frozen=True)
class Failed:
    """One photograph that could not be read or encoded: why, in a sentence."""

    why: str


def examine(
    photograph: Photograph, recogniser: Recogniser | None, told: Callable[[float], None]
) -> Outcome:
    """Look at a photograph after every cut.

    Args:
        photograph: with its original.
        told: called before each look with the share of them that is done, 0..1.

    Raises:
        CodecError: the file cannot be decoded.
    """
    sizes, total = photograph.cuts, len(photograph.blob)
    first = next(iter(photograph.level_ends.values()), total)
    known: dict[str, Known] = {}
    if recogniser is not None:
        seen = []
        for place, size in enumerate(sizes):
            told(place / len(sizes))
            seen.append(best_of(answers_at(photograph, recogniser, size)))
        original = best_of(answers_at(photograph, recogniser, None))
        for place, level in enumerate(recogniser.hierarchy.level_names):
            clusters = [best[place] for best in seen]
            name, probability = clusters[-1]
            known[level] = Known(name, probability, first_sure(sizes, clusters), original[place][0])
        first = next(iter(known.values())).sure_bytes or total
    whole = look_at(photograph, total)
    assert whole.psnr_db is not None
    return Outcome(
        blob=photograph.blob,
        cut=first,
        thumbnail=png_bytes(look_at(photograph, first).pixels, quick=True),
        rate_bpp=whole.rate_bpp,
        psnr_db=whole.psnr_db,
        known=known,
    )


def outcome_table(outcomes: Mapping[str, Outcome | Failed]) -> pd.DataFrame:
    """One row a photograph, failed ones too; bytes until sure are empty where it never is."""
    rows: list[dict[str, object]] = []
    for name, one in outcomes.items():
        if isinstance(one, Failed):
            rows.append({"photograph": name, "error": one.why})
            continue
        row: dict[str, object] = {"photograph": name}
        for level, known in one.known.items():
            row[f"{level}: sure from, bytes"] = known.sure_bytes
        row["whole file, bytes"] = len(one.blob)
        row["bits per pixel"] = one.rate_bpp
        row["PSNR in dB"] = one.psnr_db
        for level, known in one.known.items():
            row[level] = known.cluster
            row[f"{level} %"] = 100 * known.probability
            row[f"{level}, original"] = known.original
        rows.append(row)
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "error"))
    if any("error" in row for row in rows):
        columns.append("error")
    table = pd.DataFrame(rows, columns=columns)
    whole = {name: "Int64" for name in columns if name.endswith(", bytes")}
    return table.astype(whole)


def medians(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, float | None]]:
    """By level: how many photographs become sure, and the median of the bytes of those."""
    levels = list(dict.fromkeys(level for one in outcomes for level in one.known))
    found = {}
    for level in levels:
        sizes = [one.known[level].sure_bytes for one in outcomes if level in one.known]
        held = pd.Series([size for size in sizes if size is not None], dtype="float")
        found[level] = (len(held), float(held.median()) if len(held) else None)
    return found


def archive(outcomes: Mapping[str, Outcome], *, cut: bool) -> bytes:
    """The files of the photographs as a zip archive.

    Args:
        outcomes: by the photograph's name.
        cut: each up to the bytes from which its first level is sure.
    """
    stream = io.BytesIO()
    taken: set[str] = set()
    # The entropy coder has left nothing to compress.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as zipped:
        for name, one in outcomes.items():
            # The name is a stranger's: no folders, nothing hidden.
            stem = re.sub(r"[^\w\- ]", "_", PurePath(name).stem).removeprefix("my ").strip()
            stem = stem or "photograph"
            free, number = stem, 2
            while free.lower() in taken:
                free, number = f"{stem}-{number}", number + 1
            taken.add(free.lower())
            content, tail = (one.blob[: one.cut], f"-{one.cut}") if cut else (one.blob, "")
            zipped.writestr(zipfile.ZipInfo(f"{free}{tail}.c2f"), content)
    return stream.getvalue()
