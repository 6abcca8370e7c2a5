"""Where prototypes come from: an array, an npz file, a shipped table, the cache, or an encoder."""

from __future__ import annotations

from pathlib import Path

from numpy.typing import ArrayLike

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.embed import cached_prototypes, embed
from hierlab.embeddings.model_spec import parse_variant
from hierlab.embeddings.prototypes import Prototypes, fitting, load_prototypes, prototypes_of
from hierlab.embeddings.similarity_table import (
    TableHeader,
    find_table,
    no_such_table,
    read_table,
    table_path,
)
from hierlab.errors import HierlabError, PrototypeError
from hierlab.labelmap import LabelMap

__all__ = ["prototypes_behind", "resolve"]


def resolve(wanted: str | Path | ArrayLike, classes: ClassList, source: str = "auto") -> Prototypes:
    """Find the prototypes of `classes`: an npz file, a shipped table, or a text encoder here.

    Args:
        wanted: path of an npz file, a variant `MODEL[:PRETRAINED][@PROMPTS]`, or a (C, D) array.
        classes: the rows that are needed, in order.
        source: `table`, `weights`, or `auto`: the table if there is one, else the weights.

    Raises:
        PrototypeError: unknown source, a file of other classes or another order, or nothing here
            can make them; the message says what can be had.
    """
    if not isinstance(wanted, str | Path):
        return prototypes_of(wanted, classes)
    if source not in ("table", "weights", "auto"):
        raise PrototypeError(f"expected source table, weights or auto, got {source!r}")
    if isinstance(wanted, Path) or wanted.endswith(".npz") or Path(wanted).is_file():
        return fitting(load_prototypes(wanted), classes, str(wanted))
    variant = parse_variant(wanted)
    header = None if source == "weights" else find_table(variant)
    if header is not None:
        rows = _rows_of(header, classes)
        if rows is not None:
            vectors = read_table(table_path(header.parts)).vectors[rows]
            names = (header.model, header.pretrained, header.prompts, header.source)
            return Prototypes(vectors, classes, *names, "table", header.sha256)
        if source == "table":
            raise PrototypeError(
                f"the table of {header.variant} is of {header.class_set} ({header.count} classes), "
                f"not of these {len(classes)}; embed them with `hierlab embed`, or use --from "
                "weights"
            )
    elif source == "table":
        raise no_such_table(variant)
    return embed(variant, classes)


def _rows_of(header: TableHeader, classes: ClassList) -> list[int] | None:
    """Rows of a table for any part of its classes, in any order; none where it lacks one."""
    if header.class_hash == classes.hash:
        return list(range(header.count))
    places = load_classes(header.class_set).index
    rows = [places.get(key, -1) for key in classes.ids]
    return None if -1 in rows else rows


def prototypes_behind(label_map: LabelMap) -> Prototypes | None:
    """The vectors that a map was built from, where its provenance leads to them: nothing is made.

    They are a shipped table's, or what embedding left in the cache; other vectors under the same
    name are not taken for them.
    """
    origin = label_map.provenance.get("source")
    variant = origin.get("variant") if isinstance(origin, dict) else None
    if not isinstance(origin, dict) or not isinstance(variant, str):
        return None
    wanted = f"{variant}@{origin['prompts']}" if origin.get("prompts") else variant
    try:
        prototypes = (
            resolve(wanted, label_map.classes, source="table")
            if origin.get("kind") == "table"
            else cached_prototypes(wanted, label_map.classes)
        )
    except HierlabError:
        return None
    same = prototypes is not None and prototypes.digest == origin.get("sha256")
    return prototypes if same else None
