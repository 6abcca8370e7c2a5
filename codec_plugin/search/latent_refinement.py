"""Fit the latent of one picture to an objective: slower encoding, the same decoder."""

from __future__ import annotations

import math
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import functional

from codec_plugin.classifiers.semantics import Semantics, Target
from codec_plugin.classifiers.view import View
from codec_plugin.entropy.channel_groups import Parameters, gaussian_bits
from codec_plugin.entropy.scale_table import scale_index, sigma_from_raw
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import STRIDE, Latents
from codec_plugin.tiles import HYPER_STRIDE, LATENT_STRIDE, tiles
from codec_plugin.utils.precision import multiplies_bfloat16

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.latent_codec.rdo_quantization import Quantiser
    from codec_plugin.models.progressive import ProgressiveModel
    from codec_plugin.search.objective import Objective

__all__ = ["SEARCHED_PRICE", "refine"]

SEARCHED_PRICE = 0.4
"""Share of an error's usual cost in bits in blocks that are searched: the search mends errors that
matter, so that more symbols can be spared."""

_PIECE = 64  # latent positions: of 1024 pixels the gradients take 2 GiB
_STEP = 0.1  # of Adam at first, in quantiser steps
_EMPHASIS = 2.0  # on classes, over the record of the checkpoint: a few steps then do
_CALM = 1.0  # Adam's ε over the root mean square gradient: elements that matter little stay put
_LAST_STEP = 0.2  # share of it at the end
_VIEW_SHARE = 0.875  # side of a random view over the picture's shorter side
_SEEN_SIDES = (144, 160, 176)  # pixels at which classifiers see a view: smaller is cheaper


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
    one view only is often nothing that others recognise. Each step serves the first level and one
    of the others in turn. Pictures above 1024 pixels are refined in pieces of that size, each for
    rate and distortion only.

    Args:
        model: in evaluation mode.
        pixels: (1, 3, H, W) uint8 or float in 0..1, padded.
        y, z: of the analysis, not rounded.
        objective: weights, and who should recognise the picture.
        steps: gradient steps.
        quantiser: how the encoder chooses symbols.
        stages: how many stages are served; of these the ones at which a level ends, and the last.
    Raises:
        ConfigError: the checkpoint names no trade-offs.
    Source: Campos et al. 2019, "Content adaptive optimization for neural image compression".
    """
    if len(objective.lambdas) != model.config.n_blocks:
        raise ConfigError("effort needs a checkpoint that names the λ of each stage")
    stages = model.config.n_blocks if stages is None else stages
    refined = y.clone()
    pieces = list(tiles(y.shape[2], y.shape[3], _PIECE, 0))
    semantics = objective.semantics if len(pieces) == 1 else None
    quick = _quick(model)
    for tile in pieces:
        x = tile.read(pixels, LATENT_STRIDE)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        rows = slice(tile.top // HYPER_STRIDE, tile.bottom // HYPER_STRIDE)
        columns = slice(tile.left // HYPER_STRIDE, tile.right // HYPER_STRIDE)
        z_hat = torch.round(z[:, :, rows, columns])
        search = _Search(quick, x, z_hat, objective, semantics, stages, quantiser)
        tile.write(refined, search.run(tile.read(y), steps))
    return refined


_QUICK: WeakKeyDictionary[ProgressiveModel, ProgressiveModel] = WeakKeyDictionary()


def _quick(model: ProgressiveModel) -> ProgressiveModel:
    """A copy of the model whose weights lie channels last: half the time of a gradient step."""
    if model not in _QUICK:
        _QUICK[model] = deepcopy(model).to(memory_format=torch.channels_last)
    return _QUICK[model]


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
        self.model, self.x, self.objective = model, x, objective
        ends = [end for end in objective.ends if end < stages]
        self.served = sorted({*ends, stages - 1})
        asked = any(any(objective.weights(k)[2:]) for k in self.served)
        self.semantics = semantics if asked else None
        self.random = torch.Generator().manual_seed(0)  # the same file from the same picture
        self.low_precision = multiplies_bfloat16()
        with torch.no_grad():
            self.hyper = model.entropy.hyper(z_hat)

    def run(self, y: Tensor, steps: int) -> Tensor:
        """The better of y and of y after `steps` steps."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.low_precision):
            return self._descend(y, steps)

    def _descend(self, y: Tensor, steps: int) -> Tensor:
        with torch.no_grad():
            before = float(self.loss(y, self.served, None))
        moving = y.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([moving], lr=_STEP, eps=_CALM)
        scale = 0.0
        first, *others = self.served
        for step in range(steps):
            fall = 0.5 * (1 + math.cos(math.pi * step / steps))
            optimiser.param_groups[0]["lr"] = _STEP * (_LAST_STEP + (1 - _LAST_STEP) * fall)
            next_stage = [others[step % len(others)]] if others else []
            view = self.view() if self.semantics else None
            loss = self.loss(moving, [first, *next_stage], view, len(others))
            (grad,) = torch.autograd.grad(loss, moving)
            # Blocks that are not served have no gradient and no say in the scale.
            scale = scale or float(grad.norm() / max(1, int(grad.count_nonzero())) ** 0.5) or 1.0
            moving.grad = grad / scale
            optimiser.step()
        moved = moving.detach()
        with torch.no_grad():
            return moved if float(self.loss(moved, self.served, None)) <= before else y

    def view(self) -> View:
        """A random square of the picture, at a random size, mirrored half the time."""
        height, width = self.x.shape[2:]
        side = max(1, int(_VIEW_SHARE * min(height, width)))
        top, left, mirrored, size = (
            int(torch.randint(limit, (), generator=self.random))
            for limit in (height - side + 1, width - side + 1, 2, len(_SEEN_SIDES))
        )
        return View(top, left, side, bool(mirrored), _SEEN_SIDES[size])

    def loss(
        self, y: Tensor, stages: Sequence[int], view: View | None, share: float = 1.0
    ) -> Tensor:
        """The objective of some stages, seen through a view; none is the whole picture.

        Args:
            share: how often the stages after the first are counted, as they come in turn.
        """
        latents = self._latents(y, max(stages) + 1)
        area = self.x.shape[2] * self.x.shape[3]
        target = self._target(view)
        rates = torch.stack([bits.sum() for bits in latents.y_bits]).cumsum(0) / area
        total = self.x.new_zeros(())
        for stage in stages:
            weight, lagrangian, _, _ = self.objective.weights(stage)
            y_hat, known = self._arrived(latents, stage)
            decoded = self.model.synthesis(
                y_hat.contiguous(memory_format=torch.channels_last), known
            ).float()
            distortion = functional.mse_loss(decoded, self.x)
            own = weight * rates[stage] + lagrangian * 255**2 * distortion
            if target is not None:
                own = own + self._cross_entropy(decoded.clamp(0, 1), view, stage, target)
            total = total + (1.0 if stage == self.served[0] else share) * own
        return total

    def _arrived(self, latents: Latents, stage: int) -> tuple[Tensor, Tensor]:
        """ŷ (1, M, h, w) and known (1, n_blocks, h, w) of the decoder after a stage.

        Versions and channels that have not arrived are filled. A filled version moves with the
        coarser one that it stands for; what networks add to it passes no gradient, which would
        take a seventh of the time and finds no more.
        """
        with torch.no_grad():
            y_hat, known, _ = self.model.cut(latents, stage)
        layout, factors = self.model.config.layout, self.model.factors
        arrived = list(layout.latest(stage + 1))
        newest = layout.latest(self.model.config.n_blocks)
        filled = [newest[layout.sources[channel]] for channel in arrived]
        value = torch.cat(latents.y_hat[: stage + 1], 1)[:, arrived]
        moves = (value - value.detach()) * (factors[:, filled] / factors[:, arrived])
        return y_hat.index_add(1, torch.tensor(filled), moves.to(y_hat)), known

    def _target(self, view: View | None) -> Target | None:
        """The classifier's answer to the same view of the picture."""
        if self.semantics is None:
            return None
        with torch.no_grad():
            return Target(self._answer(self.semantics, self.x, view), [])

    def _answer(self, semantics: Semantics, pixels: Tensor, view: View | None) -> Tensor:
        if view is None:
            return semantics.posterior(semantics.classifier(pixels))
        return semantics.posterior(semantics.classifier.logits(view.of(pixels)))

    def _cross_entropy(
        self, decoded: Tensor, view: View | None, stage: int, target: Target
    ) -> Tensor:
        """Weighted cross-entropies of a stage against the classifier's answer to the picture."""
        _, _, own, finest = self.objective.weights(stage)
        if self.semantics is None or not (own or finest):
            return decoded.new_zeros(())
        last = self.semantics.hierarchy.n_levels - 1
        level = min(self.objective.levels[stage], last)
        posterior = self._answer(self.semantics, decoded, view)
        wrong = own * self.semantics.cross_entropy(posterior, target, level)
        wrong = wrong + finest * self.semantics.cross_entropy(posterior, target, last)
        return _EMPHASIS * wrong

    def _latents(self, y: Tensor, stages: int) -> Latents:
        """Blocks of the first stages; those after them are filled, not coded."""
        y_hat: list[Tensor] = []
        parameters: list[Parameters] = []
        y_bits: list[Tensor] = []
        blocks = torch.split(y, list(self.model.config.blocks), 1)
        for k, y_k in enumerate(blocks[:stages]):
            block, quantised = self.model.entropy.scan(
                k, self.hyper, y_hat, partial(self._settled, k, y_k)
            )
            y_bits.append(gaussian_bits(quantised - block.mean, block.raw_scale))
            y_hat.append(quantised)
            parameters.append(block)
        return Latents(self.hyper, tuple(y_hat), tuple(parameters), y.new_zeros(1), tuple(y_bits))

    def _settled(self, k: int, y_k: Tensor, block: Parameters, _pass_index: int) -> Tensor:
        residual = y_k - block.mean
        index = scale_index(sigma_from_raw(block.raw_scale.detach()))
        symbols = self.quantiser(k, residual.detach(), index).to(residual.dtype)
        return residual + (symbols - residual).detach() + block.mean
