"""What a checkpoint says of itself: the JSON in the metadata of its safetensors file."""

from __future__ import annotations

import json
from itertools import pairwise

import msgspec

from codec_plugin.config import ModelConfig
from codec_plugin.errors import CheckpointError, ConfigError

__all__ = [
    "MAX_HEADER_BYTES",
    "CheckpointMeta",
    "CheckpointRecord",
    "canonical",
    "check_meta",
    "described",
    "pack_record",
    "read_record",
]

MAX_HEADER_BYTES = 1 << 22
_FORMAT = "c2f-checkpoint"
_VERSION = 1


class CheckpointMeta(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a checkpoint says of itself besides its config.

    Attributes:
        name: for people.
        label_map_id: SHA-256 (hex) of the label map it was trained for, "" for none.
        label_map_name: its name.
        level_names: of the label map, coarse first; may be empty.
        level_blocks: 0-based block at whose end each level ends, increasing; unset means the
            first block for the first level and so on.
        lambdas: trade-off of each stage in R [bpp] + λ·255²·MSE, as trained; may be empty.
        rate_weights, gammas, fine_gammas: the other weights of the objective, one a stage or empty.
        error_costs: per block and channel, bits that a squared error of one step is worth; may be
            unset (symbols are then rounded).
        classifier: whom it was trained with, "" for none.
        provenance: how it was made, free text by key.
    """

    name: str = ""
    label_map_id: str = ""
    label_map_name: str = ""
    level_names: tuple[str, ...] = ()
    level_blocks: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    lambdas: tuple[float, ...] = ()
    rate_weights: tuple[float, ...] = ()
    gammas: tuple[float, ...] = ()
    fine_gammas: tuple[float, ...] = ()
    error_costs: tuple[tuple[float, ...], ...] | msgspec.UnsetType = msgspec.UNSET
    classifier: str = ""
    provenance: dict[str, str] = {}  # msgspec copies defaults

    @property
    def level_ends(self) -> tuple[int, ...]:
        """0-based block at whose end each level ends; empty where no level is named."""
        if isinstance(self.level_blocks, msgspec.UnsetType):
            return tuple(range(len(self.level_names)))
        return self.level_blocks


class CheckpointRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON in the file's metadata."""

    format: str
    version: int
    model_id: str
    config: ModelConfig
    meta: CheckpointMeta
    checksum: str = ""


def pack_record(model_id: str, config: ModelConfig, meta: CheckpointMeta, checksum: str) -> str:
    """The record as JSON with sorted keys."""
    record = CheckpointRecord(_FORMAT, _VERSION, model_id, config, meta, checksum)
    return msgspec.json.encode(record, order="sorted").decode()


def read_record(data: bytes) -> CheckpointRecord:
    """The JSON record of a safetensors header (8 bytes of length, then JSON).

    Raises:
        CheckpointError: not such a file, or another format or version.
    """
    try:
        record = msgspec.json.decode(_text(data), type=CheckpointRecord)
    except (ValueError, KeyError, TypeError, RecursionError, ConfigError) as error:
        raise CheckpointError(f"no codec is described in this file: {error}") from error
    if record.format != _FORMAT or record.version != _VERSION:
        raise CheckpointError(
            f"format {record.format!r} version {record.version}; "
            f"this program reads {_FORMAT!r} version {_VERSION}"
        )
    return record


def described(data: bytes) -> bytes:
    """What a checkpoint file says of itself (`meta`), in one form whatever fields it has.

    Args:
        data: a file that `read_record` accepts.
    """
    return canonical(json.dumps(json.loads(_text(data))["meta"]))


def _text(data: bytes) -> str:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise CheckpointError("not a safetensors file: its header does not fit")
    text: str = json.loads(data[8 : 8 + length])["__metadata__"]["c2f"]
    return text


def canonical(meta: bytes | str) -> bytes:
    """JSON with sorted keys and no spaces."""
    return json.dumps(json.loads(meta), sort_keys=True, separators=(",", ":")).encode()


def check_meta(meta: CheckpointMeta, config: ModelConfig) -> None:
    """Refuse a description that does not fit the model.

    Raises:
        CheckpointError: naming the field.
    """
    for field in ("lambdas", "rate_weights", "gammas", "fine_gammas"):
        if len(getattr(meta, field)) not in (0, config.n_blocks):
            raise CheckpointError(f"{field} must have one entry a stage ({config.n_blocks})")
    ends = meta.level_ends
    rising = all(a < b for a, b in pairwise((-1, *ends, config.n_blocks)))
    if len(ends) != len(meta.level_names) or not rising:
        raise CheckpointError(
            f"level_blocks must rise within 0..{config.n_blocks - 1}, one for each of the levels "
            f"{meta.level_names}; got {ends}"
        )
    prices = meta.error_costs or ()
    widths = tuple(len(costs) for costs in prices)
    if widths and widths != config.blocks:
        raise CheckpointError(f"error_costs must have one entry a channel of {config.blocks}")
    if not all(0 <= cost < 1e9 for costs in prices for cost in costs):
        raise CheckpointError("error_costs must be finite numbers of bits, 0 or more")
    if meta.label_map_id:
        try:
            sound = len(bytes.fromhex(meta.label_map_id)) == 32
        except ValueError:
            sound = False
        if not sound:
            raise CheckpointError(f"label map id must be 64 hex digits, not {meta.label_map_id!r}")
