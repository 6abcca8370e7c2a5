"""The progress bar of the commands."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Show(Protocol):
        """Shows how much is done, of how much, and what of."""

        def __call__(self, done: int, total: int, text: str = ...) -> None:
            """Show it."""


__all__ = ["progress"]


@contextmanager
def progress(text: str = "", *, shown: bool = True) -> Iterator[Show]:
    """A bar with the time left on standard error; silent when that is no terminal."""
    if not (shown and sys.stderr.isatty()):
        yield lambda done, total, text="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    counts = TextColumn("{task.completed}/{task.total}")
    columns = (TextColumn("{task.description}"), BarColumn(), counts, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total, text=text: bars.update(
            task, completed=done, total=total, description=text
        )
