"""The command line `c2f`: parse, call the function of the same name, print."""

from __future__ import annotations

import os
import sys

import typer

from codec_plugin.commands import register
from codec_plugin.errors import CodecError
from hierlab.errors import HierlabError, MissingExtraError

__all__ = ["build_app", "main"]


def build_app(asked: str | None = None) -> typer.Typer:
    """The application with the command `asked`, or with all where there is no such command.

    Commands are the modules of `codec_plugin.commands`; its docstring says how to add one.
    """
    app = typer.Typer(
        name="c2f",
        help="Encode, cut, decode, train and evaluate progressive pictures.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    register(app, asked)

    @app.callback(invoke_without_command=True)
    def _root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
        if version:
            from importlib.metadata import version as installed

            sys.stdout.write(f"c2f {installed('hierlab')}\n")
            raise typer.Exit

    return app


def main() -> None:
    """Run the command line; bad input is one sentence on standard error and exit code 2."""
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else None)()
    except (CodecError, HierlabError) as error:
        sys.stderr.write(f"c2f: {error}\n")
        raise SystemExit(2) from None
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "codec_plugin", "hierlab"):
            raise  # our own mistake
        sys.stderr.write(f"c2f: {MissingExtraError(package, 'codec', 'this command')}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("c2f: stopped\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output left, as `head` does: nothing to say, and nobody to hear it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
