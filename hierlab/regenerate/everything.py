"""Rebuild all that ships, in the order in which one part needs another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hierlab.datasets.shipped_maps import SHIPPED
from hierlab.regenerate.classes import regenerate_classes
from hierlab.regenerate.gallery import write_gallery
from hierlab.regenerate.hierarchies import build_shipped
from hierlab.regenerate.tables import regenerate_tables
from hierlab.regenerate.wordnet import regenerate_wordnet
from hierlab.utils.files import data_path, hierarchies_path

__all__ = ["rebuild"]


def rebuild(
    target: Path | None = None,
    *,
    prototypes: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Path, ...]:
    """Write data/classes, data/wordnet, data/tables and hierarchies/ with its gallery.

    Args:
        target: folder that gets `data` and `hierarchies`; the shipped ones by default.
        prototypes: folder of npz text vectors; without it the tables stay as they are.
        on_progress: called with parts done and in all.

    Raises:
        MissingExtraError, TaxonomyError: a source is not installed; the message says how to get it.
    """
    data = target / "data" if target else data_path()
    hierarchies = target / "hierarchies" if target else hierarchies_path()
    total = len(SHIPPED) + 3
    written = [*regenerate_wordnet(data / "wordnet"), regenerate_classes(data / "classes")]
    on_progress(1, total)
    if prototypes is not None:
        written.extend(regenerate_tables(prototypes, data / "tables"))
    on_progress(2, total)
    maps = build_shipped(hierarchies, lambda done, count: on_progress(2 + done, total))
    written.extend(hierarchies / f"{label_map.name}.json" for label_map in maps)
    written.extend(write_gallery(maps, hierarchies))
    on_progress(total, total)
    return tuple(written)
