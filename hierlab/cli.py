"""The command line: parse, call the function of the same name, print."""

from __future__ import annotations

import os
import signal
import sys

import typer

from hierlab import __version__
from hierlab.commands import register_all
from hierlab.errors import HierlabError

__all__ = ["app", "main"]

app = typer.Typer(
    name="hierlab",
    help="Build, measure, compare and export class hierarchies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
register_all(app)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        sys.stdout.write(f"hierlab {__version__}\n")
        raise typer.Exit


def _stopped(number: int, frame: object) -> None:
    """Asked to end: leave as an exception does, so that no half-written file stays."""
    del frame
    raise SystemExit(128 + number)


def main() -> None:
    """Run the command line; bad input is one sentence on standard error and exit code 2."""
    signal.signal(signal.SIGTERM, _stopped)
    try:
        app()
    except HierlabError as error:
        sys.stderr.write(f"hierlab: {error}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("hierlab: stopped\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output left, as `head` does: nothing to say, and nobody to hear it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
