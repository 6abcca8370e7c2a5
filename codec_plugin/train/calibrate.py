"""What a checkpoint needs beyond weights: tables fitted to real symbols, prices of errors."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from codec_plugin.channel_layout import RATIO
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.entropy.cdf_tables import CodingTables, Floats
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.latent_codec.latent_codec import LatentCodec
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.validate import pad_to_stride

__all__ = ["error_costs", "fitted_tables"]

_PROBES = 8  # photographs that errors are followed through
_CAUTION = 2.5  # at 1, files shrink along their curve; at 2.5 they gain a tenth of a decibel on it
_PSEUDO_COUNT = 64.0  # symbols' worth of the Gaussian in each fitted table


def error_costs(
    model: ProgressiveModel,
    images: Sequence[Tensor],
    lambdas: Sequence[float],
    semantics: Semantics | None = None,
    feature_weights: Sequence[float] = (),
) -> tuple[tuple[float, ...], ...]:
    """Bits that a squared error of one step is worth, per block and channel.

    An error of e steps in channel c raises the squared error of the decoded picture by
    e² · ‖∂x̂/∂y_c‖², whose mean over positions a random projection estimates; λ_j of every stage j
    at which that version of the channel is the newest turns it into bits; 2.5 times their mean is
    charged, and three times as much for each finer version to come: what a coarse one spares, the
    finer ones must code. Where a stage was trained to keep a classifier's inner maps m, their
    distance rises by e² · ‖∂m/∂y_c‖² over their power, which is charged likewise; the maps then say
    what early errors cost, and no more is charged for pixels.

    Args:
        model: in evaluation mode, on the CPU.
        images: photographs (3, H, W) in 0..1.
        lambdas: λ of each stage in R [bpp] + λ·255²·MSE + φ·(distance of inner maps).
        semantics: whose inner maps; none leaves them out.
        feature_weights: φ of each stage; empty means 0.
    Source: Hutchinson 1990 (the projection).
    """
    blocks = model.config.blocks
    totals = [torch.zeros(width) for width in blocks]
    layout = model.config.layout
    with_maps = semantics is not None and any(feature_weights)
    dear = [
        1.0 if with_maps else RATIO ** torch.tensor(layout.versions_after(k), dtype=torch.float32)
        for k in range(len(blocks))
    ]
    served = [torch.tensor(layout.stages_newest(k)) for k in range(len(blocks))]
    generator, of_maps = (torch.Generator().manual_seed(seed) for seed in (0, 1))
    # Evenly spaced: neighbours in a folder are often of a kind.
    count = min(_PROBES, len(images))
    probes = [images[n * len(images) // count] for n in range(count)]
    for image in probes:
        padded = pad_to_stride(image[None])
        with torch.no_grad():
            latents = model.quantise(padded)
        for stage in range(len(blocks)):
            own = [y_hat.clone().requires_grad_(True) for y_hat in latents.y_hat[: stage + 1]]
            known = torch.zeros_like(own[0][:, :1]).repeat(1, len(blocks), 1, 1)
            known[:, : stage + 1] = 1
            x_hat = model.synthesis(model.fill(latents.hyper, own), known)
            probe = torch.randn(x_hat.shape, generator=generator)
            matched = feature_weights[stage] if feature_weights else 0.0
            in_pixels = (x_hat * probe).sum()
            gradients = torch.autograd.grad(in_pixels, own, retain_graph=bool(matched))
            for k, gradient in enumerate(gradients):
                power = gradient.square().mean((0, 2, 3))
                totals[k] += dear[k] * lambdas[stage] * 255**2 / 3 * power / served[k]
            if matched and semantics is not None:
                in_maps = _projected_maps(semantics, x_hat, padded, of_maps)
                pixels = padded[0, 0].numel()
                for k, gradient in enumerate(torch.autograd.grad(in_maps, own)):
                    power = gradient.square().mean((0, 2, 3))
                    totals[k] += matched * pixels * power / served[k]
    scale = _CAUTION / len(probes)
    return tuple(tuple(round(float(v), 4) for v in scale * total) for total in totals)


def _projected_maps(
    semantics: Semantics, decoded: Tensor, clean: Tensor, generator: torch.Generator
) -> Tensor:
    """Scalar whose squared gradient is in the mean that of the distance of the inner maps."""
    with torch.no_grad():
        wanted = semantics.inner_maps(clean)
    found = semantics.inner_maps(decoded)
    terms = [
        (a.float() * torch.randn(a.shape, generator=generator)).sum()
        / (a.numel() * b.float().square().mean() * len(found)).sqrt()
        for a, b in zip(found, wanted, strict=True)
    ]
    return torch.stack(terms).sum()


def fitted_tables(
    model: ProgressiveModel,
    exact: ExactEntropy,
    images: Sequence[Tensor],
    costs: tuple[tuple[float, ...], ...] = (),
) -> CodingTables:
    """Tables of the scales as the symbols of `images` fall, symmetric, near the Gaussians.

    The network learns its scales from noise, which is wider than what rounding leaves, and weighing
    bits against errors makes zeros likelier still; the tables make good for both. A scale that few
    symbols use stays a Gaussian.

    Args:
        images: photographs (3, H, W) in 0..1.
        costs: of errors, as the encoder will weigh them.
    """
    refines = model.config.layout.refines
    tables = CodingTables.from_prior(model.entropy.prior, refines=refines)
    for _ in range(2):  # the second time, the encoder weighs the bits of fitted tables
        coder = LatentCodec(model.config, exact, tables, costs)
        counts: list[Floats] = [np.zeros(1)] * tables.n_scales
        for image in images:
            with torch.no_grad():
                y = model.latent(pad_to_stride(image[None]))
                z = model.side_information(y)
            for _, passes in coder.coded(y, z):
                for symbols, index in passes:
                    _count(counts, symbols.abs().reshape(-1), index.reshape(-1))
        tables = tables.refitted(counts, _PSEUDO_COUNT)
    return tables


def _count(counts: list[Floats], magnitude: Tensor, index: Tensor) -> None:
    """Add magnitudes to the histogram of their scale, each as long as it must be."""
    for scale in torch.unique(index).tolist():
        seen = np.bincount(magnitude[index == scale].numpy(), minlength=len(counts[scale]))
        seen = seen.astype(np.float64)
        seen[: len(counts[scale])] += counts[scale]
        counts[scale] = seen
