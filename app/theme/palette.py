"""Colours that colour-blind people can tell apart, for categories and for amounts."""

from __future__ import annotations

from zlib import crc32

__all__ = [
    "AMOUNT",
    "CATEGORIES",
    "CONVENTIONAL",
    "DASHES",
    "INK",
    "LINES",
    "MARK",
    "MARKERS",
    "OURS",
    "category",
    "codec_style",
    "ink",
    "lighter",
]

# Paul Tol's "muted" scheme with two more of the same kind: clusters, always beside their names.
CATEGORIES = (
    "#88CCEE",
    "#CC6677",
    "#DDCC77",
    "#117733",
    "#332288",
    "#AA4499",
    "#44AA99",
    "#999933",
    "#882255",
    "#6699CC",
    "#BBBBBB",
    "#661100",
)
# Okabe and Ito's scheme without black and yellow, which vanish on one of the two themes.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C8C8C")
# Lines differ in dash and marker too: colour is never the only sign.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# What is followed or chosen, in every figure.
MARK = "#D55E00"
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross")
# Words of axes and legends, by theme: a contrast of at least 4.5 to its two backgrounds.
INK = {"light": "#4A5360", "dark": "#B4BCC6"}
# Codecs by name, so that each keeps its colour, dash and marker in every table of results.
OURS = ("coarse2fine", "coarse2fine-search", "coarse2fine-search-all")
CONVENTIONAL = ("avif", "webp", "jpeg2000", "jpeg", "vvc")
_CODECS = (
    *(
        OURS[0],
        CONVENTIONAL[0],
        CONVENTIONAL[1],
        CONVENTIONAL[2],
        "plain",
        CONVENTIONAL[3],
        "label",
    ),
    *(
        OURS[1],
        "saliency",
        "variance-mask",
        "equal-steps",
        "vvc",
        "single-rate",
        "channel-wise-low",
    ),
    *(OURS[2], "paper-recipe", "channel-wise", "double-tail-drop", "no-context", "zero-fill"),
)
# Made for readers who see few colours, and even in lightness.
AMOUNT = "Cividis"


def category(number: int) -> str:
    """Colour of a category; they repeat after twelve."""
    return CATEGORIES[number % len(CATEGORIES)]


def codec_style(name: str) -> tuple[str, str, str]:
    """Colour, dash and marker of a codec: the same whatever else a table of results holds."""
    number = _CODECS.index(name) if name in _CODECS else len(_CODECS) + crc32(name.encode()) % 245
    kinds = len(LINES)
    dash = DASHES[number // kinds % len(DASHES)]
    return LINES[number % kinds], dash, MARKERS[(number + number // 35) % len(MARKERS)]


def lighter(colour: str, share: float) -> str:
    """Mix `#RRGGBB` with white; `share` 0 leaves it, 1 is white."""
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * share):02X}" for part in parts)


def ink(colour: str) -> str:
    """Black or white, whichever reads better on `#RRGGBB` (the contrast of WCAG 2)."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#FFFFFF" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"
