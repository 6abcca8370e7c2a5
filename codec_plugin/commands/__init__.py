"""The commands of `c2f`, one a module, found by their file names.

To add one, put `codec_plugin/commands/<name>.py` here whose `__all__` names one function, the
parameters of which are typer options; nothing else needs to change. Its docstring is the help text.
A module is imported when its command (or the list of all commands) is asked for, so it must not
import torch, pandas or matplotlib at the top: do that inside the function. Modules whose names
begin with an underscore are no commands; `import_` and the like lose the underscore at the end,
inner underscores become hyphens.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

__all__ = ["command_names", "register"]

# These come first in `c2f --help`, in this order; others follow by name.
_FIRST = (
    "encode",
    "decode",
    "inspect",
    "cut",
    "label",
    "classify",
    "demo",
    "train",
    "eval",
    "plot",
)


def command_names() -> dict[str, str]:
    """Command names in the order of the help text, each with its module."""
    modules = [m.name for m in iter_modules(__path__) if not m.name.startswith("_")]
    names = {name.rstrip("_").replace("_", "-"): name for name in modules}
    rank = {name: place for place, name in enumerate(_FIRST)}
    return {name: names[name] for name in sorted(names, key=lambda n: (rank.get(n, len(rank)), n))}


def register(app: typer.Typer, asked: str | None = None) -> None:
    """Add the command `asked` to `app`; all of them where there is no such command."""
    names = command_names()
    for name in [asked] if asked in names else names:
        assert name is not None
        home = import_module(f"{__name__}.{names[name]}")
        (function,) = home.__all__
        app.command(name)(getattr(home, function))
