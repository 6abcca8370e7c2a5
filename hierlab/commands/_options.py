"""Options that several commands share, and their readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hierlab.errors import BuilderError
from hierlab.utils.terminal import note

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.measures.groupings import Grouping

__all__ = [
    "Against",
    "Classes",
    "Clip",
    "Counts",
    "Json",
    "Key",
    "MapFile",
    "NameColumn",
    "Prototypes",
    "SynsetColumn",
    "WordNet",
    "listed_classes",
    "parse_against",
    "parse_counts",
    "parse_settings",
]

MapFile = Annotated[str, typer.Argument(metavar="MAP", help="Label map file or shipped name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Counts = Annotated[str, typer.Option("--k", help="Clusters per level, coarse to fine; or auto.")]
Clip = Annotated[
    str | None, typer.Option("--clip", help="CLIP variant MODEL[:PRETRAINED][@PROMPTS].")
]
Classes = Annotated[
    str,
    typer.Option(
        "--classes", help="imagenet-1k, or a txt, csv, json or yaml file, or image folder."
    ),
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="Column of --classes with the keys: its name, or number from 1."),
]
NameColumn = Annotated[
    str | None, typer.Option("--name-column", help="Column of --classes with the names.")
]
SynsetColumn = Annotated[
    str | None,
    typer.Option("--synset-column", help="Column of --classes with synsets such as dog.n.01."),
]
WordNet = Annotated[
    Path | None,
    typer.Option("--wordnet", help="Folder with a WordNet 3.0 of your own; one ships."),
]
Prototypes = Annotated[
    Path | None, typer.Option("--prototypes", help="npz of text vectors, instead of --clip.")
]

Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="NAME|FILE",
        help="Groups that people made, again and again; those shipped for the classes.",
    ),
]


def parse_against(which: list[str] | None) -> list[Grouping] | None:
    """Read groupings by name or file; None where none were named.

    Raises:
        HierlabError: no such name or file, or no such content.
    """
    from hierlab.measures.groupings import load_groupings

    return [grouping for name in which for grouping in load_groupings(name)] if which else None


def parse_counts(text: str) -> tuple[int, ...]:
    """Read `10,100,1000`.

    Raises:
        BuilderError: something is not a whole number.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise BuilderError(
            f"expected whole numbers with commas such as 10,100,1000, got --k {text!r}"
        ) from None


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """Read `name=value` pairs; values are JSON where they parse, else text.

    Raises:
        BuilderError: a pair has no `=`.
    """
    import msgspec

    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise BuilderError(f"expected name=value, got --set {setting!r}")
        try:
            values[name.replace("-", "_")] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            values[name.replace("-", "_")] = value
    return values


def listed_classes(spec: str, key: str | None, name: str | None, synset: str | None) -> ClassList:
    """The classes that --classes names, and a line on standard error on how they were read."""
    from hierlab.datasets.class_lists import load_classes

    listed = load_classes(spec, key=key, name=name, synset=synset)
    if listed.read_as:
        note(f"{spec}: {len(listed)} classes; {listed.read_as}")
    return listed
