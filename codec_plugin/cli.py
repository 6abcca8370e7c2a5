"""The command line `c2f`: parse, call the function of the same name, print."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    import typer

__all__ = ["build_app", "main"]


def build_app(asked: str | None = None) -> typer.Typer:
    """The application with the command `asked`, or with all where there is no such command.

    Commands are the modules of `codec_plugin.commands`; its docstring says how to add one.
    """
    import typer

    from codec_plugin.commands import register

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
    # Imports stand inside, so that Ctrl-C is heard from the first moment.
    try:
        _run()
    except KeyboardInterrupt:
        _stop("stopped", 130)
    except BrokenPipeError:
        # The reader of our output left, as `head` does: nothing to say, and nobody to hear it.
        _silence_output()
        raise SystemExit(0) from None
    except OSError as error:
        _silence_output()
        place = f"{error.filename}: " if error.filename else ""
        _stop(f"{place}{error.strerror or error}", 2)
    finally:
        gc.freeze()  # the interpreter's end need not look through torch's objects for garbage


def _run() -> None:
    import signal

    from codec_plugin.errors import CodecError
    from hierlab.errors import HierlabError, MissingExtraError

    # As Ctrl-C, so that half-written files are removed; a training sets its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else None)()
    except (CodecError, HierlabError) as error:
        _stop(str(error), 2)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "codec_plugin", "hierlab"):
            raise  # our own mistake
        _stop(str(MissingExtraError(package, "codec", "this command")), 2)


def _stop(sentence: str, code: int) -> NoReturn:
    if sys.stderr is not None:
        sys.stderr.write(f"c2f: {sentence}\n")
    raise SystemExit(code) from None


def _silence_output() -> None:
    """What is left in the buffer goes nowhere: Python would try again at its end, and fail."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
