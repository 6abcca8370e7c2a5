"""Which checkpoints are here, shipped or not, read from their headers alone (no torch)."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from codec_plugin.checkpointing.record import MAX_HEADER_BYTES, read_record
from codec_plugin.errors import CheckpointError

__all__ = [
    "CHECKPOINTS",
    "ShippedRecord",
    "find_model",
    "find_record",
    "record_of",
    "shipped_checkpoints",
    "shipped_records",
]

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
MOST_FILES = 200


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
    """Where a model is: what `--checkpoint` takes, "" if it is not to be found (`find_record`)."""
    found = find_record(model_id, near)
    return found[0] if found else ""


def find_record(model_id: str, near: Path) -> tuple[str, ShippedRecord] | None:
    """A model's place, and what it says of itself.

    Args:
        model_id: hex digits, all or the first few.
        near: the file that asks for it.
    Returns:
        A shipped name, or a file beside `near`, here, or in a run below `runs`, and its record;
        none if it is not to be found.
    """
    for record in shipped_records():
        if record.model_id.startswith(model_id):
            return record.name, record
    places = (near.parent.glob("*.safetensors"), Path().glob("*.safetensors"))
    runs = Path("runs").glob("*/*.safetensors")
    for path in islice(chain(*places, runs), MOST_FILES):
        record_there = record_of(path)
        if record_there is not None and record_there.model_id.startswith(model_id):
            return str(path), record_there
    return None
