"""A trained codec as one safetensors file: networks, frozen integers, tables and what they are.

    coding.*  integers of the entropy model        ─┐ hashed with the config: the model id,
    tables.*  integer frequencies                  ─┘ what two machines must share to decode
    net.*     analysis, synthesis (float16) and the prior (float32)
    metadata  one JSON record: config, label map, λ, provenance, checksum of it and of net.*

The float entropy model is not stored: it is the integers divided by their powers of two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from torch import Tensor

from codec_plugin.checkpointing.label_maps import map_next_to
from codec_plugin.checkpointing.record import (
    MAX_HEADER_BYTES,
    CheckpointMeta,
    canonical,
    check_meta,
    described,
    pack_record,
    read_record,
)
from codec_plugin.checkpointing.shipped import CHECKPOINTS, shipped_checkpoints
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.hyperprior import Z_SHIFT
from codec_plugin.entropy.integer_conv import ACTIVATION_BITS
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.errors import CheckpointError, ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from hierlab.errors import HierlabError
from hierlab.utils.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codec_plugin.config import ModelConfig

__all__ = [
    "Checkpoint",
    "CheckpointMeta",
    "load_checkpoint",
    "load_config",
    "model_id",
    "pack_checkpoint",
    "save_checkpoint",
]

MAX_BYTES = 1 << 30
_NETWORKS = ("analysis.", "synthesis_net.", "hyper_analysis.")
_PRIOR = "entropy.prior."
_DTYPES = (torch.float16, torch.float32, torch.int16, torch.int32, torch.int64)


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        model: float networks in evaluation mode, no gradients.
        exact: the frozen entropy model.
        tables: the frequencies.
        meta: what it says of itself.
        model_id: SHA-256 (hex) over the coding integers and the config.
        checksum: SHA-256 (hex) over the float networks and `meta`; "" for one not from a file.
        hierarchy_file: label map it was trained for, where it lies beside the file; else "".
    """

    model: ProgressiveModel
    exact: ExactEntropy
    tables: CodingTables
    meta: CheckpointMeta
    model_id: str
    checksum: str = ""
    hierarchy_file: str = ""

    @property
    def label_map(self) -> str:
        """What `load_hierarchy` takes for the label map: the file beside it, or the name."""
        return self.hierarchy_file or self.meta.label_map_name

    @property
    def config(self) -> ModelConfig:
        """The architecture."""
        return self.model.config


def model_id(config: ModelConfig, exact: ExactEntropy, tables: CodingTables) -> str:
    """SHA-256 (hex) of all that encoder and decoder must share for the symbols to agree."""
    return _digest(config.to_json().encode(), _coding_tensors(exact, tables))


def _digest(head: bytes, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) over some bytes, then names, types, shapes and values of tensors."""
    digest = hashlib.sha256(head)
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def pack_checkpoint(
    model: ProgressiveModel, exact: ExactEntropy, tables: CodingTables, meta: CheckpointMeta
) -> bytes:
    """The checkpoint as bytes; equal contents give equal bytes."""
    from safetensors.torch import save

    check_meta(meta, model.config)
    networks: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        if name.startswith(_NETWORKS):
            networks[f"net.{name}"] = value.detach().to("cpu", torch.float16).contiguous()
        elif name.startswith(_PRIOR):
            networks[f"net.{name}"] = value.detach().to("cpu", torch.float32).contiguous()
    tensors = _coding_tensors(exact, tables) | networks
    identity = model_id(model.config, exact, tables)
    text = pack_record(
        identity, model.config, meta, _digest(canonical(msgspec.json.encode(meta)), networks)
    )
    # One key only: the order of several would differ from run to run.
    return bytes(save(dict(sorted(tensors.items())), metadata={"c2f": text}))


def save_checkpoint(
    path: str | Path,
    model: ProgressiveModel,
    exact: ExactEntropy,
    tables: CodingTables,
    meta: CheckpointMeta,
) -> str:
    """Write a checkpoint whole or not at all; returns its model id.

    Raises:
        CheckpointError: the file cannot be written, or `meta` does not fit the model.
    """
    try:
        write_atomic(path, pack_checkpoint(model, exact, tables, meta))
    except HierlabError as error:
        raise CheckpointError(str(error)) from error
    return model_id(model.config, exact, tables)


def load_checkpoint(name_or_path: str | Path) -> Checkpoint:
    """Read a shipped checkpoint by name, or a file; nothing in it is trusted.

    Raises:
        CheckpointError: not found, damaged, of another version, or inconsistent.
    """
    path = _find(name_or_path)
    data = _read(path)
    try:
        loaded = unpack_checkpoint(data)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return replace(loaded, hierarchy_file=map_next_to(path, loaded.meta.label_map_id))


def load_config(name_or_path: str | Path) -> ModelConfig:
    """Architecture of a checkpoint, from its header alone.

    Raises:
        CheckpointError: not found, or no checkpoint.
    """
    path = _find(name_or_path)
    data = _read(path, MAX_HEADER_BYTES + 8)
    try:
        return read_record(data).config
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None


def _find(name_or_path: str | Path) -> Path:
    """File of a shipped checkpoint, or the file itself."""
    shipped = shipped_checkpoints()
    if str(name_or_path) in shipped:
        return CHECKPOINTS / f"{name_or_path}.safetensors"
    path = Path(name_or_path)
    if not path.is_file():
        raise CheckpointError(
            f"no checkpoint {str(name_or_path)!r}: expected a .safetensors file or one of the "
            f"shipped ones ({', '.join(shipped) or 'none'})"
        )
    return path


def _read(path: Path, first: int = -1) -> bytes:
    """The first bytes of a file, or all."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CheckpointError(f"{path} has {size} bytes, a checkpoint at most {MAX_BYTES}")
        with path.open("rb") as stream:
            return stream.read(first)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error


def unpack_checkpoint(data: bytes) -> Checkpoint:
    """Read what `pack_checkpoint` made.

    Raises:
        CheckpointError: anything else.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    record = read_record(data)
    try:
        tensors: dict[str, Tensor] = load(data)
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise CheckpointError(f"not a sound safetensors file: {error}") from error
    for name, tensor in tensors.items():
        if tensor.dtype not in _DTYPES:
            raise CheckpointError(f"tensor {name!r} has type {tensor.dtype}; none here has that")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"tensor {name!r} holds values that are not finite")
    integers = _under("coding.", tensors)
    exact = ExactEntropy.from_tensors(integers)
    tables = CodingTables.from_tensors(tensors)
    config = record.config
    if exact.blocks != config.blocks:
        raise CheckpointError(f"coding path for blocks {exact.blocks}, config: {config.blocks}")
    if exact.passes != config.pass_counts:
        raise CheckpointError(
            f"coding path for passes {exact.passes}, config: {config.pass_counts}"
        )
    if not exact.hyper_channels == config.hyper_channels == tables.n_hyper:
        raise CheckpointError(
            f"hyper channels disagree: coding path {exact.hyper_channels}, "
            f"config {config.hyper_channels}, tables {tables.n_hyper}"
        )
    identity = model_id(config, exact, tables)
    if identity != record.model_id:
        raise CheckpointError(
            f"the coding integers hash to {identity[:16]}, the file says {record.model_id[:16]}; "
            "it is damaged: get it again"
        )
    check_meta(record.meta, config)
    networks = {name: value for name, value in tensors.items() if name.startswith("net.")}
    checksum = _digest(described(data), networks)
    if record.checksum not in ("", checksum):  # checkpoints of former versions have none
        raise CheckpointError(
            f"the networks hash to {checksum[:16]}, the file says {record.checksum[:16]}; "
            "it is damaged: get it again"
        )
    model = _build(config, _under("net.", tensors) | _thaw(integers))
    return Checkpoint(model, exact, tables, record.meta, identity, checksum)


def _coding_tensors(exact: ExactEntropy, tables: CodingTables) -> dict[str, Tensor]:
    return {f"coding.{name}": value for name, value in exact.tensors().items()} | tables.tensors()


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _thaw(integers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Float weights of the entropy model from its integers (checked before)."""
    state = {}
    for name, value in integers.items():
        layer, _, part = name.rpartition(".")
        if part == "shift" or not layer:
            continue
        shift = int(integers[f"{layer}.shift"])
        if part == "bias":
            shift += Z_SHIFT if layer == "hyper.enter" else ACTIVATION_BITS
            if layer.endswith(".from_blocks"):
                continue  # the float layer has none
        target = layer.replace("delta.", "deltas.", 1) if layer.startswith("delta.") else layer
        state[f"entropy.{target}.{part}"] = (value.double() * 2.0**-shift).float()
    return state


def _build(config: ModelConfig, state: dict[str, Tensor]) -> ProgressiveModel:
    """The float model; a file with far fewer weights than its config asks for builds nothing."""
    held = sum(value.numel() for value in state.values())
    pairs = zip(config.synthesis_widths, config.synthesis_depths, strict=False)
    least = sum(depth * width**2 for width, depth in pairs) + config.channels**2
    if held < least:
        raise CheckpointError(f"config asks for more than {least} weights, the file holds {held}")
    try:
        with torch.random.fork_rng(devices=[]):  # building draws numbers; loading must not
            model = ProgressiveModel(config)
        floats: dict[str, Any] = {name: value.float() for name, value in state.items()}
        model.load_state_dict(floats, strict=True, assign=True)
    except (RuntimeError, ValueError, ConfigError) as error:
        first = str(error).splitlines()
        raise CheckpointError(f"weights and config disagree: {' '.join(first[:2])}") from error
    return model.eval().requires_grad_(False)
