"""What the encoder's search asks for, seen from outside: levels, views, weights, the way back."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from codec_plugin.bitstream.container import read_header
from codec_plugin.checkpointing.checkpoint import (
    load_checkpoint,
    pack_checkpoint,
    unpack_checkpoint,
)
from codec_plugin.classifiers.semantics import Semantics, Target
from codec_plugin.codec import Codec
from codec_plugin.data.picture import as_picture
from codec_plugin.models.tiled import analyse
from codec_plugin.search.latent_refinement import (
    _EMPHASIS,
    SEARCHED_PRICE,
    _Search,
    refine,
)
from codec_plugin.search.objective import Objective
from tests.codec_plugin.semantic import small_classifier, small_hierarchy
from tests.codec_plugin.tiny import META, tiny_codec, tiny_picture

NOTHING = (1e-12,) * 3
"""λ that leaves the cross-entropies alone, with rate weights of 0."""


@pytest.fixture(scope="module")
def codec() -> Codec:
    return tiny_codec()


def searched(codec: Codec, objective: Objective, steps: int, picture: np.ndarray) -> Tensor:
    """y after a search that serves all stages, and y before it."""
    pixels = as_picture(picture).padded(64)
    y, z = analyse(codec.checkpoint.model, pixels)
    quantiser = codec.latents.quantiser
    return refine(codec.checkpoint.model, pixels, y, z, objective, steps, quantiser), y


def asking(**weights: tuple[float, ...]) -> Objective:
    semantics = Semantics(small_classifier(), small_hierarchy())
    return Objective(NOTHING, rate_weights=(0.0,) * 3, semantics=semantics, **weights)


def test_a_stage_asks_for_its_own_level(codec: Codec) -> None:
    """The same weight at the own and at the finest level: other searches, but in the last stage."""
    picture = tiny_picture(128, 128)
    first, last = (30.0, 0.0, 0.0), (0.0, 0.0, 30.0)
    own, finest = (searched(codec, asking(**{kind: first}), 4, picture)[0] for kind in KINDS)
    assert not torch.equal(own, finest)
    own, finest = (searched(codec, asking(**{kind: last}), 4, picture)[0] for kind in KINDS)
    assert torch.equal(own, finest)


KINDS = ("gammas", "fine_gammas")


class _Misled(torch.autograd.Function):
    """What it is given; the gradient points the other way."""

    @staticmethod
    def forward(context: object, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return -gradient


def test_a_search_that_finds_nothing_better_gives_the_start_back(codec: Codec) -> None:
    """A classifier whose gradients mislead: every step makes it worse."""
    objective = asking(gammas=(30.0, 30.0, 30.0))
    network = objective.semantics.classifier.network  # type: ignore[union-attr]
    network[0].register_forward_pre_hook(lambda _, inputs: (_Misled.apply(inputs[0]),))
    found, start = searched(codec, objective, 25, tiny_picture(128, 128))
    assert torch.equal(found, start)
    right, start = searched(codec, asking(gammas=(30.0, 30.0, 30.0)), 25, tiny_picture(128, 128))
    assert not torch.equal(right, start)


@contextmanager
def shown(semantics: Semantics) -> Iterator[list[tuple[bool, Tensor]]]:
    """Pictures that the classifier's network is given, and whether a gradient is wanted of them."""
    seen: list[tuple[bool, Tensor]] = []

    def look(_: object, inputs: tuple[Tensor]) -> None:
        for image in inputs[0].detach().float():
            small = functional.interpolate(image[None], (32, 32), mode="area")[0]
            seen.append((inputs[0].requires_grad, small - small.mean((1, 2), keepdim=True)))

    handle = semantics.classifier.network.register_forward_pre_hook(look)
    yield seen
    handle.remove()


def likeness(one: Tensor, two: Tensor) -> float:
    return float(functional.cosine_similarity(one.flatten(), two.flatten(), 0))


def test_each_step_sees_another_view_and_is_told_what_that_view_shows(codec: Codec) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (28, 28, 3)).astype(np.uint8)
    picture = np.asarray(as_picture(noise.repeat(7, 0).repeat(7, 1)[:192, :192]).bytes_rgb)
    objective = asking(gammas=(0.0, 0.0, 1.0))
    semantics = objective.semantics
    assert semantics is not None
    with shown(semantics) as seen:
        semantics.classifier(as_picture(picture).padded(64).float() / 255)
        searched(codec, objective, 10, picture)
    whole, *others = seen
    views = [image for wanted, image in others if wanted]
    targets = [image for wanted, image in others if not wanted]
    assert len(views) >= 3
    alike = [likeness(a, b) for number, a in enumerate(views) for b in views[:number]]
    assert np.mean(np.array(alike) < 0.9) > 0.5
    for view in views:
        nearest = max(likeness(view, target) for target in targets)
        assert nearest > likeness(view, whole[1]) + 0.1


def cost(codec: Codec, picture: np.ndarray, objective: Objective, effort: int) -> float:
    """The objective of rate and distortion of a real file, summed over its stages."""
    blob = codec.encode(picture, effort=effort, objective=objective)
    total = 0.0
    for stage, end in enumerate(read_header(blob).ends):
        decoded = codec.decode(blob[:end]).pixels.astype(float)
        distortion = np.square(decoded - picture).mean()  # of 0..255: 255² times that of 0..1
        rate = 8 * end / picture[..., 0].size
        total += rate + objective.lambdas[stage] * distortion
    return total


def test_real_files_cost_less_by_the_weights_of_the_objective(codec: Codec) -> None:
    picture, objective = tiny_picture(128, 128), Objective(META.lambdas)
    before, after = (cost(codec, picture, objective, effort) for effort in (0, 30))
    assert after < before - 0.2


def test_searched_errors_cost_less_than_half_of_what_others_do() -> None:
    """0.4 of it, as docs/training.md says, in the stages that are searched."""
    one = tiny_codec().checkpoint
    costs = tuple((6.0,) * count for count in one.config.blocks)
    meta = msgspec.structs.replace(one.meta, error_costs=costs)
    codec = Codec(unpack_checkpoint(pack_checkpoint(one.model, one.exact, one.tables, meta)))
    picture, objective = tiny_picture(128, 128), Objective(META.lambdas)
    pixels = as_picture(picture).padded(64)
    y, z = analyse(codec.checkpoint.model, pixels)

    def payloads(price: float, served: int) -> list[bytes]:
        quantiser = codec.latents.quantiser.at_price(price, served)
        found = refine(codec.checkpoint.model, pixels, y, z, objective, 2, quantiser, served)
        return codec.latents.choosing(quantiser).encode(found, z)

    for served in (1, 3):
        blob = codec.encode(picture, effort=2, effort_stages=served, objective=objective)
        ends = read_header(blob).ends
        begins = (read_header(blob).size_bytes, *ends[:-1])
        written = [blob[begin : end - 4] for begin, end in zip(begins, ends, strict=True)]
        assert written == payloads(0.4, served)
        assert written != payloads(1.0, served)


def test_weights_are_those_of_the_documented_sum() -> None:
    objective = Objective((0.1, 0.2), (1.0, 0.5), (3.0, 2.0), (0.0, 0.25))
    assert objective.weights(1) == (0.5, 0.2, 2.0, 0.25)
    assert Objective((0.1,)).weights(0) == (1.0, 0.1, 0.0, 0.0)
    assert math.isclose(sum(objective.weights(0)), 4.1)


def test_classes_weigh_twice_what_a_checkpoint_says(codec: Codec) -> None:
    """So that eight steps find what twenty did (docs/training.md)."""
    model, objective = codec.checkpoint.model, asking(gammas=(1.5, 0.0, 0.0))
    semantics = objective.semantics
    assert semantics is not None
    x = as_picture(tiny_picture(128, 128)).padded(64).float() / 255
    with torch.no_grad():
        y, z = analyse(model, x)
        search = _Search(model, x, z.round(), objective, semantics, 1, codec.latents.quantiser)
        y_hat, known = search._arrived(search._latents(y, 1), 0)
        decoded = model.synthesis(y_hat, known).clamp(0, 1)
        target = Target(semantics.posterior(semantics.classifier(x)), [])
        seen = semantics.posterior(semantics.classifier(decoded))
        wrong = float(semantics.cross_entropy(seen, target, 0))
        assert float(search.loss(y, [0], None)) == pytest.approx(2 * 1.5 * wrong, rel=1e-4)
    assert wrong > 0.01


def test_the_page_has_the_weights_of_the_shipped_checkpoint(repository: Path) -> None:
    meta = load_checkpoint("compact").meta
    page = (repository / "docs" / "training.md").read_text(encoding="utf-8")
    told = {"w": meta.rate_weights, "λ": meta.lambdas, "γ": meta.gammas, "φ": meta.fine_gammas}
    for letter, weights in told.items():
        assert f"| {letter} | {' | '.join(f'{weight:g}' for weight in weights)} |" in page
    assert f" {_EMPHASIS:g}·(γ" in page
    assert f"at {SEARCHED_PRICE:g} of their usual price" in page


def test_stages_that_come_in_turn_weigh_as_often_as_they_wait(codec: Codec) -> None:
    """The first is served at each step, each of the others at one of so many: its share."""
    model, objective = codec.checkpoint.model, Objective(META.lambdas)
    x = as_picture(tiny_picture(128, 128)).padded(64).float() / 255
    with torch.no_grad():
        y, z = analyse(model, x)
        search = _Search(model, x, z.round(), objective, None, 3, codec.latents.quantiser)
        first = float(search.loss(y, [0], None))
        once, twice = (float(search.loss(y, [0, 2], None, share)) for share in (1, 2))
    assert twice - first == pytest.approx(2 * (once - first), rel=1e-4)
    assert once - first > 0.01
