"""hierlab list."""

from __future__ import annotations

from hierlab.commands._options import Json
from hierlab.utils.terminal import emit_json, say


def list_(as_json: Json = False) -> None:
    """List variants, prompts, methods and shipped hierarchies, and how to get what is missing."""
    from hierlab._list import list_ as list_available

    available = list_available()
    if as_json:
        emit_json(available)
        return
    for title, items in vars(available).items():
        say(f"{title}:")
        width = max((len(item.name) for item in items), default=0)
        for item in items:
            missing = "" if item.ready else f"  (not installed: {item.get})"
            say(f"  {item.name.ljust(width)}  {item.about}{missing}")
        say()
