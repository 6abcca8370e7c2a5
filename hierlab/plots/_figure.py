"""What all figures share: colours, fonts, deterministic bytes, and the CSV beside each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierlab.errors import HierlabError
from hierlab.utils.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "INK",
    "PALETTE",
    "SUFFIXES",
    "Table",
    "ink_on",
    "new_figure",
    "save_figure",
    "svg_text",
    "tint",
]

# Okabe & Ito 2008, "Color Universal Design": distinct to any common colour vision.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#8C8C8C",
)
INK = "#222222"
SUFFIXES = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 100

# No date and no version in any file: same input, same bytes. The maker's name lets a command
# know its own former output from a file that it must not replace.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": "hierlab"},
    ".svg": {"Date": None, "Creator": "hierlab"},
    ".pdf": {"CreationDate": None, "Creator": "hierlab", "Producer": None},
}
_STYLE: Any = {
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "hierlab",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": "#555555",
    "xtick.labelsize": 8,
    "ytick.color": "#555555",
    "ytick.labelsize": 8,
}


@dataclass(frozen=True)
class Table:
    """The numbers a figure was drawn from."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def encode(self) -> bytes:
        """As CSV; floats with six digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        for row in self.rows:
            writer.writerow([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row])
        return text.getvalue().encode()


@contextmanager
def new_figure(width_px: int, height_px: int) -> Iterator[Figure]:
    """A figure of a size in pixels, in the house style, without pyplot's global state."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        size = (width_px / DOTS_PER_INCH, height_px / DOTS_PER_INCH)
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH)
        FigureCanvasAgg(figure)
        yield figure


def save_figure(figure: Figure, table: Table, path: Path) -> tuple[Path, ...]:
    """Write the figure, and its numbers beside it as `.csv`.

    Raises:
        HierlabError: the suffix is not .png, .svg or .pdf, or the folder cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise HierlabError(
            f"cannot draw to {path.name!r}: expected a name ending in {', '.join(SUFFIXES)}, "
            "or .html for a page"
        )
    return (
        write_atomic(path, _encoded(figure, suffix)),
        write_atomic(path.with_suffix(".csv"), table.encode()),
    )


def svg_text(figure: Figure) -> str:
    """The figure as an SVG element with its text as text, cut to what is drawn."""
    text = _encoded(figure, ".svg", {"svg.fonttype": "none"}, bbox_inches="tight").decode()
    return text[text.index("<svg") :]


def _encoded(figure: Figure, suffix: str, style: Any = None, **options: Any) -> bytes:
    import matplotlib

    content = io.BytesIO()
    with matplotlib.rc_context({**_STYLE, **(style or {})}):
        figure.savefig(
            content,
            format=suffix[1:],
            dpi=DOTS_PER_INCH,
            facecolor="white",
            metadata=_METADATA[suffix],
            **options,
        )
    return content.getvalue()


def tint(colour: str, amount: float) -> str:
    """Mix a colour with white; 0 leaves it, 1 gives white."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * amount):02x}" for part in parts)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour.

    Source: WCAG 2.1, relative luminance.
    """
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    luminance = sum(
        weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
    return INK if luminance > 0.22 else "#ffffff"
