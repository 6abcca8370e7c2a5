"""Which channels of the base latent each block carries, and which of them it refines.

    base channel   0 … 11   12 … 47   48 … 127
    block 0        step 1
    block 1                 step 1
    block 2        step 1/3           step 1/3 needs step 1 first: not yet
    block 3                           step 1

A channel that comes again is quantised RATIO times as finely around its coarser value
(successive refinement; three cells of one third fill a cell exactly, as trit-planes do).
Source: Equitz & Cover 1991 (successive refinement); Lee et al. 2022 (DPICT, trit-planes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from codec_plugin.errors import ConfigError

__all__ = ["RATIO", "ChannelLayout"]

RATIO = 3
"""How many cells of a refinement fill one of the version before it."""


@dataclass(frozen=True)
class ChannelLayout:
    """Base channels [first, last) of each block, in order of coding.

    Attributes:
        ranges: one pair a block; every channel of a block is new, or every one refines the version
            of the same plane.

    Raises:
        ConfigError: ranges that leave a gap or mix planes.
    """

    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse ranges that are no layout."""
        seen: dict[int, int] = {}
        for k, (first, last) in enumerate(self.ranges):
            if not 0 <= first < last:
                raise ConfigError(
                    f"ranges: block {k} expected [first, last), got [{first}, {last}]"
                )
            planes = {seen.get(channel, 0) for channel in range(first, last)}
            if len(planes) != 1:
                raise ConfigError(
                    f"ranges: the channels [{first}, {last}] of block {k} were coded "
                    f"{sorted(planes)} times before; expected the same for all"
                )
            for channel in range(first, last):
                seen[channel] = seen.get(channel, 0) + 1
        if sorted(seen) != list(range(len(seen))):
            raise ConfigError(f"ranges must cover channels 0..n without a gap; got {self.ranges}")

    @classmethod
    def consecutive(cls, widths: Sequence[int]) -> "ChannelLayout":
        """Blocks that share no channel, one after the other."""
        starts = [sum(widths[:k]) for k in range(len(widths))]
        return cls(tuple((s, s + w) for s, w in zip(starts, widths, strict=True)))

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each block."""
        return tuple(last - first for first, last in self.ranges)

    @property
    def base_channels(self) -> int:
        """Channels of the base latent."""
        return max(last for _, last in self.ranges)

    @property
    def refines(self) -> bool:
        """Whether any channel comes more than once."""
        return sum(self.widths) > self.base_channels

    @cached_property
    def planes(self) -> tuple[int, ...]:
        """How often the channels of each block were coded before it."""
        return tuple(
            sum(start <= first < stop for start, stop in self.ranges[:k])
            for k, (first, _) in enumerate(self.ranges)
        )

    @cached_property
    def sources(self) -> tuple[int, ...]:
        """Base channel of each channel of y."""
        return tuple(c for first, last in self.ranges for c in range(first, last))

    @cached_property
    def factors(self) -> tuple[float, ...]:
        """Steps of each channel of y in one step of its base channel: 1, 3, 9, …"""
        pairs = zip(self.planes, self.widths, strict=True)
        return tuple(float(RATIO**plane) for plane, width in pairs for _ in range(width))

    def parents(self, k: int) -> tuple[int, ...]:
        """Channel of y that each channel of block `k` refines; empty where it is new."""
        if not self.planes[k]:
            return ()
        newest = self._newest(k)
        return tuple(newest[channel] for channel in range(*self.ranges[k]))

    def latest(self, k: int) -> tuple[int, ...]:
        """Channels of y that hold what is known of each base channel before block `k`."""
        newest = self._newest(k)
        return tuple(newest[channel] for channel in sorted(newest))

    def stages_newest(self, k: int) -> tuple[int, ...]:
        """At how many stages each channel of block `k` is the newest version of itself."""
        later = list(enumerate(self.ranges))[k + 1 :]
        return tuple(
            next((j for j, (first, last) in later if first <= channel < last), len(self.ranges)) - k
            for channel in range(*self.ranges[k])
        )

    def versions_after(self, k: int) -> tuple[int, ...]:
        """How often each channel of block `k` is refined in the blocks after it."""
        later = self.ranges[k + 1 :]
        return tuple(
            sum(first <= channel < last for first, last in later)
            for channel in range(*self.ranges[k])
        )

    def _newest(self, k: int) -> dict[int, int]:
        newest: dict[int, int] = {}
        place = 0
        for first, last in self.ranges[:k]:
            for channel in range(first, last):
                newest[channel] = place
                place += 1
        return newest
