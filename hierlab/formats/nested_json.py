"""Nested JSON: nodes with children, as d3, Open Images and many others write trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._tree import nodes_of, require_nested
from hierlab.hierarchy.imported import Foreign
from hierlab.hierarchy.tree_levels import foreign_tree
from hierlab.labelmap import LabelMap

__all__ = ["children_field", "read_nested_json", "tree_of", "write_nested_json"]

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
    """Edges by node id, and what the nodes are called."""

    edges: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    by_id: set[str] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)


@register_exporter("nested-json", _SUMMARY)
def write_nested_json(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """One object a node: `id`, `name`, and `children` where it has any.

    Raises:
        FormatError: the map is not nested.
    """
    require_nested(label_map, "nested-json")
    nodes = nodes_of(label_map)
    made: dict[str | None, dict[str, Any]] = {
        None: {"made_by": "hierlab", "name": label_map.name, "children": []}
    }
    for node in nodes:
        made[node.id] = {"id": node.id, "name": node.name}
        made[node.parent].setdefault("children", []).append(made[node.id])
    content = msgspec.json.encode(made[None])
    # Indented where a person may want to read it; a deep indent of a large tree only costs.
    return {
        path: (msgspec.json.format(content, indent=1) if len(nodes) <= 5_000 else content) + b"\n"
    }


@register_importer("nested-json", _SUMMARY)
def read_nested_json(paths: Sequence[Path]) -> Foreign:
    """Read a tree of objects with a list of children, or of names that hold names.

    The first kind may call its children `children`, `Subcategory` and the like, its ids `id`,
    `wnid`, `LabelName`, and its names `name`, `label`, `words`; nodes of one id are one node.
    The second kind is `{name: {name: …}}`, ending in lists of names, in `{key: name}`, or in empty
    values; `{class: cluster}` on one level is a grouping. Leaves are the classes. A name without an
    id that stands at two places is two clusters, or two classes.

    Raises:
        FormatError: not JSON, not such a tree, or nested deeper than 1,000.
    """
    if len(paths) > 1:
        raise FormatError(f"nested-json is one file, got {len(paths)}")
    try:
        content = msgspec.json.decode(read_text(paths[0]))
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{paths[0]} is not JSON ({error})") from error
    return tree_of(content, paths[0])


def tree_of(content: Any, source: object) -> Foreign:
    """The hierarchy in decoded JSON or YAML; see `read_nested_json`.

    Raises:
        FormatError: it holds none.
    """
    tree = _Tree()
    try:
        if grouping := _grouping(content):
            tree.edges = grouping
            told = "a table of class: cluster"
        elif name := children_field(content):
            _objects(tree, content, name)
            told = f"nested objects, children in {name!r}"
            told += ", ids are keys" if tree.by_id else ", names are keys"
        elif isinstance(content, dict | list):
            _mapping(tree, content)
            told = "names that hold names"
        else:
            raise FormatError(f"{source}: expected nested objects or lists, got one value")
    except RecursionError as error:
        raise FormatError(f"{source}: nested deeper than {MAX_DEPTH}") from error
    again = sum(times > 1 for times in tree.times.values())
    if not tree.edges:
        raise FormatError(
            f"{source}: found no node with children; expected {{name, children: […]}} or "
            "{name: {name: …}}"
        )
    if again:
        first = next(name for name, times in tree.times.items() if times > 1)
        told += f", {again} names such as {first!r} stand at several places: a class at each"
    alone = list(tree.keys)  # leaves, of which some may hang below nothing
    return foreign_tree(
        source, tree.edges, names=tree.names, keys=tree.keys, told=told, alone=alone
    )


def children_field(content: Any) -> str | None:
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
    return bool(folded & {*IDS, *NAMES}) or any(isinstance(one, dict) for one in inside)


def _sample(content: Any, most: int = 200) -> Iterator[dict[str, Any]]:
    """The first objects, breadth first."""
    waiting, seen = [content], 0
    for one in waiting:
        if isinstance(one, dict):
            yield one
            seen += 1
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one[:20])
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
            waiting.extend((one, parent, depth) for one in reversed(node))
            continue
        inside = _children(node, children)
        if parent is None and depth == 0 and isinstance(node, dict) and not any(_words(node)):
            # A root without a name, such as the object around the tree.
            waiting.extend((one, None, depth) for one in reversed(inside))
            continue
        key = _node(tree, node, parent, leaf=not inside)
        if parent is not None:
            tree.edges.append((key, parent))
        waiting.extend((one, key, depth + 1) for one in reversed(inside))


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
    if key:
        tree.by_id.add(key)
        if name:
            tree.names[key] = name
        return key
    return _named(tree, name, parent, leaf=leaf)


def _named(tree: _Tree, name: str, parent: str | None, *, leaf: bool) -> str:
    if leaf:
        tree.times[name] = times = tree.times.get(name, 0) + 1
        key = name if times == 1 else f"{name} ({times})"
        node = f"\0{key}"  # no cluster's place: a class may be called as one
        tree.keys[node] = key
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
            for one in value
            for pair in (_pairs(one) if isinstance(one, dict | list) else [(one, None)])
        ]
    return [(value, None)]


def _holds(inside: Any) -> bool:
    return bool(inside) and not isinstance(inside, bool)


def _is_key_to_name(value: dict[str, Any]) -> bool:
    """`{"n02123045": "tabby"}`: a name for each of several keys, not a class below each name."""
    return all(isinstance(one, str) and one for one in value.values())
