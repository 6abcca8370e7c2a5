"""Newick: nested parentheses, the form of trees in biology and of tree viewers."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hierlab.errors import FormatError
from hierlab.formats._files import is_number, only_file, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.formats._tree import line_names, nodes_of
from hierlab.hierarchy.imported import ImportedHierarchy, ImportedLevel
from hierlab.hierarchy.tree_levels import tree_hierarchy
from hierlab.labelmap import LabelMap

__all__ = ["read_newick", "write_newick"]

_SUMMARY = "nested parentheses for tree viewers; leaves by class name"
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[(),;])
      | (?P<comment>\[[^\]]*\])
      | :\s*(?P<length>[-+0-9.eE]+)
      | (?P<word>'(?:[^']|'')*'|[^\s()\[\]':;,]+(?:[ \t]+[^\s()\[\]':;,]+)*)
    )""",
    re.VERBOSE,
)
_TREE = re.compile(r"^\s*u?tree\b[^=]*=(.*?;)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_TAXON = re.compile(r"(\S+)\s+('(?:[^']|'')*'|[^,;\s]+)\s*[,;]")


@register_exporter("newick", _SUMMARY)
def write_newick(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """One tree, one unit of length per level; classes of one name carry their key as well.

    Raises:
        FormatError: the map is not nested.
    Source: Olsen 1990, "Newick's 8:45" tree format; labels quoted, quotes doubled.
    """
    nodes = nodes_of(label_map, "newick")
    names = line_names(nodes)
    children: dict[str | None, list[str]] = {}
    # Finest first: when a cluster comes, all below it is written.
    for node in reversed(nodes):
        inside = ",".join(reversed(children.pop(node.id, []))) if node.level else ""
        label = _quoted(names[node.id])
        text = f"({inside}){label}:1" if inside else f"{label}:1"
        children.setdefault(node.parent, []).append(text)
    top = ",".join(reversed(children[None]))
    return {path: f"({top}){_quoted(label_map.name)};\n".encode()}


def _quoted(name: str) -> str:
    plain = " ".join(name.split())
    return "'" + plain.replace("'", "''") + "'"


@register_importer("newick", _SUMMARY, options=("k",))
def read_newick(paths: Sequence[Path], *, k: Sequence[int] | None = None) -> ImportedHierarchy:
    """Read the tree of a Newick file, or the first tree of a NEXUS file; leaves are the classes.

    Levels are the depths of the tree, or with `k` the tree cut where it first has that many
    clusters: the node nearest to the root by branch length is opened first.

    Args:
        k: increasing numbers of clusters.

    Raises:
        FormatError: not a tree, a leaf without a name, or two of one name.
    """
    path = only_file(paths, "newick")
    text, taxa = _tree_text(read_text(path))
    edges, names, lengths = _parse(path, text)
    inner = {parent for _, parent in edges}
    leaves = [node for node in names if node not in inner]
    if unnamed := sum(not names[node] for node in leaves):
        raise FormatError(f"{path}: {unnamed} of {len(leaves)} leaves have no name")
    shown = {node: taxa.get(name, name) for node, name in names.items()}
    hierarchy = tree_hierarchy(
        path,
        edges,
        classes=leaves,
        names=shown,
        keys={node: shown[node] for node in leaves},
        ordered=True,
        read_as=f"a Newick tree of {len(leaves)} leaves",
    )
    if k is None:
        return hierarchy
    levels, sizes = _opened(path, edges, leaves, lengths, k, shown)
    opened = f"opened from the root to {', '.join(map(str, sizes))} clusters"
    read_as = f"a Newick tree of {len(leaves)} leaves, {opened}"
    return ImportedHierarchy(hierarchy.classes, levels, read_as=read_as)


def _tree_text(text: str) -> tuple[str, dict[str, str]]:
    """The tree, and the names that a NEXUS file gives its numbers."""
    if text.lstrip()[:6].casefold() != "#nexus":
        return text, {}
    tree = _TREE.search(text)
    start = re.search(r"\btranslate\b", text, re.IGNORECASE)
    if tree is None:
        raise FormatError("expected a tree in the NEXUS file, found none")
    body = text[start.end() : text.index(";", start.end()) + 1] if start else ""
    taxa = {number: _unquoted(name) for number, name in _TAXON.findall(body)}
    return tree[1], taxa


def _unquoted(name: str) -> str:
    return name[1:-1].replace("''", "'") if name[:1] == "'" else name.replace("_", " ")


def _tokens(source: object, text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each mark, name and branch length, up to the semicolon."""
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormatError(f"{source}: not Newick at {text[place : place + 40].strip()!r}")
        place = match.end()
        kind = str(match.lastgroup)
        if match[kind] == ";":
            return
        if kind != "comment":
            yield kind, match[kind]


def _parse(
    source: object, text: str
) -> tuple[list[tuple[str, str]], dict[str, str], dict[str, float]]:
    """(child, parent) pairs, names and branch lengths by node, in the order of the text."""
    edges: list[tuple[str, str]] = []
    current = "0"
    names = {current: ""}
    lengths: dict[str, float] = {}
    above: list[str] = []  # nodes whose parentheses are open
    for kind, value in _tokens(source, text):
        if kind == "length":
            if not is_number(value):
                raise FormatError(f"{source}: {value!r} is no branch length")
            lengths[current] = float(value)
        elif kind == "word":
            if names[current]:
                known = names[current]
                raise FormatError(f"{source}: a node has two names, {known!r} and {value!r}")
            names[current] = _unquoted(value)
        elif value == ")" and above:
            current = above.pop()
        else:
            if value == "(":
                above.append(current)
            if not above:
                raise FormatError(f"{source}: a {value!r} outside all parentheses")
            current = str(len(names))
            names[current] = ""
            edges.append((current, above[-1]))
    if above or not edges:
        open_marks = f"{len(above)} parentheses are not closed"
        empty = "expected a tree in parentheses, such as ((a,b),c);"
        raise FormatError(f"{source}: {open_marks if above else empty}")
    return edges, names, lengths


def _opened(
    source: object,
    edges: Sequence[tuple[str, str]],
    classes: Sequence[str],
    lengths: Mapping[str, float],
    counts: Sequence[int],
    names: Mapping[str, str],
) -> tuple[tuple[ImportedLevel, ...], list[int]]:
    """Levels cut into increasing numbers of clusters: the node nearest to its root is opened first.

    A node of many children may lead past a number; the cut then has the first number above it.

    Args:
        lengths: of the branch above each node; 1 where none is given.

    Returns:
        The levels, and their numbers of clusters.
    Raises:
        FormatError: a number that the tree cannot reach, or a number that does not rise.
    """
    children: dict[str, list[str]] = {}
    for child, parent in edges:
        children.setdefault(parent, []).append(child)
    below = {child for child, _ in edges}
    heap = [(0.0, rank, root) for rank, root in enumerate(children) if root not in below]
    heapq.heapify(heap)
    groups = {root for _, _, root in heap}
    rank = len(children)
    levels: list[ImportedLevel] = []
    sizes: list[int] = []
    for count in counts:
        if count > len(classes) or (sizes and count <= sizes[-1]):
            raise FormatError(
                f"{source}: k must rise and be at most the {len(classes)} classes, got {count}"
            )
        while len(groups) < count and heap:
            distance, _, node = heapq.heappop(heap)
            groups.discard(node)
            for child in children[node]:
                groups.add(child)
                if child in children:
                    rank += 1
                    heapq.heappush(heap, (distance + lengths.get(child, 1.0), rank, child))
        levels.append(_grouped(groups, children, classes, names))
        sizes.append(len(groups))
    return tuple(levels), sizes


def _grouped(
    groups: set[str],
    children: Mapping[str, list[str]],
    classes: Sequence[str],
    names: Mapping[str, str],
) -> ImportedLevel:
    """Each class in the group of the node that it lies below."""
    row = {key: place for place, key in enumerate(classes)}
    labels = np.zeros(len(classes), dtype=np.int64)
    titles: dict[int, str] = {}
    for label, group in enumerate(sorted(groups)):
        waiting = [group]
        for node in waiting:
            if node in row:
                labels[row[node]] = label
            waiting.extend(children.get(node, ()))
        if names.get(group):
            titles[label] = names[group]
    return ImportedLevel(labels, None, titles)
