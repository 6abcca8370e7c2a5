"""Ablations: what a decoder changes without training, and settings that a method lays over."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from codec_plugin.baselines.ablations import ABLATIONS, UNTRAINED, imposed
from codec_plugin.baselines.registry import find_method
from codec_plugin.baselines.training import start_method
from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.models.progressive import ProgressiveModel
from tests.codec_plugin.semantic import write_photographs
from tests.codec_plugin.tiny import DATA, stored_codec, tiny_picture

TINY = DATA / "tiny-v1.safetensors"


@pytest.mark.parametrize("name", UNTRAINED)
def test_a_checkpoint_is_read_another_way_without_changing_it(name: str) -> None:
    plain, checkpoint = stored_codec(), load_checkpoint(TINY)
    before = checkpoint.config
    changed = find_method(name).codec(checkpoint)
    assert checkpoint.config == before
    picture = tiny_picture()
    blob = changed.encode(picture)
    if name == "memory-order":
        assert blob != plain.encode(picture)
    else:
        assert blob == plain.encode(picture)
    half = blob[: len(blob) // 2]
    assert (changed.decode(half).pixels != plain.decode(half).pixels).any()
    whole = changed.decode(blob).pixels.astype(int) - plain.decode(plain.encode(picture)).pixels
    assert np.abs(whole).max() <= (0 if name != "unconditioned" else 255)


def test_imposing_what_is_there_changes_nothing() -> None:
    codec = imposed(load_checkpoint(TINY), fill="mean")
    assert codec.encode(tiny_picture()) == stored_codec().encode(tiny_picture())


def test_ablations_differ_from_ours_in_one_thing() -> None:
    for name in sorted(set(ABLATIONS) - {"one-pass"}):  # the small codec has one pass
        method = find_method(name)
        changed = method.convert(stored_codec().checkpoint.model).config
        fields = [f for f in changed.__struct_fields__ if f != "steps"]
        ours = stored_codec().checkpoint.config
        differ = [f for f in fields if getattr(changed, f) != getattr(ours, f)]
        assert len(differ) + bool(method.overrides) == 1, name


def test_passes_stay_where_blocks_do() -> None:
    config = msgspec.structs.replace(stored_codec().checkpoint.config, passes=(3, 2, 1))
    model = ProgressiveModel(config)
    for name in ABLATIONS:
        counts = find_method(name).convert(model).config.pass_counts
        alone = name in ("no-refinement", "no-context", "one-pass", "wide-first")
        assert counts == ((1, 1, 1) if alone else (3, 2, 1)), name
    same = find_method("whole-blocks").convert(model).state_dict()
    assert all(bool((value == model.state_dict()[key]).all()) for key, value in same.items())


@pytest.mark.slow
def test_a_method_trains_from_any_start_at_the_rates_of_the_preset(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=4)
    trainer = start_method(
        "variance-mask", "tiny", [f"start={TINY}", "phases.0.steps=2", "report_steps=2"],
        data=str(photographs), output=tmp_path / "run",
    )  # fmt: skip
    assert trainer.settings.phases[0].lambdas == (0.0009, 0.0045, 0.018)
    assert trainer.settings.model.blocks == (12, 12, 12)
    assert trainer.train().reason == "finished"
    codec = find_method("variance-mask").codec(load_checkpoint(tmp_path / "run/last.safetensors"))
    assert codec.decode(codec.encode(tiny_picture())).stages_complete == 3
