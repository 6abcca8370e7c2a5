"""The registry of foreign formats: a name, what it is, and the functions that read and write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.labelmap import LabelMap

__all__ = ["Files", "Format", "register_exporter", "register_importer", "registered"]

Files: TypeAlias = dict[Path, bytes]
Exporter: TypeAlias = Callable[[LabelMap, Path], Files]
Importer: TypeAlias = Callable[..., ImportedHierarchy]


@dataclass(frozen=True)
class Format:
    """A foreign format: its name, one line about it, and what can be done with it.

    Args:
        options: of `import_hierarchy` that the importer takes as keywords.
    """

    name: str
    summary: str
    exporter: Exporter | None = None
    importer: Importer | None = None
    options: tuple[str, ...] = ()


_FORMATS: dict[str, Format] = {}


def register_exporter(name: str, summary: str) -> Callable[[Exporter], Exporter]:
    """Register a function `(label_map, path) -> {path: content}` that writes a format.

    Raises:
        ValueError: the format has a writer.
    """

    def decorate(function: Exporter) -> Exporter:
        known = _FORMATS.get(name, Format(name, summary))
        _add(known.exporter, "writer", replace(known, exporter=function))
        return function

    return decorate


def register_importer(
    name: str, summary: str, options: Iterable[str] = ()
) -> Callable[[Importer], Importer]:
    """Register a function `(paths, **options) -> ImportedHierarchy` that reads a format.

    Args:
        options: those of `import_hierarchy` that the function takes; each is passed where given.

    Raises:
        ValueError: the format has a reader.
    """

    def decorate(function: Importer) -> Importer:
        known = _FORMATS.get(name, Format(name, summary))
        _add(known.importer, "reader", replace(known, importer=function, options=tuple(options)))
        return function

    return decorate


def _add(former: object, kind: str, format: Format) -> None:
    if former is not None:
        raise ValueError(f"format {format.name!r} has a {kind} already")
    _FORMATS[format.name] = format


def registered() -> Mapping[str, Format]:
    """All formats by name, sorted."""
    return dict(sorted(_FORMATS.items()))
