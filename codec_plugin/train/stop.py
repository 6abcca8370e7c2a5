"""Stopping a run between two steps when Ctrl-C or SIGTERM asks for it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Stop", "StopSignals"]


class Stop(BaseException):
    """Somebody asked the run to stop, outside of what must not be cut in two."""


class StopSignals:
    """While it is entered, SIGINT and SIGTERM ask for a stop instead of ending the process.

    The first signal is kept in `asked`, and raises `Stop` where nothing is held; a second one
    raises KeyboardInterrupt at once. Signals come to the main thread only: elsewhere this does
    nothing.

    Args:
        at_once: raise `Stop`; several processes must stop at the same step, and only ask.
    """

    def __init__(self, *, at_once: bool) -> None:
        self.asked = False
        self._at_once = at_once
        self._held = False
        self._former: dict[int, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done within is finished before a stop."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self.asked and self._at_once:
            raise Stop

    def _take(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self._at_once and not self._held:
            raise Stop
