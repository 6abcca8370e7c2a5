"""Fit the latent of one picture to the training objective: slower encoding, the same decoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from codec_plugin.entropy.blocks import Parameters, gaussian_bits
from codec_plugin.entropy.scales import scale_index, sigma_from_raw
from codec_plugin.errors import ConfigError, HierarchyMismatchError
from codec_plugin.hierarchy import levels_of_stages
from codec_plugin.model import STRIDE, Latents
from codec_plugin.tiling import HYPER_STRIDE, LATENT_STRIDE, TILE, tiles

if TYPE_CHECKING:
    from codec_plugin.checkpoint import CheckpointMeta
    from codec_plugin.model import ProgressiveModel
    from codec_plugin.quantise import Quantiser
    from codec_plugin.train.loss import Semantics, Target

__all__ = ["SEARCHED_PRICE", "Objective", "refine", "training_objective"]

SEARCHED_PRICE = 0.4
"""Share of an error's usual cost in bits in blocks that are searched: the search mends errors that
matter, so that more symbols can be spared."""

_STEP = 0.1  # of Adam at first, in quantiser steps
_CALM = 1.0  # Adam's ε over the root mean square gradient: elements that matter little stay put
_LAST_STEP = 0.2  # share of it at the end
_VIEW_SHARE = 0.875  # side of a random view over the picture's shorter side


@dataclass(frozen=True)
class Objective:
    """What is lowered: Σ over stages of w·R [bpp] + λ·255²·MSE + γ·CE(own level) + φ·CE(finest).

    Args:
        lambdas: λ of each stage.
        rate_weights: w of each stage; empty means 1.
        gammas: γ of each stage; empty means 0.
        fine_gammas: φ of each stage; empty means 0.
        semantics: classifier and hierarchy of the cross-entropies; none leaves them out.
        levels: level of the hierarchy that each stage serves; empty means one a stage.
    """

    lambdas: tuple[float, ...]
    rate_weights: tuple[float, ...] = ()
    gammas: tuple[float, ...] = ()
    fine_gammas: tuple[float, ...] = ()
    semantics: Semantics | None = None
    levels: tuple[int, ...] = ()

    def weights(self, stage: int) -> tuple[float, float, float, float]:
        """w, λ, γ and φ of a stage."""
        return (
            self.rate_weights[stage] if self.rate_weights else 1.0,
            self.lambdas[stage],
            self.gammas[stage] if self.gammas else 0.0,
            self.fine_gammas[stage] if self.fine_gammas else 0.0,
        )


def training_objective(
    meta: CheckpointMeta, classifier: str = "", hierarchy: str = ""
) -> Objective:
    """What a checkpoint was trained for.

    Args:
        meta: the checkpoint's description of itself.
        classifier: who should recognise the picture; "" is the one it was trained with, "none"
            leaves rate and distortion only.
        hierarchy: label map file or shipped name; "" is the one it was trained for.
    Raises:
        ClassifierError: the classifier's weights cannot be had.
        HierarchyMismatchError: the label map cannot be read, or is not the checkpoint's.
    """
    classifier = classifier or meta.classifier or "none"
    if classifier == "none":
        return Objective(meta.lambdas, meta.rate_weights)
    semantics = _semantics(classifier, hierarchy or meta.label_map_name)
    if semantics.hierarchy.id != meta.label_map_id:
        raise HierarchyMismatchError(
            f"the checkpoint was trained for label map {meta.label_map_id[:16]}…, "
            f"not {semantics.hierarchy.id[:16]}… ({semantics.hierarchy.name}); give its file"
        )
    levels = levels_of_stages(meta.level_ends, len(meta.lambdas)) if meta.level_ends else ()
    return Objective(
        meta.lambdas, meta.rate_weights, meta.gammas, meta.fine_gammas, semantics, levels
    )


@lru_cache(maxsize=2)  # a folder of pictures loads the classifier once
def _semantics(classifier: str, hierarchy: str) -> Semantics:
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.hierarchy import load_hierarchy
    from codec_plugin.train.loss import Semantics

    return Semantics(load_classifier(classifier), load_hierarchy(hierarchy))


def refine(
    model: ProgressiveModel,
    pixels: Tensor,
    y: Tensor,
    z: Tensor,
    objective: Objective,
    steps: int,
    quantiser: Quantiser,
    stages: int | None = None,
) -> Tensor:
    """Move y so that the objective falls; z stays.

    Symbols are chosen at each step as the encoder will choose them, and gradients pass straight
    through, so the objective is that of the bytes; where it has not fallen at the end, y is
    returned as it was. The classifier sees a random view at each step, for what it recognises in
    one view only is often nothing that others recognise. Pictures above 1024 pixels are refined
    in pieces of that size, each for rate and distortion only.

    Args:
        model: in evaluation mode.
        pixels: (1, 3, H, W) uint8 or float in 0..1, padded.
        y, z: of the analysis, not rounded.
        objective: weights, and who should recognise the picture.
        steps: gradient steps.
        quantiser: how the encoder chooses symbols.
        stages: how many stages are served.
    Raises:
        ConfigError: the checkpoint names no trade-offs.
    Source: Campos et al. 2019, "Content adaptive optimization for neural image compression".
    """
    if len(objective.lambdas) != model.config.n_blocks:
        raise ConfigError("effort needs a checkpoint that names the λ of each stage")
    stages = model.config.n_blocks if stages is None else stages
    refined = y.clone()
    pieces = list(tiles(y.shape[2], y.shape[3], TILE, 0))
    semantics = objective.semantics if len(pieces) == 1 else None
    for tile in pieces:
        x = tile.read(pixels, LATENT_STRIDE)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        rows = slice(tile.top // HYPER_STRIDE, tile.bottom // HYPER_STRIDE)
        columns = slice(tile.left // HYPER_STRIDE, tile.right // HYPER_STRIDE)
        z_hat = torch.round(z[:, :, rows, columns])
        search = _Search(model, x, z_hat, objective, semantics, stages, quantiser)
        tile.write(refined, search.run(tile.read(y), steps))
    return refined


class _Search:
    """Gradient descent on the latent of one piece."""

    def __init__(
        self,
        model: ProgressiveModel,
        x: Tensor,
        z_hat: Tensor,
        objective: Objective,
        semantics: Semantics | None,
        stages: int,
        quantiser: Quantiser,
    ) -> None:
        assert x.shape[2] % STRIDE == 0
        self.quantiser = quantiser
        self.model, self.x, self.objective, self.stages = model, x, objective, stages
        self.semantics = semantics
        self.random = torch.Generator().manual_seed(0)  # the same file from the same picture
        with torch.no_grad():
            self.hyper = model.entropy.hyper(z_hat)

    def run(self, y: Tensor, steps: int) -> Tensor:
        """The better of y and of y after `steps` steps."""
        with torch.no_grad():
            before = float(self.loss(y, None))
        moving = y.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([moving], lr=_STEP, eps=_CALM)
        scale = 0.0
        for step in range(steps):
            fall = 0.5 * (1 + math.cos(math.pi * step / steps))
            optimiser.param_groups[0]["lr"] = _STEP * (_LAST_STEP + (1 - _LAST_STEP) * fall)
            loss = self.loss(moving, self.view() if self.semantics else None)
            (grad,) = torch.autograd.grad(loss, moving)
            # Blocks that are not served have no gradient and no say in the scale.
            scale = scale or float(grad.norm() / max(1, int(grad.count_nonzero())) ** 0.5) or 1.0
            moving.grad = grad / scale
            optimiser.step()
        found = moving.detach()
        with torch.no_grad():
            return found if float(self.loss(found, None)) <= before else y

    def view(self) -> tuple[int, int, int, bool]:
        """Top, left and side of a random square of the picture, and whether it is mirrored."""
        height, width = self.x.shape[2:]
        side = max(1, int(_VIEW_SHARE * min(height, width)))
        top, left, mirrored = (
            int(torch.randint(limit, (), generator=self.random))
            for limit in (height - side + 1, width - side + 1, 2)
        )
        return top, left, side, bool(mirrored)

    def loss(self, y: Tensor, view: tuple[int, int, int, bool] | None) -> Tensor:
        """The objective, seen through a view; none is the whole picture."""
        latents = self._latents(y)
        area = self.x.shape[2] * self.x.shape[3]
        target = self._target(view)
        total = rate = self.x.new_zeros(())
        for stage in range(self.stages):
            weight, lagrangian, _, _ = self.objective.weights(stage)
            rate = rate + latents.y_bits[stage].sum() / area
            y_hat, known, _ = self.model.cut(latents, stage)
            decoded = self.model.synthesis(y_hat, known)
            distortion = functional.mse_loss(decoded, self.x)
            total = total + weight * rate + lagrangian * 255**2 * distortion
            if target is not None:
                seen = _seen(decoded.clamp(0, 1), view)
                total = total + self._surprise(seen, stage, target)
        return total

    def _target(self, view: tuple[int, int, int, bool] | None) -> Target | None:
        """The classifier's answer to the picture; none where no stage asks for it."""
        asked = any(any(self.objective.weights(k)[2:]) for k in range(self.stages))
        if self.semantics is None or not asked:
            return None
        return self.semantics.prepared_target(_seen(self.x, view))

    def _surprise(self, seen: Tensor, stage: int, target: Target) -> Tensor:
        """Weighted cross-entropies of a stage against the classifier's answer to the picture."""
        _, _, own, finest = self.objective.weights(stage)
        if self.semantics is None or not (own or finest):
            return seen.new_zeros(())
        last = self.semantics.hierarchy.n_levels - 1
        level = self.objective.levels[stage] if self.objective.levels else min(stage, last)
        posterior = self.semantics.posterior(self.semantics.classifier(seen))
        return own * self.semantics.cross_entropy(
            posterior, target, level
        ) + finest * self.semantics.cross_entropy(posterior, target, last)

    def _latents(self, y: Tensor) -> Latents:
        """Blocks of the served stages; those after them are filled, not coded."""
        y_hat: list[Tensor] = []
        parameters: list[Parameters] = []
        y_bits: list[Tensor] = []
        blocks = torch.split(y, list(self.model.config.blocks), 1)
        for k, y_k in enumerate(blocks[: self.stages]):
            block, found = self.model.entropy.scan(
                k, self.hyper, y_hat, partial(self._settled, k, y_k)
            )
            y_bits.append(gaussian_bits(found - block.mean, block.raw_scale))
            y_hat.append(found)
            parameters.append(block)
        return Latents(self.hyper, tuple(y_hat), tuple(parameters), y.new_zeros(1), tuple(y_bits))

    def _settled(self, k: int, y_k: Tensor, block: Parameters, turn: int) -> Tensor:
        residual = y_k - block.mean
        index = scale_index(sigma_from_raw(block.raw_scale.detach()))
        symbols = self.quantiser(k, residual.detach(), index).to(residual.dtype)
        return residual + (symbols - residual).detach() + block.mean


def _seen(pixels: Tensor, view: tuple[int, int, int, bool] | None) -> Tensor:
    if view is None:
        return pixels
    top, left, side, mirrored = view
    part = pixels[..., top : top + side, left : left + side]
    return part.flip(-1) if mirrored else part
