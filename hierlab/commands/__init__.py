"""The commands, one a file; what is heavy is imported when a command runs."""

from __future__ import annotations

import importlib

import typer

__all__ = ["register_all"]

# In the order in which `hierlab --help` lists them.
_COMMANDS = {
    "build": "build",
    "show": "show",
    "measure": "measure",
    "compare": "compare",
    "plot": "plot",
    "export": "export",
    "import": "import_",
    "list": "list_",
    "embed": "embed",
    "study": "study",
    "report": "report",
    "suggest-k": "suggest_k",
    "demo": "demo",
    "data": "data",
    "app": "app",
}


def register_all(app: typer.Typer) -> None:
    """Add every command to `app`; a module's function of the module's name is the command."""
    for command, module in _COMMANDS.items():
        home = importlib.import_module(f"hierlab.commands.{module}")
        app.command(command)(getattr(home, module))
