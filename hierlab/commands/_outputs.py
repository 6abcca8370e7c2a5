"""What commands write and print: never over an input or another's file unless --force."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.errors import HierlabError
from hierlab.utils.terminal import emit_table, note, say

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = [
    "Force",
    "Output",
    "default_name",
    "default_output",
    "guard_numbers",
    "guard_outputs",
    "kind_of_figure",
    "say_saved",
]

FIGURES = (".png", ".svg", ".pdf", ".html")

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Replace inputs, files of others, and what is no file of this kind."
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to write; NAME.json if not given.")
]


def guard_outputs(
    outputs: Mapping[Path, str], inputs: Iterable[str | Path | None], *, force: bool
) -> None:
    """Refuse to write over an input, or over what this program did not make as such.

    Args:
        outputs: files with their kinds, as `hierlab.utils.file_signature.kind_of` tells them.

    Raises:
        HierlabError: one of the outputs may not be replaced.
    """
    from hierlab.utils.files import guard_output

    given = [path for path in inputs if path is not None]
    for output, kind in outputs.items():
        guard_output(output, given, force=force, kind=kind)


def guard_numbers(figure: Path, numbers: bytes, inputs: Iterable[str | Path | None]) -> None:
    """Refuse to write a figure's numbers over those of another figure, or of another kind.

    Figures of one name (tree.png, tree.html) have their CSV in common; it is kept true to each.

    Raises:
        HierlabError: the CSV may not be replaced.
    """
    from hierlab.utils.file_signature import made_by_hierlab
    from hierlab.utils.files import guard_output

    table = figure.with_suffix(".csv")
    guard_output(table, [path for path in inputs if path is not None], content=numbers)
    if not table.is_file() or table.read_bytes() == numbers:
        return
    for ending in FIGURES:
        other = figure.with_suffix(ending)
        if ending != figure.suffix.lower() and other.is_file() and made_by_hierlab(other):
            raise HierlabError(
                f"{table} has the numbers of {other}, which are others; "
                "give another name with -o, or --force to replace them"
            )


def kind_of_figure(figure: Path) -> str:
    """The kind of file that a figure becomes by its ending."""
    return "page" if figure.suffix.lower() == ".html" else "picture"


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
            guard_output(path, given, force=force, kind="label map")
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
