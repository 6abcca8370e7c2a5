"""Prototypes: one unit vector per class, from a file, a shipped table or a text encoder."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.classes import MAX_CLASSES, ClassList, folded, numbered
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.model_spec import Variant
from hierlab.errors import ClassListError, PrototypeError
from hierlab.utils.files import read_bounded, write_atomic

__all__ = [
    "Prototypes",
    "Source",
    "fitting",
    "load_prototypes",
    "prototypes_of",
    "save_prototypes",
]

Source: TypeAlias = Literal["table", "weights", "auto"]

MAX_BYTES = 4 * 2**30
_NAME_FIELDS = ("names", "classnames")
_TEXT_FIELDS = ("model", "pretrained", "prompts", "source")


@dataclass(frozen=True, eq=False)
class Prototypes:
    """One unit text vector per class.

    Args:
        vectors: (C, D) float64 unit rows.
        classes: what the rows stand for, or None where the file does not say.
        model: name of the text encoder, empty if unknown.
        pretrained: tag of its weights.
        prompts: the prompts, by short name or in the words of their source.
        source: where the vectors come from.
        kind: `prototypes` (a file), `array`, `table` or `weights`.
        table_sha256: of the table that the vectors were recovered from, if any.
        sha256: of the table's numbers, where they come from one.
    """

    vectors: NDArray[np.float64]
    classes: ClassList | None
    model: str = ""
    pretrained: str = ""
    prompts: str = ""
    source: str = ""
    kind: str = "prototypes"
    sha256: str = ""

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of the SHA-256 of the table's numbers, or of the vectors as float32.

        Vectors recovered from a table differ in their last bits between machines, its numbers do
        not.
        """
        if self.sha256:
            return self.sha256[:16]
        content = np.ascontiguousarray(self.vectors, dtype="<f4").tobytes()
        return hashlib.sha256(content).hexdigest()[:16]

    @property
    def origin(self) -> dict[str, Any]:
        """What a label map's provenance says of them; no path."""
        facts = {"model": self.model, "pretrained": self.pretrained, "prompts": self.prompts}
        known = {key: value for key, value in facts.items() if value}
        if self.model:
            known["variant"] = str(Variant(self.model, self.pretrained or None))
        return {"kind": self.kind, "sha256": self.digest, "source": self.source, **known}


def load_prototypes(path: str | Path) -> Prototypes:
    """Read an npz file: `vectors` (C, D), and where known `ids`, `names` or `classnames`, texts.

    Rows are scaled to unit length in float64.

    Raises:
        PrototypeError: not such a file, larger than 4 GiB, not two-dimensional, more than 10^6
            rows, NaN or infinite values, a zero row, or names that do not fit the rows.
    """
    fields = _read_fields(Path(path))
    if "vectors" not in fields:
        raise PrototypeError(
            f"{path}: expected an array `vectors` (classes, dimensions), got "
            f"{', '.join(sorted(fields)) or 'nothing'}"
        )
    vectors = _unit(fields["vectors"], str(path))
    texts = {key: _text(fields.get(key)) for key in _TEXT_FIELDS}
    return Prototypes(vectors, _classes(fields, len(vectors), str(path)), **texts)


def prototypes_of(vectors: ArrayLike, classes: ClassList) -> Prototypes:
    """Prototypes from an array, one row a class, scaled to unit length.

    Args:
        vectors: (C, D) numbers.
        classes: the C classes.

    Raises:
        PrototypeError: not such an array, not a row per class, or rows that have no angle.
    """
    try:
        unit = _unit(np.asarray(vectors), "prototypes")
    except (TypeError, ValueError) as error:
        raise PrototypeError(f"expected an array of numbers as prototypes ({error})") from error
    return fitting(Prototypes(unit, None, kind="array"), classes, "prototypes")


def _read_fields(path: Path) -> dict[str, NDArray[Any]]:
    content = io.BytesIO(read_bounded(path, MAX_BYTES))
    try:
        with zipfile.ZipFile(content) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise PrototypeError(f"{path}: unpacks to {unpacked} bytes; at most 4 GiB are read")
        with np.load(content, allow_pickle=False) as loaded:
            return {key: loaded[key] for key in loaded.files}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise PrototypeError(f"{path}: not an npz file of plain arrays ({error})") from error


def _unit(raw: NDArray[Any], path: str) -> NDArray[np.float64]:
    if raw.ndim != 2 or raw.shape[1] == 0 or not 1 <= len(raw) <= MAX_CLASSES:
        raise PrototypeError(
            f"{path}: expected vectors of shape (classes, dimensions), got {raw.shape}"
        )
    if raw.dtype.kind not in "fiu":
        raise PrototypeError(f"{path}: expected numbers, got vectors of type {raw.dtype}")
    vectors = raw.astype(np.float64)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise PrototypeError(
            f"{path}: row {int(np.argmin(finite))} holds NaN or infinite values; "
            "make the prototypes anew"
        )
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if norms.min() == 0:
        raise PrototypeError(f"{path}: row {int(np.argmin(norms))} is all zeros, so has no angle")
    return np.asarray(vectors / norms)


def _text(value: NDArray[Any] | None) -> str:
    return "" if value is None else str(value)[:1000]


def _classes(fields: dict[str, NDArray[Any]], count: int, path: str) -> ClassList | None:
    names = next((fields[key] for key in _NAME_FIELDS if key in fields), None)
    ids = fields.get("ids")
    for found in (names, ids):
        if found is not None and found.shape != (count,):
            raise PrototypeError(
                f"{path}: {count} vectors, but names of shape {found.shape}; one each is needed"
            )
    if names is None and ids is None:
        return None
    shown = [str(name) for name in (names if names is not None else ids)]  # type: ignore[union-attr]
    if ids is None:
        return _by_name(shown)
    try:
        set_name = _text(fields.get("class_set")) or "custom"
        given = fields.get("synsets")
        synsets = () if given is None else tuple(str(one) or None for one in given)
        return ClassList(set_name, tuple(map(str, ids)), tuple(shown), synsets=synsets)
    except ClassListError as error:
        raise PrototypeError(f"{path}: {error}") from error


def _by_name(names: list[str]) -> ClassList:
    """Classes known by name only: ImageNet-1K's if they are its names, else a list of their own."""
    known = load_classes("imagenet-1k")
    if len(names) == len(known) and not _strangers(names, known):
        return known
    keys, _ = numbered(names, [True] * len(names))
    return ClassList("custom", tuple(keys), tuple(names))


def _strangers(names: list[str], classes: ClassList) -> list[int]:
    """Rows whose name is neither name, key nor alias of the class at the same place."""
    aliases = classes.aliases or ((),) * len(classes)
    rows = zip(names, classes.ids, classes.names, aliases, strict=True)
    return [
        row
        for row, (name, key, usual, others) in enumerate(rows)
        if folded(name) not in {folded(word) for word in (key, usual, *others)}
    ]


def save_prototypes(prototypes: Prototypes, path: str | Path) -> Path:
    """Write prototypes as npz (float32), the same bytes for the same content."""
    arrays: dict[str, Any] = {"vectors": prototypes.vectors.astype(np.float32)}
    if prototypes.classes is not None:
        arrays["ids"] = np.array(prototypes.classes.ids)
        arrays["names"] = np.array(prototypes.classes.names)
        arrays["class_set"] = np.array(prototypes.classes.set)
        if prototypes.classes.synsets:
            arrays["synsets"] = np.array([synset or "" for synset in prototypes.classes.synsets])
    arrays |= {key: np.array(getattr(prototypes, key)) for key in _TEXT_FIELDS}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return write_atomic(path, content.getvalue())


def fitting(prototypes: Prototypes, classes: ClassList, path: str) -> Prototypes:
    """Check rows against the classes that are needed."""
    if len(prototypes.vectors) != len(classes):
        raise PrototypeError(
            f"{path}: {len(prototypes.vectors)} vectors for {len(classes)} classes; "
            "one per class, in the same order, is needed"
        )
    own = prototypes.classes
    if own is not None and own.ids != classes.ids:
        differing = _strangers(list(own.names), classes)
        if own.set == classes.set and own.set != "custom":
            differing = [i for i, key in enumerate(own.ids) if key != classes.ids[i]]
        if differing:
            row = differing[0]
            raise PrototypeError(
                f"{path}: row {row} is {own.names[row]!r} where {classes.names[row]!r} is "
                f"expected ({len(differing)} rows differ); put the rows in the order of the classes"
            )
    return replace(prototypes, classes=classes)
