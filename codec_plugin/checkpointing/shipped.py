"""Which checkpoints are here, shipped or not, read from their headers alone (no torch)."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from codec_plugin.checkpointing.record import MAX_HEADER_BYTES, read_record
from codec_plugin.errors import CheckpointError
from hierlab.errors import HierlabError
from hierlab.labelmap import MAX_BYTES, load_label_map
from hierlab.utils.files import hierarchies_path, read_bounded

__all__ = [
    "CHECKPOINTS",
    "ShippedRecord",
    "find_label_map",
    "find_model",
    "map_beside",
    "record_of",
    "shipped_checkpoints",
    "shipped_records",
]

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
_MOST_FILES = 200


class ShippedRecord(NamedTuple):
    """What a shipped checkpoint says of itself; enough to name it."""

    name: str
    model_id: str
    label_map_name: str
    level_names: tuple[str, ...]
    level_ends: tuple[int, ...]


def shipped_checkpoints() -> tuple[str, ...]:
    """Names that `Codec.load` finds without a path."""
    return tuple(sorted(path.stem for path in CHECKPOINTS.glob("*.safetensors")))


def shipped_records() -> tuple[ShippedRecord, ...]:
    """One record a shipped checkpoint; unreadable files are left out."""
    records = (record_of(CHECKPOINTS / f"{name}.safetensors") for name in shipped_checkpoints())
    return tuple(record for record in records if record is not None)


def record_of(path: Path) -> ShippedRecord | None:
    """What a checkpoint file says of itself, by its header alone; None for any other file."""
    try:
        with path.open("rb") as stream:
            record = read_record(stream.read(MAX_HEADER_BYTES + 8))
    except (OSError, CheckpointError):
        return None
    meta = record.meta
    return ShippedRecord(
        path.stem, record.model_id, meta.label_map_name, meta.level_names, meta.level_ends
    )


def find_model(model_id: str, near: Path) -> str:
    """Where a model is: a shipped name, or a file beside `near`, here, or in a run below `runs`.

    Args:
        model_id: hex digits, all or the first few.
        near: the file that asks for it.
    Returns:
        What `--checkpoint` takes; "" if it is not to be found.
    """
    for record in shipped_records():
        if record.model_id.startswith(model_id):
            return record.name
    places = (near.parent.glob("*.safetensors"), Path().glob("*.safetensors"))
    runs = Path("runs").glob("*/*.safetensors")
    for path in islice(chain(*places, runs), _MOST_FILES):
        record_there = record_of(path)
        if record_there is not None and record_there.model_id.startswith(model_id):
            return str(path)
    return ""


def find_label_map(label_map_id: str, near: Path) -> str:
    """Where a label map is: a shipped name, or a file beside `near`, here, or in a run of `runs`.

    Args:
        label_map_id: hex digits, all or the first few.
        near: the file that asks for it.
    Returns:
        What `load_label_map` takes; "" if it is not to be found.
    """
    for path in sorted(hierarchies_path().glob("*.json")):
        if _label_map_id(path).startswith(label_map_id):
            return path.stem
    places = (near.parent.glob("*.json"), Path().glob("*.json"), Path("runs").glob("*/*.json"))
    for path in islice(chain(*places), _MOST_FILES):
        if _label_map_id(path).startswith(label_map_id):
            return str(path)
    return ""


def _label_map_id(path: Path) -> str:
    """The id that a label map file names; "" for any other file. Its reader checks the rest."""
    try:
        content = msgspec.json.decode(read_bounded(path, MAX_BYTES), type=dict[str, msgspec.Raw])
        return str(msgspec.json.decode(content["id"], type=str))
    except (HierlabError, OSError, KeyError, msgspec.DecodeError, UnicodeDecodeError):
        return ""


def map_beside(checkpoint: Path, label_map_id: str) -> str:
    """The label map that a training left beside its checkpoint: its path, or "".

    Only the map that the checkpoint was trained for counts.
    """
    path = checkpoint.with_name("hierarchy.json")
    if not label_map_id or not path.is_file():
        return ""
    try:
        return str(path) if load_label_map(path).id == label_map_id else ""
    except (HierlabError, OSError):
        return ""
