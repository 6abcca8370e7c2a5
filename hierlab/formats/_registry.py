"""The registry of foreign formats, and the one way in and out for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hierlab.errors import FormatError
from hierlab.hierarchy.imported import assemble
from hierlab.labelmap import LabelMap
from hierlab.utils.file_signature import made_by_hierlab
from hierlab.utils.files import guard_output, read_bounded, write_atomic

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.hierarchy.imported import Foreign

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
Importer: TypeAlias = Callable[..., "Foreign"]


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
        if known.exporter is not None:
            raise ValueError(f"format {name!r} has a writer already")
        _FORMATS[name] = replace(known, exporter=function)
        return function

    return decorate


def register_importer(
    name: str, summary: str, options: Iterable[str] = ()
) -> Callable[[Importer], Importer]:
    """Register a function `(paths, **options) -> Foreign` that reads a format.

    Args:
        options: those of `import_hierarchy` that the function takes; each is passed where given.

    Raises:
        ValueError: the format has a reader.
    """

    def decorate(function: Importer) -> Importer:
        known = _FORMATS.get(name, Format(name, summary))
        if known.importer is not None:
            raise ValueError(f"format {name!r} has a reader already")
        _FORMATS[name] = replace(known, importer=function, options=tuple(options))
        return function

    return decorate


def registered() -> Mapping[str, Format]:
    """All formats by name, sorted."""
    return dict(sorted(_FORMATS.items()))


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
    exporter = _FORMATS[to].exporter if to in _FORMATS else None
    if exporter is None:
        able = ", ".join(name for name, one in registered().items() if one.exporter)
        raise FormatError(f"no format {to!r} to export to; there are {able}")
    files = exporter(label_map, Path(path))
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
        k: rising numbers of clusters at which to cut a dendrogram.
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
    if format is None:
        from hierlab.formats._recognise import recognise

        format = recognise(sources)
    known = _FORMATS.get(format)
    if known is None or known.importer is None:
        able = ", ".join(known for known, one in registered().items() if one.importer)
        raise FormatError(f"no format {format!r} to import from; there are {able}")
    foreign = known.importer(
        sources,
        **_options(
            known,
            key=key,
            name_column=name_column,
            parent_first=parent_first,
            levels=levels,
            k=(k,) if isinstance(k, int) else k,
        ),
    )
    if names is not None:
        from hierlab.formats._names import named, read_names

        given = read_names(Path(names)) if isinstance(names, str | Path) else names
        foreign = named(foreign, given)
    chosen = levels if levels and foreign.columns != tuple(levels) else None
    parts = assemble(
        foreign,
        name=name or sources[0].stem or sources[0].resolve().name,
        format=format,
        classes=classes,
        identity=identity,
        levels=chosen,
    )
    return LabelMap(*parts)


def _options(format: Format, **given: Any) -> dict[str, Any]:
    """Those that the importer takes.

    Raises:
        FormatError: one was given that says nothing about such a file.
    """
    told = {option: value for option, value in given.items() if value is not None}
    for option in told:
        if option not in format.options and option != "levels":
            able = ", ".join(one.name for one in registered().values() if option in one.options)
            raise FormatError(
                f"{format.name} has no use for --{option.replace('_', '-')}, which is for {able}; "
                "leave it out, or say --from if the file is another format"
            )
    return {option: value for option, value in told.items() if option in format.options}


def read_text(path: Path) -> str:
    """Read a text file of at most 64 MiB, in UTF-8, UTF-16 or Windows' Latin-1.

    Raises:
        FormatError: it is no text.
        HierlabError: it cannot be read or is larger.
    """
    from hierlab.utils.text_table import decode_text

    content = read_bounded(path, MAX_BYTES)
    try:
        return content.decode("utf-8-sig")  # zero bytes too: our own tables may hold any text
    except UnicodeDecodeError:
        pass
    try:
        return decode_text(content)[0]
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
