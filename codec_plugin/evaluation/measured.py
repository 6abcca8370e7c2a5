"""A codec as a subject of the evaluation: its points on one photograph, and what they cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codec_plugin.errors import CodecError
from codec_plugin.evaluation.codecs.base import Cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codec_plugin.evaluation.codecs.registry import BenchCodec, Pixels

__all__ = ["BENCH_RANGE_BPP", "LOW_RANGE_BPP", "Extra", "Metered"]

BENCH_RANGE_BPP = (0.025, 0.8)
"""Rates that progressive files are cut at; six or eleven cuts hit 0.05, 0.1, 0.2, 0.4, 0.8."""
LOW_RANGE_BPP = (200 * 8 / 256**2, 1500 * 8 / 256**2)
"""200 to 1,500 bytes of a photograph of 256 × 256: where classes are first told."""


class Extra(NamedTuple):
    """What the benchmark knows of a point beyond its bytes and pixels."""

    container_bytes: int
    encode_s: float
    decode_s: float


@dataclass
class Metered:
    """A codec as a subject of `evaluate`: its points, with what they cost.

    Args:
        name: of the rows.
        codec: what is measured.
        n_cuts: log-spaced cuts of a progressive file, besides the ends of its stages.
        low_cuts: further ones between 0.024 and 0.183 bpp.
    """

    name: str
    codec: BenchCodec
    n_cuts: int
    low_cuts: int = 0
    extras: dict[str, Extra] = field(default_factory=dict)
    _image: str = ""
    _points: list[Cut] = field(default_factory=list)

    @cached_property
    def model(self) -> str:
        """What the codec says of itself."""
        return self.codec.identity()

    @property
    def points(self) -> str:
        """Settings, and cuts of a progressive file."""
        settings = " ".join(self.codec.settings)
        low, high = BENCH_RANGE_BPP
        cut = f" cut {self.n_cuts} times from {low} to {high} bpp"
        if self.low_cuts:
            cut += f" and {self.low_cuts} times from {LOW_RANGE_BPP[0]} to {LOW_RANGE_BPP[1]} bpp"
        return settings + (cut if self.codec.progressive else "")

    def cuts(self, pixels: Pixels, image: str) -> Iterator[Cut]:
        """Points of one photograph, made once for all who look at them."""
        if image != self._image:
            self._points = list(self._made(pixels))
            self._image = image
        yield from self._points

    def _made(self, pixels: Pixels) -> Iterator[Cut]:
        """Points; prefixes that show nothing are left out."""
        for setting in self.codec.settings:
            began = time.perf_counter()
            data = self.codec.encode(pixels, setting)
            encode_s = time.perf_counter() - began
            if not self.codec.progressive:
                yield self._point(f"quality-{setting}", data, encode_s)
                continue
            for name, end in self._ends(data, pixels):
                try:
                    yield self._point(name, data[:end], encode_s)
                except CodecError:
                    continue

    def _ends(self, data: bytes, pixels: Pixels) -> Iterator[tuple[str, int]]:
        for stage, end in enumerate(self.codec.stage_ends(data)):
            yield f"stage-{stage + 1}", end
        rates = np.concatenate(
            [
                np.geomspace(*BENCH_RANGE_BPP, self.n_cuts),
                np.geomspace(*LOW_RANGE_BPP, self.low_cuts),
            ]
        )
        for bpp in rates:
            yield f"bpp-{bpp:.4f}", min(int(bpp * pixels[..., 0].size / 8), len(data))

    def _point(self, name: str, data: bytes, encode_s: float) -> Cut:
        began = time.perf_counter()
        decoded = self.codec.decode(data)
        seconds = time.perf_counter() - began
        self.extras[name] = Extra(self.codec.container_bytes(data), encode_s, seconds)
        return Cut(name, len(data), decoded)
