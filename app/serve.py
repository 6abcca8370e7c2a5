"""Start the server: what `hierlab app` runs, `python app/serve.py [FLAG OF STREAMLIT ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web import cli

__all__ = ["main"]


def main(flags: list[str] | None = None) -> None:
    """Serve until interrupted.

    Args:
        flags: of `streamlit run`; the command line's if None.
    """
    script = Path(__file__).with_name("main.py")
    # It would log a warning, with a stack, whenever a page moves a slider that has a default.
    quiet = "--global.disableWidgetStateDuplicationWarning=true"
    cli.main(["run", str(script), quiet, *(flags or sys.argv[1:])], prog_name="streamlit")


if __name__ == "__main__":
    main()
