"""The label map: which class belongs to which cluster, at every level, as one JSON file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.classes import ClassList
from hierlab.errors import FormatError, LabelMapError
from hierlab.hierarchy import arrays
from hierlab.hierarchy.graph import graph_from, hierarchy_from
from hierlab.hierarchy.imported import assemble
from hierlab.hierarchy.label_map_file import (
    FORMAT,
    VERSION,
    classes_of,
    decode_file,
    encode_file,
    label_map_schema,
    levels_of,
)
from hierlab.hierarchy.level import (
    MAX_LEVELS,
    Cluster,
    Level,
    canonical_labels,
    check_level,
)
from hierlab.utils.files import hierarchies_path, read_bounded, write_atomic

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

__all__ = [
    "Cluster",
    "LabelMap",
    "Level",
    "canonical_labels",
    "label_map_schema",
    "load_label_map",
    "loads_label_map",
]

MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A class hierarchy: levels from coarse to fine over one class list.

        classes ──► builder ──► LabelMap ──► JSON file ──► measures, plots, export, codec

    Maps are equal where their `id` is: class keys, level names and labels count, names of maps and
    clusters and the provenance do not.

    Raises:
        LabelMapError: levels that no file may hold; `LabelMap.from_labels` makes them of arrays.
    Source: label map v1, docs/label-map.md.
    """

    name: str
    classes: ClassList
    levels: tuple[Level, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_labels(
        cls,
        classes: ClassList | Sequence[str] | str | Path,
        levels: Mapping[str, ArrayLike],
        name: str = "labels",
    ) -> LabelMap:
        """Make a map of one array of labels per level.

        Args:
            classes: a class list, C names or keys, or what `load_classes` reads.
            levels: name of each level, and its (C,) labels: any whole numbers, or the names of the
                clusters. Levels are put in order by their numbers of clusters.
            name: of the map.

        Raises:
            LabelMapError: no level, not one label per class, or two levels of one size.
            ClassListError: not a class list.
        """
        return cls(*arrays.from_labels(classes, levels, name))

    @classmethod
    def from_networkx(
        cls,
        graph: nx.DiGraph[Any],
        *,
        name: str | None = None,
        parent_first: bool | None = None,
        identity: bool = False,
    ) -> LabelMap:
        """Make a map of a directed graph: nodes without children are the classes.

        A node's attribute `label`, `name` or `title` is its name; levels are the depths of the
        tree. A node with several parents goes with the one farthest from a root.

        Args:
            graph: with edges from parent to child, or from child to parent.
            name: of the map; the graph's own if not given.
            parent_first: whether edges go from parent to child; found out if not given.
            identity: end with a level in which each class stands alone.

        Raises:
            FormatError: no direction, no edge, or a cycle.
        """
        imported = hierarchy_from(graph, "graph", parent_first=parent_first)
        title = name or str(graph.graph.get("name") or "graph")
        return cls(*assemble(imported, name=title, format="networkx", identity=identity))

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, LabelMap) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __iter__(self) -> Iterator[Level]:
        return iter(self.levels)

    @cached_property
    def nested(self) -> bool:
        """Whether every cluster lies inside one cluster of the level above."""
        pairs = pairwise(self.levels)
        return all(_refines(fine.labels, coarse.labels, fine.k) for coarse, fine in pairs)

    @cached_property
    def id(self) -> str:
        """SHA-256 over what a user of the map depends on: class keys, level names and labels.

        Cluster names and provenance may change (a new tool version) without a new identity.
        """
        digest = hashlib.sha256()
        digest.update(f"{FORMAT}/{VERSION}\n{len(self.classes)}\n".encode())
        for key in self.classes.ids:
            digest.update(msgspec.json.encode(key) + b"\n")
        for level in self.levels:
            digest.update(msgspec.json.encode(level.name) + b"\n")
            digest.update(np.ascontiguousarray(level.labels, dtype="<i4").tobytes())
        return digest.hexdigest()

    def level(self, which: str | int) -> Level:
        """Return a level by name, or by number counted from the coarsest (0).

        Raises:
            LabelMapError: there is no such level.
        """
        for number, level in enumerate(self.levels):
            if which in (level.name, number):
                return level
        names = ", ".join(level.name for level in self.levels)
        raise LabelMapError("levels", f"no level {which!r}; this map has {names}")

    def encode(self) -> bytes:
        """Canonical JSON: sorted keys, UTF-8, no spaces, a final newline.

        Raises:
            LabelMapError: the provenance holds what JSON cannot.
        """
        return encode_file(
            self.name,
            self.classes,
            self.levels,
            id=self.id,
            nested=self.nested,
            provenance=self.provenance,
        )

    def save(self, path: str | Path) -> Path:
        """Write the canonical JSON, whole or not at all."""
        return write_atomic(path, self.encode())

    def to_frame(self, *, names: bool = True) -> pd.DataFrame:
        """A row per class, by key: its `name`, and a column per level, coarse to fine.

        Args:
            names: whether columns hold cluster names; else cluster numbers (int64).
        """
        return arrays.to_frame(self.classes, self.levels, names=names)

    def to_networkx(self) -> nx.DiGraph[Any]:
        """A directed graph from clusters (`level/number`) to classes (`class/key`).

        Nodes have `label`, `kind` (cluster or class), `level`, `size` and `key`; an edge has
        `classes`, how many its ends share. Holds maps that are not nested too.
        """
        return graph_from(self.classes, self.levels, name=self.name, id=self.id)

    def to_linkage(self) -> NDArray[np.float64]:
        """(C - 1, 4) linkage matrix as of `scipy.cluster.hierarchy`; leaves in class order.

        Heights count levels: clusters of the finest level that holds several classes are united at
        1, and all together one above the coarsest. Within one height the order of merges says
        nothing: classes are united in class order.

        Raises:
            FormatError: the map is not nested.
        """
        if not self.nested:
            raise FormatError(
                f"a linkage matrix holds trees, and {self.name!r} is not nested; "
                "build with a nested method"
            )
        return arrays.to_linkage(self.levels, len(self.classes))

    def renamed(self, name: str) -> LabelMap:
        """Return the same map under another name."""
        return replace(self, name=name)


def _refines(fine: NDArray[np.int32], coarse: NDArray[np.int32], k: int) -> bool:
    parent = np.zeros(k, dtype=np.int32)
    parent[fine] = coarse
    return bool(np.array_equal(parent[fine], coarse))


def load_label_map(path: str | Path) -> LabelMap:
    """Read a label map v1 file, or a shipped map by its name.

    Raises:
        LabelMapError: the file is not a sound label map; the message names the field.
        HierlabError: the file cannot be read or is larger than 64 MiB.
    """
    source = Path(path)
    shipped = hierarchies_path(f"{path}.json")
    if not source.exists() and len(source.parts) == 1 and shipped.is_file():
        source = shipped
    return loads_label_map(read_bounded(source, MAX_BYTES), source=str(path))


def loads_label_map(content: bytes | str, *, source: str = "label map") -> LabelMap:
    """Read label map v1 from JSON text; strict.

    Raises:
        LabelMapError: unknown version, wrong type, label out of range, empty cluster, wrong
            count, `nested` or `id` untrue; the message names the field.
    """
    file = decode_file(content, source)
    label_map = LabelMap(file.name, classes_of(file), levels_of(file), file.provenance)
    if file.nested != label_map.nested:
        raise LabelMapError("nested", f"says {file.nested}, the labels say {label_map.nested}")
    if file.id != label_map.id:
        raise LabelMapError(
            "id", f"expected {label_map.id[:16]}… from the labels, got {file.id[:16]!r}"
        )
    return label_map


def _check(label_map: LabelMap) -> None:
    """Refuse what the reader of files would refuse."""
    levels = label_map.levels
    if not 1 <= len(levels) <= MAX_LEVELS:
        raise LabelMapError("levels", f"expected 1 to {MAX_LEVELS} levels, got {len(levels)}")
    for number, level in enumerate(levels):
        check_level(level, f"levels[{number}]", label_map.classes)
    names = [level.name for level in levels]
    if len(set(names)) != len(names):
        raise LabelMapError("levels", f"level names must differ, got {', '.join(names)}")
    sizes = [level.k for level in levels]
    if any(fine <= coarse for coarse, fine in pairwise(sizes)):
        raise LabelMapError(
            "levels", f"clusters must grow in number from coarse to fine, got {sizes}"
        )
