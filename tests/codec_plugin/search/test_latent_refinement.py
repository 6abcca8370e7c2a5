"""Encoder search: what it lowers, for whom, and what it refuses."""

import msgspec
import pytest
import torch

from codec_plugin.bitstream.container import read_header
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.codec import Codec
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.errors import ClassifierError, ConfigError, HierarchyMismatchError
from codec_plugin.models.tiled import analyse
from codec_plugin.search.latent_refinement import _Search, refine
from codec_plugin.search.objective import Objective, training_objective
from tests.codec_plugin.semantic import small_classifier, small_hierarchy
from tests.codec_plugin.tiny import CONFIG, META, tiny_codec, tiny_picture

LAMBDAS = META.lambdas


@pytest.fixture(scope="module")
def codec() -> Codec:
    return tiny_codec()


@pytest.fixture(scope="module")
def semantics() -> Semantics:
    return Semantics(small_classifier(), small_hierarchy())


def surprise(codec: Codec, semantics: Semantics, objective: Objective) -> float:
    """Cross-entropy at the coarse level of stage 1 of the file that the objective leads to."""
    picture = tiny_picture(128, 128)
    clean = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    blob = codec.encode(picture, effort=15, objective=objective)
    decoded = codec.decode(blob, level=0).tensor[None]
    posterior = semantics.posterior(semantics.classifier(decoded))
    return float(semantics.cross_entropy(posterior, semantics.prepared_target(clean), 0))


def test_a_classifier_in_the_objective_is_served(codec: Codec, semantics: Semantics) -> None:
    blind = Objective(LAMBDAS)
    seeing = Objective(LAMBDAS, gammas=(30.0, 0.0, 0.0), semantics=semantics)
    assert surprise(codec, semantics, seeing) < surprise(codec, semantics, blind)


def test_the_same_picture_gives_the_same_file(codec: Codec, semantics: Semantics) -> None:
    seeing = Objective(LAMBDAS, gammas=(1.0, 1.0, 1.0), semantics=semantics)
    picture = tiny_picture(70, 90)
    first, second = (codec.encode(picture, effort=3, objective=seeing) for _ in range(2))
    assert first == second


def test_stages_that_are_not_written_do_not_count(codec: Codec) -> None:
    model = codec.checkpoint.model
    pixels = torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1)[None].contiguous()
    y, z = analyse(model, pixels)
    found = refine(model, pixels, y, z, Objective(LAMBDAS), 8, codec.latents.quantiser, stages=1)
    width = model.config.blocks[0]
    assert torch.equal(found[:, width:], y[:, width:])
    assert not torch.equal(found[:, :width], y[:, :width])


def test_stages_that_are_not_served_are_written_as_ever(codec: Codec) -> None:
    picture = tiny_picture(128, 128)
    plain = codec.encode(picture)
    served = codec.encode(picture, effort=30, effort_stages=1)
    assert served != plain
    alone = codec.encode(picture, effort=30, stages=1)
    end = read_header(alone).ends[0] - read_header(alone).size_bytes
    start = read_header(served).size_bytes
    assert served[start : start + end] == alone[read_header(alone).size_bytes :]  # the same stage 1
    assert codec.decode(served).stages_complete == 3
    with pytest.raises(ConfigError, match=r"1\.\.3"):
        codec.encode(picture, effort=1, effort_stages=4)


def test_an_objective_for_another_number_of_stages_is_refused(codec: Codec) -> None:
    with pytest.raises(ConfigError, match="λ of each stage"):
        codec.encode(tiny_picture(), effort=1, objective=Objective((0.1, 0.2)))


def test_the_objective_of_a_checkpoint() -> None:
    assert training_objective(META) == Objective(LAMBDAS, level_ends=META.level_ends)
    named = msgspec.structs.replace(META, classifier="efficientnet-lite0")
    assert training_objective(named, "none") == Objective(LAMBDAS, level_ends=META.level_ends)
    with pytest.raises(HierarchyMismatchError, match="trained for label map abab"):
        training_objective(named, hierarchy="vit-b-32-topdown-10-100-1000")
    with pytest.raises(HierarchyMismatchError, match="label map"):
        training_objective(named)


def test_a_search_serves_the_ends_of_levels_and_the_last_stage() -> None:
    nine = Objective((0.1,) * 9, level_ends=(0, 4, 6))
    assert nine.ends == (0, 4, 6, 8)
    assert nine.levels == (0, 1, 1, 1, 1, 2, 2, 2, 2)
    # A map of one level is told at the end of the first stage, which the search must serve.
    assert Objective((0.1,) * 9, level_ends=(0,)).ends == (0, 8)
    assert Objective(LAMBDAS).ends == (0, 1, 2)
    assert Objective((0.1,)).ends == (0,)


def test_a_filled_version_moves_with_the_coarser_one_that_it_stands_for() -> None:
    """Where networks add nothing yet, as much as through all that fills."""
    layout = {"blocks": (3, 2, 3), "steps": (0.9, 0.9, 0.3), "ranges": ((0, 3), (3, 5), (0, 3))}
    codec = tiny_codec(msgspec.structs.replace(CONFIG, **layout))
    model = codec.checkpoint.model
    for delta in model.entropy.deltas:
        delta.leave.weight.zero_()
    pixels = torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1)[None] / 255
    y, z = analyse(model, pixels)
    search = _Search(model, pixels, z.round(), Objective(LAMBDAS), None, 3, codec.latents.quantiser)
    y.requires_grad_(True)
    for stage in range(3):
        latents = search._latents(y, stage + 1)
        filled, _, _ = model.cut(latents, stage)
        found, _ = search._arrived(latents, stage)
        weights = torch.linspace(1, 2, filled.shape[1])[:, None, None]
        (wanted,) = torch.autograd.grad(
            (model.base(filled) * weights[:5]).sum(), y, retain_graph=True
        )
        (gradient,) = torch.autograd.grad((model.base(found) * weights[:5]).sum(), y)
        torch.testing.assert_close(found, filled)
        torch.testing.assert_close(gradient, wanted)
        assert bool(gradient[:, :3].all()) == (stage < 2)  # then the finer version counts


def test_classifiers_whose_weights_are_not_here_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("C2F_CLASSIFIERS", raising=False)
    shipped = "vit-b-32-topdown-10-100-1000"
    meta = msgspec.structs.replace(
        META,
        classifier="efficientnet-lite0,squeezenet",
        label_map_name=shipped,
        label_map_id=load_hierarchy(shipped).id,
    )
    found = training_objective(meta)
    assert found.semantics is not None
    assert found.semantics.classifier.name == "efficientnet-lite0"
    with pytest.raises(ClassifierError, match="squeezenet"):
        training_objective(meta, "efficientnet-lite0,squeezenet")  # who asks for it is told
