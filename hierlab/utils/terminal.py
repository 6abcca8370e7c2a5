"""The one place of the command line that prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any

__all__ = ["emit_json", "emit_table", "note", "progress", "say"]


def say(text: str = "") -> None:
    """Print one line to standard output."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print one line to standard error: what a person should know and a program may skip."""
    sys.stderr.write(f"{text}\n")


def emit_json(value: Any) -> None:
    """Print dataclasses, structs, arrays and containers as indented JSON."""
    import msgspec

    content = msgspec.json.encode(_plain(value), enc_hook=_encode)
    say(msgspec.json.format(content, indent=2).decode())


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _encode(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


def emit_table(
    header: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """Print aligned columns; numbers to the right, floats with three digits."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    right = [
        all(isinstance(row[i], int | float) or row[i] is None for row in rows)
        for i in range(len(header))
    ]

    def line(row: Sequence[str]) -> str:
        parts = (
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        )
        return "  ".join(parts).rstrip()

    if title:
        say(title)
    say(line(header))
    say("  ".join("-" * width for width in widths))
    for row in cells:
        say(line(row))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on standard error; silent when that is no terminal.

    Yields a function `(done, total)`.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
