"""Where prototypes come from: an npz file, a shipped table, the cache, or a text encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.embed import embed, kept_prototypes
from hierlab.embeddings.model_spec import parse_variant
from hierlab.embeddings.prototypes import Prototypes, fitting, load_prototypes
from hierlab.embeddings.similarity_table import (
    SimilarityTable,
    TableHeader,
    find_table,
    load_table,
)
from hierlab.errors import HierlabError, PrototypeError

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap

__all__ = ["prototypes_behind", "resolve"]


def resolve(wanted: str | Path, classes: ClassList, source: str = "auto") -> Prototypes:
    """Find the prototypes of `classes`: an npz file, a shipped table, or a text encoder here.

    Args:
        wanted: path of an npz file, or a variant `MODEL[:PRETRAINED][@PROMPTS]`.
        classes: the rows that are needed, in order.
        source: `table`, `weights`, or `auto`: the table if there is one, else the weights.

    Raises:
        PrototypeError: unknown source, a file of other classes or another order, or nothing here
            can make them; the message says what can be had.
    """
    if source not in ("table", "weights", "auto"):
        raise PrototypeError(f"expected source table, weights or auto, got {source!r}")
    if isinstance(wanted, Path) or str(wanted).endswith(".npz") or Path(wanted).is_file():
        return fitting(load_prototypes(wanted), classes, str(wanted))
    variant = parse_variant(wanted)
    header = find_table(variant)
    rows = None if header is None else _rows_of(header, classes)
    if header is not None and (source == "table" or (source == "auto" and rows is not None)):
        if rows is None:
            raise PrototypeError(
                f"the table of {header.variant} is of {header.class_set} ({header.count} classes), "
                f"not of these {len(classes)}; embed them with `hierlab embed`, or use --from "
                "weights"
            )
        return _from_table(load_table(header.parts), classes, rows)
    if source == "table":
        load_table(variant)  # says which there are
    return embed(variant, classes)


def _rows_of(header: TableHeader, classes: ClassList) -> list[int] | None:
    """Rows of a table for any part of its classes, in any order; none where it lacks one."""
    if header.class_hash == classes.hash:
        return list(range(header.count))
    places = {key: row for row, key in enumerate(load_classes(header.class_set).ids)}
    rows = [places.get(key, -1) for key in classes.ids]
    return None if -1 in rows else rows


def _from_table(table: SimilarityTable, classes: ClassList, rows: list[int]) -> Prototypes:
    header = table.header
    return Prototypes(
        table.vectors[rows],
        classes,
        header.model,
        header.pretrained,
        header.prompts,
        header.source,
        "table",
        header.sha256,
    )


def prototypes_behind(label_map: LabelMap) -> Prototypes | None:
    """The vectors that a map was built from, where its provenance leads to them: nothing is made.

    They are a shipped table's, or what embedding left in the cache; other vectors under the same
    name are not taken for them.
    """
    told = label_map.provenance.get("source")
    variant = told.get("variant") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(variant, str):
        return None
    wanted = f"{variant}@{told['prompts']}" if told.get("prompts") else variant
    try:
        if told.get("kind") == "table":
            found: Prototypes | None = resolve(wanted, label_map.classes, source="table")
        else:
            found = kept_prototypes(wanted, label_map.classes)
    except HierlabError:
        return None
    return found if found is not None and found.digest == told.get("sha256") else None
