"""The label map as a JSON file: what it holds, how it is written and strictly read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any, cast

import msgspec
import numpy as np

from hierlab.classes import MAX_CLASSES, ClassList
from hierlab.errors import ClassListError, LabelMapError
from hierlab.hierarchy.level import Cluster, Level, out_of_range
from hierlab.wordnet.resolution import How

__all__ = [
    "FORMAT",
    "VERSION",
    "classes_of",
    "decode_file",
    "encode_file",
    "label_map_schema",
    "levels_of",
]

FORMAT = "hierlab-label-map"
VERSION = 1


class _LevelFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    k: int
    labels: list[int]
    clusters: list[Cluster]
    class_confidence: list[float] | None = None


class _ClassesFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    set: str
    ids: list[str]
    names: list[str]
    synsets: list[str | None] | None = None
    resolved_by: list[How] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    id: str
    name: str
    classes: _ClassesFile
    nested: bool
    levels: list[_LevelFile]
    provenance: dict[str, Any]


class _Head(msgspec.Struct):
    format: str
    version: int


def encode_file(
    name: str,
    classes: ClassList,
    levels: Sequence[Level],
    *,
    id: str,
    nested: bool,
    provenance: Mapping[str, Any],
) -> bytes:
    """See `LabelMap.encode`."""
    content = _File(
        format=FORMAT,
        version=VERSION,
        id=id,
        name=name,
        classes=_ClassesFile(
            set=classes.set,
            ids=list(classes.ids),
            names=list(classes.names),
            synsets=list(classes.synsets) or None,
            resolved_by=cast("list[How]", list(classes.resolved_by)) or None,
        ),
        nested=nested,
        levels=[
            _LevelFile(
                level.name,
                level.k,
                level.labels.tolist(),
                list(level.clusters),
                list(level.class_confidence) if level.class_confidence else None,
            )
            for level in levels
        ],
        provenance=dict(provenance),
    )
    try:
        return msgspec.json.encode(content, order="sorted") + b"\n"
    except (TypeError, UnicodeEncodeError, ValueError) as error:
        raise LabelMapError("provenance", f"a value has no JSON form ({error})") from error


def decode_file(content: bytes | str, source: str) -> _File:
    """Read a file of this version; the types are checked, the sense of the levels is not.

    Raises:
        LabelMapError: not JSON, unknown version, or a field of a wrong type.
    """
    head = _decode(content, _Head, source)
    if head.format != FORMAT:
        raise LabelMapError("format", f"expected {FORMAT!r}, got {head.format!r} in {source}")
    if head.version != VERSION:
        raise LabelMapError(
            "version", f"this tool reads version {VERSION}, {source} is version {head.version}"
        )
    file: _File = _decode(content, _File, source)
    return file


def _decode(content: bytes | str, kind: type[Any], source: str) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        raise LabelMapError(place.rstrip("`").removeprefix("$.") or source, text) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LabelMapError(source, f"not a JSON label map ({error})") from error


def classes_of(file: _File) -> ClassList:
    """The classes of a file.

    Raises:
        LabelMapError: no class list.
    """
    if len(file.classes.ids) > MAX_CLASSES:
        raise LabelMapError("classes.ids", f"more than {MAX_CLASSES} classes")
    try:
        return ClassList(
            file.classes.set,
            tuple(file.classes.ids),
            tuple(file.classes.names),
            synsets=tuple(file.classes.synsets or ()),
            resolved_by=tuple(file.classes.resolved_by or ()),
        )
    except ClassListError as error:
        raise LabelMapError("classes", str(error)) from error


def levels_of(file: _File) -> tuple[Level, ...]:
    """The levels of a file.

    Raises:
        LabelMapError: a wrong number of clusters, or a label that is none of them.
    """
    return tuple(_level(level, f"levels[{number}]") for number, level in enumerate(file.levels))


def _level(level: _LevelFile, field: str) -> Level:
    if level.k != len(level.clusters):
        raise LabelMapError(f"{field}.k", f"k is {level.k} with {len(level.clusters)} clusters")
    if out := next((n for n, label in enumerate(level.labels) if not 0 <= label < level.k), None):
        raise out_of_range(field, out, level.labels[out], level.k)
    labels = np.asarray(level.labels, dtype=np.int64).astype(np.int32)
    labels.setflags(write=False)
    sure = None if level.class_confidence is None else tuple(level.class_confidence)
    return Level(level.name, labels, tuple(level.clusters), sure)


def label_map_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of label map v1, for readers in other languages."""
    schema = msgspec.json.schema(_File)
    for part in schema["$defs"].values():
        if "description" in part:  # a docstring, which Python 3.13 dedents itself
            part["description"] = cleandoc(part["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "label map v1",
        **schema,
    }
