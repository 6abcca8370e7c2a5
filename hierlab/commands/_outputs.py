"""Where commands write: never over an input or another's file, unless --force."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from hierlab.errors import HierlabError

__all__ = ["Force", "default_name", "default_output"]

Force = Annotated[
    bool,
    typer.Option("--force", help="Replace inputs, and files that this program did not make."),
]


def default_name(name: str, ending: str) -> Path:
    """NAME and ending in this folder; a map may be called anything, a file may not."""
    return Path((re.sub(r"[/\\\0]+", "-", name).strip().lstrip(".")[:200] or "map") + ending)


def default_output(
    name: str, ending: str, inputs: Iterable[str | Path], *, force: bool = False
) -> Path:
    """NAME and ending in this folder, or `NAME-map` where that would replace what must stay.

    Raises:
        HierlabError: both would.
    """
    from hierlab.utils.files import guard_output

    given = tuple(inputs)
    usual = default_name(name, ending)
    try:
        guard_output(usual, given, force=force)
    except HierlabError:
        other = default_name(name, f"-map{ending}")
        guard_output(other, given)
        return other
    return usual
