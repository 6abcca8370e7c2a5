"""How many processor cores to use, and safe forks.

Two threads on a machine whose other core is busy wait for one another: they cost two to three
times the processor time of one, and no less time by the clock.
"""

from __future__ import annotations

import os

__all__ = ["MANY_PX", "good_threads", "make_forks_safe", "use_threads"]

MOST = 4
"""More threads than this gain nothing on tiles of 1024 pixels."""

MANY_PX = 1 << 20
"""Smaller pictures are done before a second thread has paid for itself."""


def good_threads(pixels: int) -> int:
    """Cores that are idle now, 1 to 4; one for a picture of less than a million pixels."""
    if pixels < MANY_PX:
        return 1
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    try:
        busy = round(os.getloadavg()[0])
    except (OSError, AttributeError):
        busy = 0
    return max(1, min(MOST, cores - busy))


def use_threads(asked: int | None, pixels: int = 0) -> None:
    """Set torch's threads for this process: as many as asked, else `good_threads`.

    Args:
        asked: None chooses.
        pixels: of the picture, 0 if unknown.
    """
    import torch

    torch.set_num_threads(asked or good_threads(pixels))


def _calm_child() -> None:
    """A forked child has one thread, whatever its parent had; a second would wait for ever."""
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def make_forks_safe() -> None:
    """Let forked children of this process decode, even after it used several threads itself."""
    global _safe
    if not _safe and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_calm_child)
        _safe = True


_safe = False
