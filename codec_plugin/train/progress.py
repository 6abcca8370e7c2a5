"""Where a run stands, how fast it goes, and how a sitting ended."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from codec_plugin.train.comparison import Comparison

__all__ = ["PACE_STEPS", "Pace", "Progress", "TrainResult"]

PACE_STEPS = 50
"""Steps over which the pace is averaged: a GPU runs behind in between."""


class Progress(NamedTuple):
    """Where a run stands after a step."""

    step: int
    total_steps: int
    phase: str
    seconds: float
    loss: float
    rate_bpp: float
    psnr_db: float
    crops_per_second: float


@dataclass(frozen=True)
class TrainResult:
    """How a sitting ended.

    Attributes:
        step: optimiser steps done, over all sittings.
        reason: `finished`, `time` (limit reached) or `interrupted`.
        run: folder of the run.
        crops_per_second: of this sitting's steps, over all processes; reports are not counted.
        comparison: with the start on the held-out photographs; none where there are none, or
            others than at the start, or the sitting was interrupted.
    """

    step: int
    reason: str
    run: Path
    crops_per_second: float = 0.0
    comparison: Comparison | None = None


class Pace:
    """Crops a second: of a sitting, and of its last steps."""

    def __init__(self, world: int) -> None:
        self.world = world
        self._crops, self._seconds = 0, 0.0
        self._last: deque[tuple[int, float]] = deque(maxlen=PACE_STEPS)

    def add(self, batch: int, seconds: float) -> None:
        """Count a step."""
        self._crops += batch * self.world
        self._seconds += seconds
        self._last.append((batch * self.world, seconds))

    @property
    def mean(self) -> float:
        """Over all steps; 0 without any."""
        return self._crops / self._seconds if self._seconds else 0.0

    @property
    def lately(self) -> float:
        """Over the last fifty steps."""
        seconds = sum(seconds for _, seconds in self._last)
        return sum(crops for crops, _ in self._last) / seconds if seconds else 0.0
