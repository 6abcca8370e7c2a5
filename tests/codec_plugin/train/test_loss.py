"""The objective, term by term."""

import math

import pytest
import torch

from codec_plugin.classifiers.semantics import Semantics, Target
from codec_plugin.train.loss import _views, stage_loss
from codec_plugin.train.settings import Phase
from codec_plugin.train.validate import StageFigures, objective
from tests.codec_plugin.semantic import (
    CLASS_IDS,
    pixel_maps,
    small_classifier,
    small_hierarchy,
)

LAMBDAS = (0.001, 0.004, 0.016)


def output(images: torch.Tensor, bits: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    batch = images.shape[0]
    return images, torch.zeros(batch, 3), torch.full((batch,), bits)


def test_rate_and_distortion_are_the_formula() -> None:
    images = torch.full((2, 3, 64, 64), 0.5)
    phase = Phase(name="p", steps=1, lambdas=LAMBDAS, rate_weights=(2.0, 1.0, 1.0))
    parts = stage_loss(output(images + 0.1, 4096.0), images, 0, phase)
    assert float(parts.rate_bpp) == 1.0
    assert float(parts.mse) == pytest.approx(0.01, rel=1e-4)
    assert float(parts.total) == pytest.approx(2.0 * 1.0 + 0.001 * 255**2 * 0.01, rel=1e-4)


def test_padding_is_not_judged() -> None:
    images = torch.full((1, 3, 48, 48), 0.5)
    padded = torch.ones(1, 3, 64, 64)
    padded[..., :48, :48] = 0.5
    phase = Phase(name="p", steps=1, lambdas=LAMBDAS)
    parts = stage_loss(output(padded, 0.0), images, 2, phase)
    assert float(parts.total) == 0.0


def test_cross_entropy_of_each_level_against_a_label() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    p = torch.tensor([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]])
    target = Target(torch.eye(6)[2:3], [])
    for level, mass in enumerate((0.8, 0.5, 0.3)):
        found = semantics.cross_entropy(p, target, level)
        assert float(found) == pytest.approx(-math.log(mass), rel=1e-5)


def test_targets_mix_the_label_in_only_where_there_is_one() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    target = semantics.target(images, torch.tensor([4, -1]), label_share=1.0, with_features=False)
    assert torch.equal(target.posterior[0], torch.eye(6)[4])
    clean = semantics.posterior(semantics.classifier.logits(images))
    assert torch.allclose(target.posterior[1], clean[1])


def test_a_subset_of_the_classes_is_renormalised() -> None:
    more = (*CLASS_IDS[::-1], "n00000001")
    semantics = Semantics(small_classifier(more), small_hierarchy())
    logits = torch.zeros(1, 7)
    logits[0, 6] = 9.0
    assert torch.allclose(semantics.posterior(logits), torch.full((1, 6), 1 / 6))


def test_gradient_reaches_the_pixels_and_not_the_classifier() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    clean = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    decoded = (clean * 0.5 + 0.2).requires_grad_()
    phase = Phase(name="p", steps=1, lambdas=(1e-9,) * 3, gammas=(1.0,) * 3, fine_gammas=(1.0,) * 3)
    stage_loss(output(decoded, 0.0), clean, 1, phase, semantics).total.backward()
    assert decoded.grad is not None
    assert float(decoded.grad.abs().sum()) > 0
    assert all(parameter.grad is None for parameter in semantics.parameters())


def test_the_distance_of_inner_maps_is_relative_to_the_clean_ones() -> None:
    semantics = Semantics(pixel_maps(), small_hierarchy())
    clean = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    decoded = (clean * torch.tensor([1.0, 0.5]).view(2, 1, 1, 1)).requires_grad_()
    phase = Phase(
        name="p", steps=1, lambdas=(1e-9,) * 3, feature_weights=(3.0, 1.0, 0.0), view_share=1.0
    )
    assert phase.semantic
    found = stage_loss(
        (decoded, torch.zeros(2, 3), torch.zeros(2)), clean, 0, phase, semantics
    ).total
    # (2x - x)^2 over (2x)^2: a quarter of the second picture's power over the mean of both
    power = clean.square().mean((1, 2, 3))
    assert float(found.detach()) == pytest.approx(
        3 * 0.25 * float(power[1] / power.mean()) / 2, rel=1e-4
    )
    (slope,) = torch.autograd.grad(found, decoded)
    assert float(slope[0].abs().max()) < 1e-8 < float(slope[1].abs().max())
    none = stage_loss((decoded, torch.zeros(2, 3), torch.zeros(2)), clean, 2, phase, semantics)
    assert float(none.total.detach()) < 1e-4


def test_matched_maps_count_in_the_held_out_objective() -> None:
    figures = [
        StageFigures(k, 0.5, 30.0, 0.0, (), (), feature_distance=d)
        for k, d in enumerate((0.4, 0.2))
    ]
    phase = Phase(name="p", steps=1, lambdas=(1e-9,) * 2, feature_weights=(3.0, 1.0))
    assert objective(figures, phase, [0, 1]) == pytest.approx(0.5 + (3 * 0.4 + 0.2) / 2)
    semantics = Semantics(pixel_maps(), small_hierarchy())
    clean = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    assert float(semantics.feature_distance(clean * 0.5, clean)) == pytest.approx(0.25, rel=1e-5)


def test_a_stage_a_picture_is_the_mean_of_pictures_alone() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 3, 64, 64, generator=generator)
    decoded = (images + 0.1 * torch.randn(images.shape, generator=generator)).clamp(0, 1)
    phase = Phase(
        name="p",
        steps=1,
        lambdas=LAMBDAS,
        rate_weights=(2.0, 1.0, 0.5),
        stage_weights=(3.0, 1.0, 0.25),
        gammas=(1.0, 0.5, 0.25),
        fine_gammas=(0.0, 0.5, 0.5),
        label_share=0.5,
    )
    labels = torch.tensor([-1, 4, -1])
    bits = torch.tensor([4096.0, 8192.0, 1000.0])
    stages, whole = torch.tensor([2, 0, 1]), torch.tensor([True, True, False])
    together = stage_loss(
        (decoded, torch.zeros(3, 3), bits), images, stages, phase, semantics, labels, whole=whole
    )
    alone = [
        stage_loss(
            (decoded[n : n + 1], torch.zeros(1, 3), bits[n : n + 1]),
            images[n : n + 1],
            int(stages[n]),
            phase,
            semantics,
            labels[n : n + 1],
            whole=bool(whole[n]),
        )
        for n in range(3)
    ]
    expected = sum(float(parts.total) for parts in alone) / 3
    assert float(together.total) == pytest.approx(expected, rel=1e-5)


def test_several_stages_may_serve_one_level() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    phase = Phase(name="p", steps=1, lambdas=(0.001,) * 5, gammas=(1.0,) * 5)
    found = [
        float(
            stage_loss(
                output(images, 0.0), images, stage, phase, semantics, levels=(0, 0, 1, 1, 2)
            ).cross_entropy
        )
        for stage in range(5)
    ]
    posterior = semantics.posterior(semantics.classifier.logits(images))
    target = semantics.prepared_target(images)
    levels = [float(semantics.cross_entropy(posterior, target, level)) for level in range(3)]
    assert found == pytest.approx([levels[0], levels[0], levels[1], levels[1], levels[2]])


def test_a_semantic_gradient_is_bounded_by_that_of_the_distortion_picture_by_picture() -> None:
    semantics = Semantics(small_classifier(), small_hierarchy())
    generator = torch.Generator().manual_seed(2)
    clean = torch.rand(3, 3, 64, 64, generator=generator)
    noise = torch.tensor([0.02, 0.1, 0.3]).view(3, 1, 1, 1)
    decoded = (clean + noise * torch.randn(clean.shape, generator=generator)).clamp(0, 1)

    def gradient(gamma: float, share: float, weight: float = 1.0) -> torch.Tensor:
        phase = Phase(
            name="p",
            steps=1,
            lambdas=(0.001,) * 3,
            gammas=(gamma,) * 3,
            semantic_share=share,
            stage_weights=(weight,) * 3,
        )
        moving = decoded.clone().requires_grad_()
        result = stage_loss(output(moving, 0.0), clean, torch.tensor([0, 1, 2]), phase, semantics)
        result.total.backward()
        assert moving.grad is not None
        return moving.grad

    distortion = gradient(0.0, 0.0)
    whole = gradient(1e7, 0.0) - distortion
    bounded = gradient(1e7, 0.5) - distortion
    lengths = bounded.flatten(1).norm(dim=1) / distortion.flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((3,), 0.5), rtol=1e-3, atol=0)
    cosine = torch.nn.functional.cosine_similarity(bounded.flatten(1), whole.flatten(1))
    torch.testing.assert_close(cosine, torch.ones(3), rtol=1e-3, atol=0)
    tiny = gradient(1e-6, 0.5) - distortion  # below the bound nothing changes
    torch.testing.assert_close(tiny, gradient(1e-6, 0.0) - distortion)
    torch.testing.assert_close(gradient(1e7, 0.5, 2.0), 2 * (distortion + bounded))


def test_both_pictures_are_shown_in_the_same_view() -> None:
    torch.manual_seed(0)
    phase = Phase(name="p", steps=1, lambdas=LAMBDAS, view_share=0.5)
    images = torch.rand(2, 3, 96, 96)
    sizes = set()
    for _ in range(20):
        clean, decoded = _views(phase, images, images)
        assert torch.equal(clean, decoded)
        sizes.add(clean.shape[-1])
    assert sizes == {64, 96}
