"""Newick: nested parentheses, the form of trees in biology and of tree viewers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text, register_exporter, register_importer
from hierlab.formats._tree import nodes_of, require_nested
from hierlab.hierarchy.imported import Foreign
from hierlab.hierarchy.tree_levels import foreign_tree, opened
from hierlab.labelmap import LabelMap

__all__ = ["read_newick", "write_newick"]

_SUMMARY = "nested parentheses for tree viewers; leaves by class name"
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[(),;])
      | (?P<comment>\[[^\]]*\])
      | '(?P<quoted>(?:[^']|'')*)'
      | :\s*(?P<length>[-+0-9.eE]+)
      | (?P<word>[^\s()\[\]':;,]+(?:[ \t]+[^\s()\[\]':;,]+)*)
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
    require_nested(label_map, "newick")
    nodes = nodes_of(label_map)
    children: dict[str | None, list[str]] = {}
    times = Counter(node.name for node in nodes if node.level is None)
    # Finest first: when a cluster's turn comes, all below it is written.
    for node in reversed(nodes):
        inside = ",".join(reversed(children.pop(node.id, []))) if node.level else ""
        alone = node.level is not None or times[node.name] == 1
        label = _quoted(node.name if alone else f"{node.name} {node.id}")
        text = f"({inside}){label}:1" if inside else f"{label}:1"
        children.setdefault(node.parent, []).append(text)
    top = ",".join(reversed(children[None]))
    return {path: f"({top}){_quoted(label_map.name)};\n".encode()}


def _quoted(name: str) -> str:
    plain = " ".join(name.split())
    return "'" + plain.replace("'", "''") + "'"


@register_importer("newick", _SUMMARY, options=("k",))
def read_newick(paths: Sequence[Path], *, k: Sequence[int] | None = None) -> Foreign:
    """Read the tree of a Newick file, or the first tree of a NEXUS file; leaves are the classes.

    Levels are the depths of the tree, or with `k` the tree cut where it first has that many
    clusters: the node nearest to the root by branch length is opened first.

    Args:
        k: rising numbers of clusters.

    Raises:
        FormatError: not a tree, a leaf without a name, or two of one name.
    """
    if len(paths) > 1:
        raise FormatError(f"newick is one file, got {len(paths)}")
    text, taxa = _tree_text(read_text(paths[0]))
    edges, names, lengths = _parse(paths[0], text)
    inner = {parent for _, parent in edges}
    leaves = [node for node in names if node not in inner]
    if unnamed := sum(not names[node] for node in leaves):
        raise FormatError(f"{paths[0]}: {unnamed} of {len(leaves)} leaves have no name")
    shown = {node: taxa.get(name, name) for node, name in names.items()}
    keys = {node: shown[node] for node in leaves}
    told = f"a Newick tree of {len(leaves)} leaves"
    if k is None:
        return foreign_tree(
            paths[0], edges, classes=leaves, names=shown, keys=keys, ordered=True, told=told
        )
    levels, sizes = opened(paths[0], edges, leaves, lengths, k, shown)
    told += f", opened from the root to {', '.join(map(str, sizes))} clusters"
    plain = foreign_tree(paths[0], edges, classes=leaves, names=shown, keys=keys, ordered=True)
    return Foreign(plain.classes, levels, True, told)


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
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormatError(f"{source}: not Newick at {text[place : place + 40].strip()!r}")
        place = match.end()
        kind = str(match.lastgroup)
        if kind != "comment":
            yield kind, match[kind]
            if match[kind] == ";" and kind == "mark":
                return


def _parse(
    source: object, text: str
) -> tuple[list[tuple[str, str]], dict[str, str], dict[str, float]]:
    """(child, parent) pairs, names and branch lengths by node, in the order of the text."""
    parent_of: dict[int, int] = {}
    names: dict[int, str] = {0: ""}
    lengths: dict[int, float] = {}
    above: list[int] = []  # nodes whose parentheses are open
    current = 0
    for kind, value in _tokens(source, text):
        if kind == "mark":
            if value == ";":
                break
            current = _step(source, value, current, above, parent_of, names)
        elif kind == "length":
            lengths[current] = _length(source, value)
        elif names[current]:
            raise FormatError(f"{source}: a node has two names, {names[current]!r} and {value!r}")
        else:
            plain = value.replace("''", "'") if kind == "quoted" else value.replace("_", " ")
            names[current] = plain
    if above:
        raise FormatError(f"{source}: {len(above)} parentheses are not closed")
    if not parent_of:
        raise FormatError(f"{source}: expected a tree in parentheses, such as ((a,b),c);")
    return (
        [(str(child), str(parent)) for child, parent in parent_of.items()],
        {str(node): name for node, name in names.items()},
        {str(node): length for node, length in lengths.items()},
    )


def _step(
    source: object,
    mark: str,
    current: int,
    above: list[int],
    parent_of: dict[int, int],
    names: dict[int, str],
) -> int:
    """The node that comes after a parenthesis or a comma."""
    if mark == "(":
        above.append(current)
    elif not above:
        raise FormatError(f"{source}: a {mark!r} outside all parentheses")
    elif mark == ")":
        return above.pop()
    node = len(names)
    parent_of[node], names[node] = above[-1], ""
    return node


def _length(source: object, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise FormatError(f"{source}: {text!r} is no branch length") from None
