"""The registry of foreign formats, and the one way in and out for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hierlab._files import read_bounded, write_atomic
from hierlab.errors import FormatError

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.formats._foreign import Foreign
    from hierlab.labelmap import LabelMap

__all__ = [
    "Format",
    "export",
    "import_hierarchy",
    "read_text",
    "register_exporter",
    "register_importer",
    "registered",
]

MAX_BYTES = 64 * 2**20

Files: TypeAlias = dict[Path, bytes]
Exporter: TypeAlias = Callable[["LabelMap", Path], Files]
Importer: TypeAlias = Callable[[Sequence[Path]], "Foreign"]


@dataclass(frozen=True)
class Format:
    """A foreign format: its name, one line about it, and what can be done with it."""

    name: str
    summary: str
    exporter: Exporter | None = None
    importer: Importer | None = None


_FORMATS: dict[str, Format] = {}


def register_exporter(name: str, summary: str) -> Callable[[Exporter], Exporter]:
    """Register a function `(label_map, path) -> {path: content}` that writes a format.

    Raises:
        ValueError: the format has a writer.
    """

    def decorate(function: Exporter) -> Exporter:
        known = _FORMATS.get(name, Format(name, summary))
        if known.exporter is not None:
            raise ValueError(f"format {name!r} has a writer already")
        _FORMATS[name] = Format(name, known.summary, function, known.importer)
        return function

    return decorate


def register_importer(name: str, summary: str) -> Callable[[Importer], Importer]:
    """Register a function `(paths) -> Foreign` that reads a format.

    Raises:
        ValueError: the format has a reader.
    """

    def decorate(function: Importer) -> Importer:
        known = _FORMATS.get(name, Format(name, summary))
        if known.importer is not None:
            raise ValueError(f"format {name!r} has a reader already")
        _FORMATS[name] = Format(name, known.summary, known.exporter, function)
        return function

    return decorate


def registered() -> Mapping[str, Format]:
    """All formats by name, sorted."""
    return dict(sorted(_FORMATS.items()))


def export(label_map: LabelMap, to: str, path: str | Path) -> tuple[Path, ...]:
    """Write a label map in a foreign format.

    Args:
        to: csv, parents, newick, graphml, networkx-json, nbdt or breeds.
        path: the file to write; for breeds a folder; nbdt writes a second file beside it.

    Returns:
        The files written.
    Raises:
        FormatError: no such format, or one that cannot hold this map (trees hold nested maps).
        HierlabError: the file cannot be written.
    """
    exporter = _FORMATS[to].exporter if to in _FORMATS else None
    if exporter is None:
        able = ", ".join(name for name, one in registered().items() if one.exporter)
        raise FormatError(f"no format {to!r} to export to; there are {able}")
    files = exporter(label_map, Path(path))
    return tuple(write_atomic(target, content) for target, content in files.items())


def import_hierarchy(
    paths: str | Path | Sequence[str | Path],
    format: str,
    *,
    name: str | None = None,
    classes: ClassList | None = None,
    identity: bool = False,
    levels: Sequence[str] | None = None,
) -> LabelMap:
    """Read a hierarchy from a foreign format.

    Args:
        paths: one file or several; several csv files are several levels.
        format: csv, parents, nbdt or breeds.
        name: of the map; that of the first file if not given.
        classes: their order and names, by key; the file's own if not given.
        identity: end with a level in which each class stands alone, if the file has none.
        levels: names of the levels, coarse to fine.

    Raises:
        FormatError: no such format, not a file of it, or not a hierarchy of these classes.
        HierlabError: a file cannot be read or is larger than 64 MiB.
    """
    importer = _FORMATS[format].importer if format in _FORMATS else None
    if importer is None:
        able = ", ".join(known for known, one in registered().items() if one.importer)
        raise FormatError(f"no format {format!r} to import from; there are {able}")
    sources = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not sources:
        raise FormatError("expected at least one file to import, got none")
    from hierlab.formats._foreign import assemble

    return assemble(
        importer(sources),
        name=name or sources[0].stem,
        format=format,
        classes=classes,
        identity=identity,
        levels=levels,
    )


def read_text(path: Path) -> str:
    """Read a text file of at most 64 MiB.

    Raises:
        FormatError: it is not UTF-8.
        HierlabError: it cannot be read or is larger.
    """
    try:
        return read_bounded(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: expected text in UTF-8 ({error.reason})") from error
