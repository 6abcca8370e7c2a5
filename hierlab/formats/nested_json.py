"""Nested JSON: nodes with children, as d3, Open Images and many others write trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._files import decode_json, only_file, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import leaf_keys, nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["read_nested_json", "write_nested_json"]

CHILDREN = (
    "children",
    "subcategory",
    "subcategories",
    "categories",
    "subclasses",
    "classes",
    "child",
    "childs",
    "items",
    "nodes",
    "hyponyms",
)
IDS = ("id", "wnid", "sid", "labelname", "key", "synset", "mid", "node_id", "uid")
NAMES = ("name", "label", "title", "display_name", "words", "text", "synset_name")
MAX_DEPTH = 1_000
_SUMMARY = "nodes with children: {name, children: […]}, or names that hold names"


@dataclass
class _Tree:
    """Edges by node, what the nodes are called, and the leaves that go by their names."""

    edges: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    has_ids: bool = False


@register_exporter("nested-json", _SUMMARY)
def write_nested_json(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """One object a node: `id`, `name`, and `children` where it has any.

    Raises:
        FormatError: the map is not nested.
    """
    nodes = nodes_of(label_map, "nested-json")
    objects: dict[str | None, dict[str, Any]] = {
        None: {"made_by": "hierlab", "name": label_map.name, "children": []}
    }
    for node in nodes:
        objects[node.id] = {"id": node.id, "name": node.name}
        objects[node.parent].setdefault("children", []).append(objects[node.id])
    content = msgspec.json.encode(objects[None])
    # Indented where a person may want to read it; a deep indent of a large tree only costs.
    if len(nodes) <= 5_000:
        content = msgspec.json.format(content, indent=1)
    return {path: content + b"\n"}


@register_importer("nested-json", _SUMMARY)
def read_nested_json(paths: Sequence[Path]) -> ImportedHierarchy:
    """Read a tree of objects with a list of children, or of names that hold names.

    The first kind may call its children `children`, `Subcategory` and the like, its ids `id`,
    `wnid`, `LabelName`, and its names `name`, `label`, `words`; nodes of one id are one node.
    The second kind is `{name: {name: …}}`, ending in lists of names, in `{key: name}`, or in empty
    values; `{class: cluster}` on one level is a grouping. Leaves are the classes. A name without an
    id that stands at two places is two clusters, or two classes.

    Raises:
        FormatError: not JSON, not such a tree, or nested deeper than 1,000.
    """
    path = only_file(paths, "nested-json")
    content = decode_json(read_text(path), f"{path} is not JSON")
    tree = _Tree()
    try:
        if grouping := _grouping(content):
            tree.edges = grouping
            read_as = "a table of class: cluster"
        elif name := _children_field(content):
            _objects(tree, content, name)
            keys_are = "ids are keys" if tree.has_ids else "names are keys"
            read_as = f"nested objects, children in {name!r}, {keys_are}"
        elif isinstance(content, dict | list):
            _mapping(tree, content)
            read_as = "names that hold names"
        else:
            raise FormatError(f"{path}: expected nested objects or lists, got one value")
    except RecursionError as error:
        raise FormatError(f"{path}: nested deeper than {MAX_DEPTH}") from error
    if not tree.edges:
        raise FormatError(
            f"{path}: found no node with children; expected {{name, children: […]}} or "
            "{name: {name: …}}"
        )
    keys, repeated = leaf_keys(tree.leaves)
    return tree_hierarchy(
        path,
        tree.edges,
        names=tree.names,
        keys=keys,
        read_as=read_as + repeated,
        alone=list(keys),  # some may hang below nothing
    )


def _children_field(content: Any) -> str | None:
    """What the objects of a tree call their children, if it is a tree of objects."""
    for node in _sample(content):
        for name, value in node.items():
            if name.casefold() in CHILDREN and isinstance(value, list) and _has_own(node, name):
                return str(name)
    return None


def _has_own(node: dict[str, Any], children: str) -> bool:
    """An object of a node says more than its children, or they are objects."""
    folded = {str(name).casefold() for name in node}
    inside = node[children]
    return bool(folded & {*IDS, *NAMES}) or any(isinstance(child, dict) for child in inside)


def _sample(content: Any, most: int = 200) -> Iterator[dict[str, Any]]:
    """The first objects, breadth first."""
    waiting, seen = [content], 0
    for value in waiting:
        if isinstance(value, dict):
            yield value
            seen += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value[:20])
        if seen >= most or len(waiting) > 10_000:
            return


def _grouping(content: Any) -> list[tuple[str, str]]:
    """Edges of `{class: cluster}`, whose values repeat."""
    if not isinstance(content, dict) or len(content) < 2:
        return []
    values = list(content.values())
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
        return []
    if len(set(values)) == len(values):
        return []
    # A parent may itself have a parent here; then names are nodes, else clusters of their own.
    return [(key, str(value)) for key, value in content.items() if key != str(value)]


def _objects(tree: _Tree, content: Any, children: str) -> None:
    """Edges of objects with a list of children."""
    waiting: list[tuple[Any, str | None, int]] = [(content, None, 0)]
    while waiting:
        node, parent, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise RecursionError
        if isinstance(node, list):
            waiting.extend((child, parent, depth) for child in reversed(node))
            continue
        inside = _children(node, children)
        if parent is None and depth == 0 and isinstance(node, dict) and not any(_words(node)):
            # A root without a name, such as the object around the tree.
            waiting.extend((child, None, depth) for child in reversed(inside))
            continue
        key = _node(tree, node, parent, leaf=not inside)
        if parent is not None:
            tree.edges.append((key, parent))
        waiting.extend((child, key, depth + 1) for child in reversed(inside))


def _children(node: Any, children: str) -> list[Any]:
    inside = node.get(children) if isinstance(node, dict) else None
    return inside if isinstance(inside, list) else []


def _words(node: dict[str, Any]) -> tuple[str, str]:
    """Id and name of an object, empty where it has none."""
    folded = {str(name).casefold(): value for name, value in node.items()}
    key, name = (
        next((str(folded[word]) for word in usual if _is_word(folded.get(word))), "")
        for usual in (IDS, NAMES)
    )
    return (key, name) if key or name else ("", "")


def _is_word(value: Any) -> bool:
    return (isinstance(value, str) and bool(value)) or type(value) is int


def _node(tree: _Tree, node: Any, parent: str | None, *, leaf: bool) -> str:
    """Add a node: by its id if it has one, else a leaf by its name and a cluster by its place."""
    if isinstance(node, dict):
        key, name = _words(node)
    else:
        key, name = "", str(node) if _is_word(node) else ""
    if not (key or name):
        raise FormatError(
            f"expected a name or an object with one as a node, got {str(node)[:60]!r}"
        )
    if not key:
        return _named(tree, name, parent, leaf=leaf)
    tree.has_ids = True
    if name:
        tree.names[key] = name
    return key


def _named(tree: _Tree, name: str, parent: str | None, *, leaf: bool) -> str:
    """Add a leaf as a node of its own, and a cluster by its place."""
    if leaf:
        node = f"\0{len(tree.leaves)}"  # no cluster's place: a class may be called as one
        tree.leaves[node] = name
    else:
        node = name if parent is None else f"{parent}\0{name}"
    tree.names[node] = name
    return node


def _mapping(tree: _Tree, content: Any) -> None:
    """Edges of names that hold names."""
    waiting: list[tuple[Any, str | None, int]] = [(content, None, 0)]
    while waiting:
        value, parent, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise RecursionError
        if parent is not None and isinstance(value, dict) and _is_key_to_name(value):
            tree.names |= value
            tree.edges += [(key, parent) for key in value]
            continue
        below: list[tuple[Any, str | None, int]] = []
        for name, inside in _pairs(value):
            if not _is_word(name):
                raise FormatError(f"expected names that hold names, got {str(name)[:60]!r}")
            node = _named(tree, str(name), parent, leaf=not _holds(inside))
            if parent is not None:
                tree.edges.append((node, parent))
            if _holds(inside):
                below.append((inside, node, depth + 1))
        waiting.extend(reversed(below))


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """Names, and what each holds."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [
            pair
            for item in value
            for pair in (_pairs(item) if isinstance(item, dict | list) else [(item, None)])
        ]
    return [(value, None)]


def _holds(inside: Any) -> bool:
    return bool(inside) and not isinstance(inside, bool)


def _is_key_to_name(value: dict[str, Any]) -> bool:
    """`{"n02123045": "tabby"}`: a name for each of several keys, not a class below each name."""
    return all(isinstance(name, str) and name for name in value.values())
