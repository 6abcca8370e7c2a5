"""Checkpoints: the same bytes for the same model, and nothing trusted when read."""

import json
import random
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load, save

from codec_plugin.checkpointing.checkpoint import (
    CheckpointMeta,
    load_checkpoint,
    pack_checkpoint,
    save_checkpoint,
    unpack_checkpoint,
)
from codec_plugin.config import ModelConfig
from codec_plugin.errors import CheckpointError
from codec_plugin.models.progressive import ProgressiveModel
from tests.codec_plugin.tiny import CONFIG, DATA, META, tiny_checkpoint

STORED = (DATA / "tiny-v1.safetensors").read_bytes()


def record_of(data: bytes) -> dict[str, object]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["c2f"])


def with_tensor(name: str, value: torch.Tensor | None) -> bytes:
    """The stored checkpoint with one tensor replaced or left out."""
    tensors = load(STORED)
    assert name in tensors
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    return save(tensors, metadata={"c2f": json.dumps(record_of(STORED))})


def with_record(**changes: object) -> bytes:
    return save(load(STORED), metadata={"c2f": json.dumps(record_of(STORED) | changes)})


def test_a_checkpoint_comes_back() -> None:
    checkpoint = unpack_checkpoint(STORED)
    assert checkpoint.config == CONFIG
    assert checkpoint.meta == META
    again = pack_checkpoint(checkpoint.model, checkpoint.exact, checkpoint.tables, checkpoint.meta)
    second = unpack_checkpoint(again)
    assert pack_checkpoint(second.model, second.exact, second.tables, second.meta) == again
    assert second.checksum == checkpoint.checksum
    # The stored file is of a former version: all but the checksum is the same.
    assert record_of(again) == record_of(STORED) | {"checksum": checkpoint.checksum}
    tensors = load(again)
    assert all(torch.equal(value, tensors[name]) for name, value in load(STORED).items())


def test_a_flipped_byte_anywhere_is_noticed() -> None:
    """In the networks as in the integers; only unused bits of the header may pass."""
    whole = tiny_checkpoint()
    start = 8 + int.from_bytes(whole[:8], "little")
    for place in range(start, len(whole), 401):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        with pytest.raises(CheckpointError):
            unpack_checkpoint(bytes(damaged))
    described = whole.replace(b"tiny map", b"tidy map")
    assert described != whole
    with pytest.raises(CheckpointError, match="damaged"):
        unpack_checkpoint(described)


def test_equal_models_give_equal_files() -> None:
    assert tiny_checkpoint() == tiny_checkpoint()


def test_the_float_entropy_model_is_that_of_the_integers() -> None:
    data = tiny_checkpoint(seed=3)
    model = unpack_checkpoint(data).model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        z = torch.randint(-3, 4, (1, 2, 2, 2)).float()
        before = [torch.randn(1, 3, 8, 8), torch.randn(1, 4, 8, 8)]
    checkpoint = unpack_checkpoint(data)
    state = checkpoint.exact.hyper(z)
    hyper = model.entropy.hyper(z)
    fixed = [torch.round(block * 2**9) for block in before]
    for k in range(3):
        exact = checkpoint.exact.block(k, state, fixed[:k])
        mean, _ = model.entropy.block(k, hyper, [block / 2**9 for block in fixed[:k]])
        torch.testing.assert_close(exact.mean / 2**9, mean, atol=2**-9, rtol=0)


def test_loading_draws_no_random_numbers() -> None:
    state = torch.random.get_rng_state()
    unpack_checkpoint(STORED)
    assert torch.equal(state, torch.random.get_rng_state())


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    checkpoint = unpack_checkpoint(STORED)
    parts = (checkpoint.model, checkpoint.exact, checkpoint.tables)
    path = tmp_path / "new" / "a.safetensors"
    assert save_checkpoint(path, *parts, META) == checkpoint.model_id
    assert [p.name for p in path.parent.iterdir()] == ["a.safetensors"]
    assert load_checkpoint(path).model_id == checkpoint.model_id
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot write"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", *parts, META)


def test_the_synthesis_is_no_part_of_the_id() -> None:
    checkpoint = unpack_checkpoint(STORED)
    with torch.no_grad():
        checkpoint.model.synthesis_net.linear.weight.mul_(0.5)
    data = pack_checkpoint(checkpoint.model, checkpoint.exact, checkpoint.tables, META)
    assert data != STORED
    assert unpack_checkpoint(data).model_id == checkpoint.model_id


def test_a_missing_checkpoint_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="shipped"):
        load_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize("length", [0, 4, 8, 100, 3000, len(STORED) // 2, len(STORED) - 1])
def test_a_cut_checkpoint_is_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(STORED[:length])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x80\x04\x95" + bytes(200), "header"),  # a pickle
        (b"\xff" * 8 + b"{}", "header"),
        (save({"a": torch.zeros(1)}), "no codec"),
        (save({"a": torch.zeros(1)}, metadata={"c2f": "{"}), "no codec"),
        (with_record(format="other"), "other"),
        (with_record(version=2), "version 2"),
        (with_record(model_id="00"), "hash to"),
        (with_record(extra=1), "no codec"),
        (with_tensor("coding.thresholds", None), "thresholds"),
        (with_tensor("coding.blocks", torch.tensor([1, 2], dtype=torch.int32)), "block|fit"),
        (with_tensor("tables.lengths", torch.zeros(3, dtype=torch.int32)), "rows|table"),
        (with_tensor("coding.hyper.enter.weight", torch.zeros(1)), "enter"),
        (with_tensor("net.analysis.linear.bias", torch.zeros(5)), "disagree"),
        (with_tensor("net.analysis.linear.bias", None), "disagree"),
        (with_tensor("net.analysis.linear.bias", torch.full((12,), torch.nan)), "not finite"),
        (with_tensor("net.analysis.linear.bias", torch.zeros(12, dtype=torch.bool)), "type"),
    ],
)
def test_hostile_checkpoints_are_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(CheckpointError, match=sentence):
        unpack_checkpoint(data)


def test_weights_that_are_not_there_are_not_allocated() -> None:
    config = msgspec.structs.replace(
        CONFIG, synthesis_widths=(1024, 1024, 1024), synthesis_depths=(32, 32, 32)
    )
    checkpoint = unpack_checkpoint(STORED)
    from codec_plugin.checkpointing.checkpoint import model_id

    identity = model_id(config, checkpoint.exact, checkpoint.tables)
    data = with_record(config=json.loads(config.to_json()), model_id=identity)
    with pytest.raises(CheckpointError, match="weights"):
        unpack_checkpoint(data)


def test_random_damage_is_refused_or_harmless() -> None:
    rng = random.Random(0)
    refused = 0
    for _ in range(150):
        data = bytearray(STORED)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(3000 if rng.random() < 0.7 else len(data))] = rng.randrange(256)
        try:
            unpack_checkpoint(bytes(data))
        except CheckpointError:
            refused += 1
    assert refused > 75


@pytest.mark.parametrize(
    "meta",
    [
        CheckpointMeta(level_names=("one",), level_blocks=(0, 1)),
        CheckpointMeta(level_names=("one", "two"), level_blocks=(1, 1)),
        CheckpointMeta(level_names=("one",), level_blocks=(3,)),
        CheckpointMeta(level_names=("a", "b", "c", "d")),
        CheckpointMeta(lambdas=(1.0, 2.0)),
        CheckpointMeta(label_map_id="zz" * 32),
        CheckpointMeta(label_map_id="ab"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(meta: CheckpointMeta) -> None:
    checkpoint = unpack_checkpoint(STORED)
    with pytest.raises(CheckpointError):
        pack_checkpoint(checkpoint.model, checkpoint.exact, checkpoint.tables, meta)


def test_the_config_is_part_of_the_id() -> None:
    from codec_plugin.checkpointing.checkpoint import model_id

    checkpoint = unpack_checkpoint(STORED)
    other: ModelConfig = msgspec.structs.replace(CONFIG, fill="zero")
    assert model_id(other, checkpoint.exact, checkpoint.tables) != checkpoint.model_id
    assert isinstance(checkpoint.model, ProgressiveModel)
