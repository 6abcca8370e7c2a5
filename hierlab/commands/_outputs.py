"""What commands write and print: never over an input or another's file unless --force."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.errors import HierlabError
from hierlab.utils.terminal import emit_table, note, say

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = ["Force", "Output", "default_name", "default_output", "guard_outputs", "say_saved"]

Force = Annotated[
    bool,
    typer.Option("--force", help="Replace inputs, and files that this program did not make."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to write; NAME.json if not given.")
]


def guard_outputs(
    outputs: Iterable[Path], inputs: Iterable[str | Path | None], *, force: bool
) -> None:
    """Refuse to write over an input, or over a file that this program did not make.

    Raises:
        HierlabError: one of the outputs may not be replaced.
    """
    from hierlab.utils.files import guard_output

    given = [path for path in inputs if path is not None]
    for output in outputs:
        guard_output(output, given, force=force)


def default_name(name: str, ending: str) -> Path:
    """NAME and ending in this folder; a map may be called anything, a file may not."""
    return Path((re.sub(r"[/\\\0]+", "-", name).strip().lstrip(".")[:200] or "map") + ending)


def default_output(label_map: LabelMap, inputs: Iterable[str | Path], *, force: bool) -> Path:
    """NAME.json in this folder, or NAME-2.json and so on where that would replace another map.

    The same map may be written again; an input, or a file that this program did not make, stays,
    and a note says so: who goes on with NAME.json would go on with that one.
    """
    from hierlab.utils.files import guard_output

    given = tuple(inputs)
    usual = default_name(label_map.name, ".json")
    for number in itertools.count(1):
        path = default_name(label_map.name, f"-{number}.json" if number > 1 else ".json")
        with suppress(HierlabError):
            guard_output(path, given, force=force)
            if force or not path.exists() or _holds(path, label_map):
                if path != usual:
                    note(f"{usual} is there already and stays as it is; this map is {path}")
                return path
    raise AssertionError("unreachable")


def _holds(path: Path, label_map: LabelMap) -> bool:
    from hierlab.labelmap import load_label_map

    with suppress(HierlabError):
        return load_label_map(path) == label_map
    return False


def say_saved(label_map: LabelMap, path: Path, *, largest: bool = False) -> None:
    """Print the sizes of the levels of a new map, and where it is.

    Args:
        largest: whether to name the largest clusters too.
    """
    header, rows = ("level", "clusters", "smallest", "largest"), []
    for level in label_map:
        row = (level.name, level.k, int(level.sizes.min()), int(level.sizes.max()))
        rows.append((*row, _largest(level)) if largest else row)
    emit_table((*header, "largest clusters") if largest else header, rows)
    nested = "nested" if label_map.nested else "not nested"
    say(f"{path}: {len(label_map.classes)} classes, {nested}, id {label_map.id[:16]}")


def _largest(level: Level) -> str:
    order = sorted(level.clusters, key=lambda cluster: -cluster.size)
    return "; ".join(cluster.name for cluster in order[:4])
