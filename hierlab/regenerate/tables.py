"""data/tables: similarity tables from a folder of text vectors, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hierlab.embeddings.model_spec import Variant
from hierlab.embeddings.prototypes import load_prototypes
from hierlab.embeddings.similarity_table import encode_table, table_name
from hierlab.errors import PrototypeError
from hierlab.utils.files import data_path, write_atomic

__all__ = ["regenerate_tables"]

MADE = (
    "cosines of the text vectors in float64, upper triangle by rows, as whole steps of "
    "(high - low) / (2^24 - 1) above low; high, middle and low bytes follow one another"
)
_SHORT_NAMES = {"cname": "name"}


def regenerate_tables(
    prototypes: str | Path,
    target: str | Path | None = None,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Path, ...]:
    """Write one table per npz file `MODEL.PRETRAINED.PROMPTS.npz` of a folder.

    Args:
        prototypes: folder of npz files of text vectors of one class list.
        target: folder to write to; the shipped `data/tables` by default.
        on_progress: called with the files done and their number.

    Raises:
        PrototypeError: no file there, a name of another form, or vectors of unknown classes.
    """
    files = sorted(Path(prototypes).glob("*.npz"))
    if not files:
        raise PrototypeError(f"{prototypes}: expected npz files of text vectors, found none")
    written = []
    for done, path in enumerate(files):
        on_progress(done, len(files))
        variant = _variant(path)
        content = encode_table(*_table_parts(path, variant))
        written.append(
            write_atomic(Path(target or data_path("tables")) / table_name(variant), content)
        )
    on_progress(len(files), len(files))
    return tuple(written)


def _variant(path: Path) -> Variant:
    parts = path.stem.split(".")
    if len(parts) != 3 or not all(parts):
        raise PrototypeError(f"{path}: expected a file name MODEL.PRETRAINED.PROMPTS.npz")
    model, pretrained, prompts = parts
    return Variant(model, pretrained, _SHORT_NAMES.get(prompts, prompts))


def _table_parts(path: Path, variant: Variant) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Vectors of one file and the texts of its header."""
    prototypes = load_prototypes(path)
    if prototypes.classes is None:
        raise PrototypeError(f"{path}: the file does not say which classes its rows are")
    with np.load(path, allow_pickle=False) as fields:
        licence = str(fields["licence"]) if "licence" in fields.files else "not stated"
        raw = fields["vectors"].astype(np.float64)
    return raw, {
        "model": variant.model,
        "pretrained": str(variant.pretrained),
        "prompts": str(variant.prompts),
        "prompts_told": prototypes.prompts,
        "pretrained_told": prototypes.pretrained,
        "class_set": prototypes.classes.set,
        "class_hash": prototypes.classes.hash,
        "source": prototypes.source,
        "licence": licence,
        "made": MADE,
    }
