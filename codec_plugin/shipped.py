"""Which checkpoints come with the package, read from their headers alone (no torch)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

__all__ = ["CHECKPOINTS", "ShippedRecord", "shipped_checkpoints", "shipped_records"]

CHECKPOINTS = Path(__file__).resolve().parent / "checkpoints"
_MAX_HEADER_BYTES = 1 << 22


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
    records = []
    for name in shipped_checkpoints():
        with (CHECKPOINTS / f"{name}.safetensors").open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            text = stream.read(min(length, _MAX_HEADER_BYTES))
        try:
            record = json.loads(json.loads(text)["__metadata__"]["c2f"])
            meta = record["meta"]
            levels = tuple(str(level) for level in meta["level_names"])
            ends = tuple(int(end) for end in meta.get("level_blocks", range(len(levels))))
            model_id, label_map = str(record["model_id"]), str(meta["label_map_name"])
            records.append(ShippedRecord(name, model_id, label_map, levels, ends))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(records)
