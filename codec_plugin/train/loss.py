"""The training objective of a batch: rate, distortion and a classifier's terms."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from codec_plugin.classifiers.semantics import Semantics, of_stage
from codec_plugin.classifiers.view import View
from codec_plugin.train.settings import Phase

__all__ = ["LossParts", "stage_loss"]


class LossParts(NamedTuple):
    """One stage's objective and its terms, each averaged over the batch.

    Attributes:
        total: the scalar to minimise.
        rate_bpp: bits per pixel of what was decoded.
        mse: mean squared error, pixels in 0..1.
        cross_entropy: at the stage's own level, nats; 0 where it was not computed.
    """

    total: Tensor
    rate_bpp: Tensor
    mse: Tensor
    cross_entropy: Tensor


def stage_loss(
    output: tuple[Tensor, Tensor, Tensor],
    images: Tensor,
    stage: int | Tensor,
    phase: Phase,
    semantics: Semantics | None = None,
    labels: Tensor | None = None,
    *,
    whole: bool | Tensor = True,
    levels: Sequence[int] = (),
) -> LossParts:
    """Objective of one stage: v·(w·R + λ·255²·MSE + semantic terms), averaged over the batch.

    R is the rate of everything that the stage needs, so that stages compete fairly for bits.

    Args:
        output: decoded crops (B, 3, S, S), whole-stage bits, and bits (B,) of what was decoded.
        images: clean crops (B, 3, S, S) in 0..1; S may be smaller than the decoded side.
        stage: 0-based; one for all or one a picture, int64 (B,) on the host.
        phase: weights.
        semantics: needed where the phase is semantic.
        labels: (B,) class numbers, -1 where there is none; none at all leaves them out.
        whole: all of the stage's block arrived, for all or a picture, bool (B,); until it has, the
            picture still serves the level of the stage before.
        levels: level that each stage serves; empty means one a stage.
    Source: the paper, section 4, with the first term made cumulative.
    """
    count, device = len(images), images.device
    # Stages stay where they were drawn, on the host: a GPU is then never waited for.
    stage = torch.as_tensor(stage).expand(count)
    decoded = output[0][..., : images.shape[-2], : images.shape[-1]].float()
    pixels = images.shape[-2] * images.shape[-1]
    rate = output[2] / pixels
    mse = (decoded - images).square().mean((1, 2, 3))
    lagrangian = of_stage(phase.lambdas, stage, device)
    own = of_stage(phase.per_stage("rate_weights", 1.0), stage, device) * rate
    own = own + lagrangian * 255**2 * mse
    entropy = mse.new_zeros(())
    if semantics is not None and phase.semantic:
        known = torch.full((count,), -1, device=device) if labels is None else labels
        served = (stage - (~torch.as_tensor(whole)).long()).clamp_min(0)
        slope = 2 * lagrangian * 255**2 / images[0].numel()
        last = semantics.hierarchy.n_levels - 1
        levels = levels or [min(k, last) for k in range(len(phase.lambdas))]
        terms = _semantic_terms(semantics, phase, images, decoded, known, served, levels, slope)
        if terms is not None:
            rows, extra, entropy = terms
            own = own.index_add(0, rows, extra)
    total = (of_stage(phase.per_stage("stage_weights", 1.0), stage, device) * own).mean()
    return LossParts(total, rate.detach().mean(), mse.detach().mean(), entropy)


def _semantic_terms(
    semantics: Semantics,
    phase: Phase,
    images: Tensor,
    decoded: Tensor,
    labels: Tensor,
    stage: Tensor,
    levels: Sequence[int],
    slope: Tensor,
) -> tuple[Tensor, Tensor, Tensor] | None:
    """What the classifier adds to each picture; none where no picture's stage asks it.

    Args:
        stage: (B,) that each picture serves, on the host.
        slope: (B,) gradient of the distortion term over the error of a pixel.
    Returns:
        Numbers (n,) of the pictures that are judged, their terms (n,), and their mean
        cross-entropy at their stage's level.
    """
    weights = phase.semantic_weights
    asked = torch.tensor(weights.stages)[stage].nonzero()[:, 0]
    if not len(asked):
        return None
    rows = asked.to(images.device)
    level = torch.tensor(levels)[stage[asked]]
    clean, shown = _views(phase, images[rows], decoded[rows].clamp(0, 1))
    with_features = any(weights.feature_weights)
    target = semantics.target(
        clean, labels[rows], label_share=phase.label_share, with_features=with_features
    )
    extra, own_level = semantics.loss(shown, target, weights, stage[asked], level)
    if phase.semantic_share:
        pull = (decoded - images).detach() * slope.view(-1, 1, 1, 1)
        extra = _bounded(extra, decoded, rows, pull[rows], phase.semantic_share)
    return rows, extra, own_level.detach().mean()


def _views(phase: Phase, clean: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor]:
    """The same random square of both, at a random size, mirrored half the time.

    What a network recognises in one view only is often nothing that others recognise.
    """
    if phase.view_share >= 1:
        return clean, decoded
    side = clean.shape[-1]
    shares = phase.view_share + (1 - phase.view_share) * torch.rand(2)
    inner = max(1, round(float(shares[0]) * side))
    top, left = (int(torch.randint(side - inner + 1, ())) for _ in range(2))
    size = 32 * max(1, round(float(shares[1]) * side / 32))
    view = View(top, left, inner, float(torch.rand(())) < 0.5, size)
    return view.of(clean), view.of(decoded)


def _bounded(extra: Tensor, decoded: Tensor, rows: Tensor, pull: Tensor, share: float) -> Tensor:
    """`extra` (n,) whose gradient on each picture is at most `share` times as long as `pull`.

    A classifier's gradient on few crops is mostly noise, and long where it errs: bounded picture by
    picture, it cannot drown rate and distortion, whatever its weight.

    Args:
        decoded: (B, 3, S, S) that `extra` was computed from.
        rows: pictures of the batch that `extra` belongs to.
        pull: (n, 3, S, S) gradient of the distortion term on them.
    """
    (slope,) = torch.autograd.grad(extra.sum(), decoded, retain_graph=False)
    slope = slope[rows]
    length = slope.flatten(1).norm(dim=1)
    scale = (share * pull.flatten(1).norm(dim=1) / length.clamp_min(1e-12)).clamp_max(1.0)
    carried = (decoded[rows] * (slope * scale.view(-1, 1, 1, 1))).sum((1, 2, 3))
    bounded: Tensor = extra.detach() + carried - carried.detach()
    return bounded
