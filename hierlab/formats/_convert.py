"""Export and import: the one way out and in for all foreign formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hierlab.classes import ClassList
from hierlab.errors import FormatError
from hierlab.formats._names import read_names, with_names
from hierlab.formats._recognise import recognise
from hierlab.formats._registry import Files, Format, registered
from hierlab.hierarchy.imported import assemble
from hierlab.labelmap import LabelMap
from hierlab.utils.file_signature import made_by_hierlab
from hierlab.utils.files import guard_output, write_atomic

__all__ = ["export", "import_hierarchy"]


def export(
    label_map: LabelMap,
    to: str,
    path: str | Path,
    *,
    inputs: Iterable[str | Path] | None = None,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write a label map in a foreign format.

    Args:
        to: csv, parents, outline, paths, nested-json, newick, linkage, graphml, networkx-json,
            nbdt or breeds.
        path: the file to write; for breeds a folder; nbdt writes a second file beside it.
        inputs: if given, neither these files nor any that this program did not make are replaced.
        force: replace them all the same.

    Returns:
        The files written.
    Raises:
        FormatError: no such format, or one that cannot hold this map (trees hold nested maps).
        HierlabError: a file cannot be written or would be lost.
    """
    exporters = {name: known.exporter for name, known in registered().items() if known.exporter}
    if to not in exporters:
        raise FormatError(f"no format {to!r} to export to; there are {', '.join(exporters)}")
    files = exporters[to](label_map, Path(path))
    if inputs is not None:
        _guard(files, tuple(inputs), force)
    return tuple(write_atomic(target, content) for target, content in files.items())


def _guard(files: Files, inputs: Sequence[str | Path], force: bool) -> None:
    """Ask for the first file; the others go with it, since a list of keys bears no name."""
    first, *beside = files
    own = first.is_file() and made_by_hierlab(first)
    guard_output(first, inputs, force=force, content=files[first])
    for path in beside:
        guard_output(path, inputs, force=force, content=files[path], ours=lambda path: own)


def import_hierarchy(
    paths: str | Path | Sequence[str | Path],
    format: str | None = None,
    *,
    name: str | None = None,
    classes: ClassList | None = None,
    identity: bool = False,
    levels: Sequence[str] | None = None,
    key: str | None = None,
    name_column: str | None = None,
    parent_first: bool | None = None,
    k: int | Sequence[int] | None = None,
    names: Mapping[str, str] | str | Path | None = None,
) -> LabelMap:
    """Read a hierarchy from a foreign format.

    The map's provenance says under `read` how the file was understood.

    Args:
        paths: one file or several; several csv files are several levels.
        format: csv, parents, outline, paths, nested-json, newick, linkage, graphml, gml, gexf,
            networkx-json, nbdt or breeds; recognised by the content if not given.
        name: of the map; that of the first file if not given.
        classes: their order and names, matched by key, else by name; the file's own if not given.
        identity: end with a level in which each class stands alone, if the file has none.
        levels: names of the levels, coarse to fine; of a table, the columns that are levels.
        key: column of a table with the key of each class.
        name_column: column of a table with the name of each class.
        parent_first: whether a line of an edge list is parent, child; found out if not given.
        k: increasing numbers of clusters at which to cut a dendrogram.
        names: what ids stand for, of classes and clusters: by id, or a file with an id and its name
            in each line.

    Raises:
        FormatError: no such format, not a file of it, an option that it has no use for, or not a
            hierarchy of these classes.
        HierlabError: a file cannot be read or is larger than 64 MiB.
    """
    sources = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not sources:
        raise FormatError("expected at least one file to import, got none")
    if missing := next((path for path in sources if not path.exists()), None):
        raise FormatError(f"cannot read {missing}: no such file or folder")
    format = format or recognise(sources)
    importers = {name: known for name, known in registered().items() if known.importer}
    if format not in importers:
        raise FormatError(f"no format {format!r} to import from; there are {', '.join(importers)}")
    known = importers[format]
    assert known.importer is not None
    options = _options(
        known,
        key=key,
        name_column=name_column,
        parent_first=parent_first,
        levels=levels,
        k=(k,) if isinstance(k, int) else k,
    )
    hierarchy = known.importer(sources, **options)
    if names is not None:
        given = read_names(Path(names)) if isinstance(names, str | Path) else names
        hierarchy = with_names(hierarchy, given)
    parts = assemble(
        hierarchy,
        name=name or sources[0].stem or sources[0].resolve().name,
        format=format,
        classes=classes,
        identity=identity,
        levels=levels if levels and hierarchy.columns != tuple(levels) else None,
    )
    return LabelMap(*parts)


def _options(format: Format, **given: Any) -> dict[str, Any]:
    """Those that the importer takes.

    Raises:
        FormatError: one was given that says nothing about such a file.
    """
    options = {option: value for option, value in given.items() if value is not None}
    for option in options:
        if option not in format.options and option != "levels":
            takers = ", ".join(name for name, one in registered().items() if option in one.options)
            flag = option.replace("_", "-")
            raise FormatError(
                f"{format.name} has no use for --{flag}, which is for {takers}; "
                "leave it out, or say --from if the file is another format"
            )
    return {option: value for option, value in options.items() if option in format.options}
