"""Builds one hierarchy in a process of its own, which may be ended at any time.

`python build_worker.py FOLDER` reads `request.json` there and writes `map.json`, or `refused.txt`
with why not; every run that is done is a line on standard output.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hierlab import ClassList, HierlabError, build
from hierlab.utils.files import write_atomic

__all__ = ["MAP", "REFUSED", "REQUEST", "main"]

REQUEST, MAP, REFUSED = "request.json", "map.json", "refused.txt"


def main(folder: Path) -> None:
    """Build what the folder asks for."""
    arguments = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    if isinstance(classes := arguments["classes"], dict):
        arguments["classes"] = ClassList(
            classes["set"],
            tuple(classes["ids"]),
            tuple(classes["names"]),
            aliases=tuple(map(tuple, classes["aliases"])),
            synsets=tuple(classes["synsets"]),
            read_as=classes["read_as"],
            resolved_by=tuple(classes["resolved_by"]),
        )

    def told(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()
        if os.getppid() == 1:  # whoever asked is gone
            raise SystemExit(1)

    try:
        content = build(**arguments, progress=told).encode()
    except HierlabError as error:
        write_atomic(folder / REFUSED, str(error))
        return
    write_atomic(folder / MAP, content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
