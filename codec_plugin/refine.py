"""Fit the latent of one picture to the training objective: slower encoding, the same decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from codec_plugin.entropy.blocks import Parameters, gaussian_bits
from codec_plugin.errors import ConfigError
from codec_plugin.model import STRIDE, Latents
from codec_plugin.tiling import HYPER_STRIDE, LATENT_STRIDE, TILE, tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.model import ProgressiveModel

__all__ = ["refine"]

_STEP = 0.02  # of Adam, in quantiser steps


def refine(
    model: ProgressiveModel,
    pixels: Tensor,
    y: Tensor,
    z: Tensor,
    lambdas: Sequence[float],
    steps: int,
    stages: int | None = None,
) -> Tensor:
    """Move y so that the sum over stages of R [bpp] + λ·255²·MSE falls; z stays.

    Rounding passes gradients straight through, so the objective is that of the bytes; the best
    latent seen is kept, the first one included: the result is never worse by this measure.
    Large pictures are refined in pieces of 1024 pixels.

    Args:
        model: in evaluation mode.
        pixels: (1, 3, H, W) uint8 or float in 0..1, padded.
        y, z: of the analysis, not rounded.
        lambdas: one a stage.
        steps: gradient steps.
        stages: how many stages will be written.
    Raises:
        ConfigError: the checkpoint names no trade-offs.
    Source: Campos et al. 2019, "Content adaptive optimization for neural image compression".
    """
    if len(lambdas) != model.config.n_blocks:
        raise ConfigError("effort needs a checkpoint that names the λ of each stage")
    refined = y.clone()
    for tile in tiles(y.shape[2], y.shape[3], TILE, 0):
        x = tile.read(pixels, LATENT_STRIDE)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        rows = slice(tile.top // HYPER_STRIDE, tile.bottom // HYPER_STRIDE)
        columns = slice(tile.left // HYPER_STRIDE, tile.right // HYPER_STRIDE)
        z_hat = torch.round(z[:, :, rows, columns])
        best = _refine_tile(model, x, tile.read(y), z_hat, list(lambdas)[:stages], steps)
        tile.write(refined, best)
    return refined


def _refine_tile(
    model: ProgressiveModel, x: Tensor, y: Tensor, z_hat: Tensor, lambdas: list[float], steps: int
) -> Tensor:
    assert x.shape[2] % STRIDE == 0
    moving = y.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([moving], lr=_STEP)
    best, best_loss = y, float("inf")
    for step in range(steps + 1):
        loss = _objective(model, x, moving, z_hat, lambdas)
        if float(loss.detach()) < best_loss:
            best, best_loss = moving.detach().clone(), float(loss.detach())
        if step < steps:
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return best


def _objective(
    model: ProgressiveModel, x: Tensor, y: Tensor, z_hat: Tensor, lambdas: list[float]
) -> Tensor:
    """Sum over stages of the rate up to the stage and λ times the distortion at it."""
    hyper = model.entropy.hyper(z_hat)
    y_hat: list[Tensor] = []
    parameters: list[Parameters] = []
    y_bits: list[Tensor] = []
    for k, y_k in enumerate(torch.split(y, list(model.config.blocks), 1)):
        block = model.entropy.block(k, hyper, y_hat)
        residual = y_k - block.mean
        rounded = residual + (torch.round(residual) - residual).detach()
        y_bits.append(gaussian_bits(rounded, block.raw_scale))
        y_hat.append(rounded + block.mean)
        parameters.append(block)
    latents = Latents(hyper, tuple(y_hat), tuple(parameters), x.new_zeros(1), tuple(y_bits))
    loss = rate = x.new_zeros(())
    for stage, weight in enumerate(lambdas):
        rate = rate + y_bits[stage].sum() / (x.shape[2] * x.shape[3])
        decoded, known, _ = model.cut(latents, stage)
        error = (model.synthesis(decoded, known) - x).square().mean()
        loss = loss + rate + weight * 255**2 * error
    return loss
