"""Quality of a decoded picture."""

import torch
from pytorch_msssim import ms_ssim as five_scales
from torch import Tensor

__all__ = ["ms_ssim", "psnr_db"]

MS_SSIM_SIDE = 161
"""Shortest side for five scales of an 11 × 11 window."""


def psnr_db(image: Tensor, decoded: Tensor) -> float:
    """Peak signal to noise of 8-bit pictures: `image`, `decoded` (3, H, W) in 0..1; cap 100 dB."""
    mse = (image.double() - decoded.double()).square().mean()
    return min(100.0, float(-10 * torch.log10(mse.clamp_min(1e-10))))


def ms_ssim(image: Tensor, decoded: Tensor) -> float:
    """Multi-scale structural similarity in 0..1; not a number where a side is below 161.

    Source: Wang, Simoncelli & Bovik 2003.
    """
    if min(image.shape[-2:]) < MS_SSIM_SIDE:
        return float("nan")
    return float(five_scales(image[None], decoded[None], data_range=1.0))
