"""BREEDS: the three files that describe a class hierarchy to its data set generator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._files import decode_json, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["read_breeds", "write_breeds"]

INFO = "dataset_class_info.json"
EDGES = "class_hierarchy.txt"
NAMES = "node_names.txt"
PARTS = (INFO, EDGES, NAMES)
# BREEDS counts levels from WordNet's root.
_ROOT = "n00001740"
_SUMMARY = f"a folder with {INFO}, {EDGES} and {NAMES}"


@register_exporter("breeds", _SUMMARY)
def write_breeds(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """`[number, key, name]` per class; `parent child` per edge; `id<TAB>name` per node.

    Blanks in keys are written as in web addresses (`%20`), since blanks part the columns.

    Raises:
        FormatError: the map is not nested, or a class goes by the root's id.
    """
    nodes = nodes_of(label_map, "breeds")
    classes = [node for node in nodes if node.level is None]
    if _ROOT in label_map.classes.index:
        raise FormatError(f"class key {_ROOT!r} is the root of every BREEDS file; rename the class")
    info = [[row, _safe(node.id), " ".join(node.name.split())] for row, node in enumerate(classes)]
    edges = [f"{_safe(node.parent) if node.parent else _ROOT} {_safe(node.id)}" for node in nodes]
    names = [f"{_safe(node.id)}\t{' '.join(node.name.split())}" for node in nodes]
    return {
        path / INFO: msgspec.json.encode(info) + b"\n",
        path / EDGES: ("\n".join(edges) + "\n").encode(),
        path / NAMES: ("\n".join([f"{_ROOT}\tentity", *names]) + "\n").encode(),
    }


@register_importer("breeds", _SUMMARY)
def read_breeds(paths: Sequence[Path]) -> ImportedHierarchy:
    """Read a folder with the three files; classes that the hierarchy lacks are left out.

    Raises:
        FormatError: not such files, or not a rooted graph over the classes.
    """
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    for part in PARTS:
        if not (folder / part).is_file():
            raise FormatError(f"{folder} has no {part}; BREEDS is {_SUMMARY}")
    info = _class_info(folder / INFO)
    names = dict(_pairs(folder / NAMES, "\t"))
    edges = [(child, parent) for parent, child in _pairs(folder / EDGES, None)]
    if not edges:
        raise FormatError(
            f"{folder / EDGES}: expected lines with a parent and its child, found none"
        )
    nodes = {node for edge in edges for node in edge}
    kept = [(key, name) for _, key, name in info if key in nodes]
    if not kept:
        raise FormatError(f"{folder}: no class of {INFO} is a node of {EDGES}")
    read_as = "a BREEDS folder"
    if missing := [name or key for _, key, name in info if key not in nodes]:
        shown = ", ".join(name.partition(",")[0] for name in missing[:3])
        read_as += (
            f", left out {len(missing)} of {len(info)} classes that {EDGES} lacks, such as {shown}"
        )
    return tree_hierarchy(
        folder / EDGES,
        edges,
        classes=[key for key, _ in kept],
        names=names | {key: name for key, name in kept if name},
        keys={key: unquote(key) for key, _ in kept},
        ordered=True,
        read_as=read_as,
    )


def _safe(key: str) -> str:
    # Only what would be misread: wnids, slashes of cluster ids and letters stay as they are.
    plain = "%" not in key and not any(mark.isspace() for mark in key)
    return key if plain and key.isprintable() else quote(key, safe="/")


def _class_info(path: Path) -> list[tuple[int, str, str]]:
    problem = f"{path}: expected a list of [number, wnid, name]"
    rows: list[tuple[int, str, str]] = decode_json(
        read_text(path), problem, list[tuple[int, str, str]]
    )
    rows.sort(key=lambda row: row[0])
    if not rows or [row[0] for row in rows] != list(range(len(rows))):
        raise FormatError(f"{path}: classes must be numbered from 0, each number once")
    return rows


def _pairs(path: Path, separator: str | None) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        first, *rest = line.strip("\r\n").split(separator, 1)
        if len(rest) != 1 or not first or not rest[0].strip():
            raise FormatError(f"{path}: line {number}: expected two columns, got {line[:60]!r}")
        pairs.append((first, rest[0].strip()))
    return pairs
