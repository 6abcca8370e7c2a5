"""Where files are cut, and what a codec makes of a photograph at each cut."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codec_plugin.errors import CodecError
from codec_plugin.evaluation.identity import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels

__all__ = ["CutPlan", "Cutter", "Point", "benchmark_plan", "decoded_points", "evaluation_plan"]

BENCH_RANGE_BPP = (0.025, 0.8)
"""Rates that `c2f bench` cuts at; six or eleven cuts hit 0.05, 0.1, 0.2, 0.4, 0.8."""
LOW_RANGE_BPP = (200 * 8 / 256**2, 1500 * 8 / 256**2)
"""200 to 1,500 bytes of a photograph of 256 × 256: where classes are first told."""
EVAL_RANGE_BPP = (0.03, 1.5)
"""Rates that `c2f eval` cuts at."""


class Point(NamedTuple):
    """One point of one photograph's curve.

    Attributes:
        cut: equal for the same cut of all photographs (`stage-1`, `bpp-0.0450`, `quality-20`).
        bytes: of the file or prefix, header included.
        pixels: (H, W, 3) uint8, decoded.
        container_bytes: of these, those that say nothing of the picture.
        encode_s: seconds that the whole file took.
        decode_s: seconds that this point took.
    """

    cut: str
    bytes: int
    pixels: Pixels
    container_bytes: int
    encode_s: float
    decode_s: float


@dataclass(frozen=True)
class CutPlan:
    """Where the file of a progressive codec is cut, besides the ends of its stages.

    Attributes:
        text: what the rows say of it; `{settings}` stands for the codec's.
        ranges: number of log-spaced cuts, lowest and highest bits per pixel; the same for all
            photographs; a prefix longer than the file is the file.
        header_kept: a rate too low for the header takes the header, else the cut is left out.
        matched: further prefixes, in bytes, by photograph and cut name: another codec's files.
    """

    text: str
    ranges: tuple[tuple[int, float, float], ...]
    header_kept: bool = False
    matched: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def ends(
        self, codec: BenchCodec, data: bytes, pixels: Pixels, image: str
    ) -> Iterator[tuple[str, int]]:
        """Names of the cuts of one photograph's file and the bytes that each keeps."""
        for stage, end in enumerate(codec.stage_ends(data)):
            yield f"stage-{stage + 1}", end
        least = codec.header_bytes(data) if self.header_kept else 0
        for bpp in np.concatenate([np.geomspace(low, high, n) for n, low, high in self.ranges]):
            end = int(bpp * pixels[..., 0].size / 8)
            yield f"bpp-{bpp:.4f}", min(max(end, least), len(data))
        for (name, cut), size in self.matched.items():
            if name == image:
                yield f"match-{cut}", min(max(size, least), len(data))


def evaluation_plan(
    count: int,
    stages: int | None = None,
    matched: Mapping[tuple[str, str], int] | None = None,
) -> CutPlan:
    """Cuts of `c2f eval`: `count` from 0.03 to 1.5 bpp, and those matched to other files."""
    low, high = EVAL_RANGE_BPP
    text = f"{count} from {low} to {high} bpp" + ("" if stages is None else f" of {stages} stages")
    if matched:
        text += f" and those of {digest(repr(sorted(matched.items())))}"
    return CutPlan(text, ((count, low, high),), header_kept=True, matched=matched or {})


def benchmark_plan(count: int, low_count: int = 0) -> CutPlan:
    """Cuts of `c2f bench`: `count` from 0.025 to 0.8 bpp, `low_count` from 0.024 to 0.183."""
    (low, high), (least, most) = BENCH_RANGE_BPP, LOW_RANGE_BPP
    text = f"{{settings}} cut {count} times from {low} to {high} bpp"
    text += f" and {low_count} times from {least} to {most} bpp" if low_count else ""
    return CutPlan(text, ((count, low, high), (low_count, least, most)))


def decoded_points(
    codec: BenchCodec,
    data: bytes,
    ends: Iterable[tuple[str, int]],
    *,
    encode_s: float = 0.0,
    skip_empty: bool = False,
) -> Iterator[Point]:
    """A file's prefixes, decoded one after the other.

    Args:
        ends: name of each cut, and the bytes that it keeps.
        encode_s: seconds that the file took.
        skip_empty: leave out prefixes that show nothing.
    Raises:
        CodecError: a prefix shows nothing.
    """
    for cut, end in ends:
        prefix = data[:end]
        began = time.perf_counter()
        try:
            pixels = codec.decode(prefix)
        except CodecError:
            if skip_empty:
                continue
            raise
        decode_s = time.perf_counter() - began
        yield Point(cut, len(prefix), pixels, codec.container_bytes(prefix), encode_s, decode_s)


@dataclass
class Cutter:
    """A codec with the cuts that are made of its files.

    Args:
        name: of the rows.
        codec: what is measured.
        plan: where a progressive codec's files are cut.
    """

    name: str
    codec: BenchCodec
    plan: CutPlan
    _last: tuple[str, list[Point]] = ("", [])

    @cached_property
    def model(self) -> str:
        """What the codec says of itself."""
        return self.codec.identity()

    @property
    def cuts(self) -> str:
        """What the rows say of the points: settings, and cuts of a progressive file."""
        settings = " ".join(self.codec.settings)
        progressive = self.codec.progressive
        return self.plan.text.replace("{settings}", settings) if progressive else settings

    def points(self, pixels: Pixels, image: str) -> list[Point]:
        """Points of one photograph (H, W, 3) called `image`, made once for all classifiers."""
        if image != self._last[0]:
            self._last = image, [p for s in self.codec.settings for p in self._of(s, pixels, image)]
        return self._last[1]

    def _of(self, setting: str, pixels: Pixels, image: str) -> Iterator[Point]:
        began = time.perf_counter()
        data = self.codec.encode(pixels, setting)
        encode_s = time.perf_counter() - began
        ends: Iterable[tuple[str, int]] = [(f"quality-{setting}", len(data))]
        skip_empty = self.codec.progressive and not self.plan.header_kept
        if self.codec.progressive:
            ends = self.plan.ends(self.codec, data, pixels, image)
        return decoded_points(self.codec, data, ends, encode_s=encode_s, skip_empty=skip_empty)
