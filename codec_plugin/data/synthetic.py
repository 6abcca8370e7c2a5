"""Synthetic pictures: flat areas, gradients, shapes and text, which photographs seldom show."""

import string

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from codec_plugin.data.crops import Batch, CropSource, Pixels
from codec_plugin.data.image_labels import UNLABELLED

__all__ = ["SyntheticMix", "synthetic_picture"]

_PRIMARIES = (0, 255)  # half of all colours are corners of the cube: pure red, white, black, …


class SyntheticMix:
    """Crops of another source, a share of them replaced by synthetic ones without a class.

    Args:
        source: of the other crops.
        share: of crops that are replaced, 0..1, on average.
        seed: of the draws; step s is a pure function of seed, rank and s.
        rank: of this process, so that processes draw differently.
    """

    def __init__(self, source: CropSource, share: float, *, seed: int, rank: int = 0) -> None:
        self.source, self.share = source, share
        self.seed, self.rank = seed, rank
        self.broken = source.broken

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """`size` crops of `crop` × `crop` pixels for an optimiser step."""
        images, labels = self.source.batch(step, size, crop)
        rng = np.random.default_rng((self.seed, self.rank, step, 1))
        for place in np.flatnonzero(rng.random(len(images)) < self.share).tolist():
            pixels = torch.from_numpy(synthetic_picture(rng, images.shape[2])).permute(2, 0, 1)
            images[place] = pixels.to(images.device, non_blocking=True).float() / 255
            labels[place] = UNLABELLED
        return Batch(images, labels)


def synthetic_picture(rng: np.random.Generator, side: int = 256) -> Pixels:
    """One picture (side, side, 3): flat, a gradient, shapes on a ground, or a page of text.

    A codec that saw photographs alone draws waves on flat areas and at their borders.
    """
    kind = rng.choice(["flat", "gradient", "shapes", "text"], p=[0.3, 0.2, 0.25, 0.25])
    ground = Image.new("RGB", (side, side), _colour(rng))
    draw = ImageDraw.Draw(ground)
    if kind == "gradient":
        return _gradient(rng, side)
    if kind == "shapes":
        for _ in range(int(rng.integers(1, 12))):
            left, top = rng.integers(-side // 4, side, 2)
            width, height = rng.integers(4, side, 2)
            shape = draw.rectangle if rng.random() < 0.7 else draw.ellipse
            shape((int(left), int(top), int(left + width), int(top + height)), fill=_colour(rng))
    if kind == "text":
        _write(draw, rng, side)
    return np.array(ground)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    corner = rng.random() < 0.5
    red, green, blue = rng.choice(_PRIMARIES, 3) if corner else rng.integers(0, 256, 3)
    return int(red), int(green), int(blue)


def _gradient(rng: np.random.Generator, side: int) -> Pixels:
    """From one colour to another along a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:side, 0:side]
    along = np.cos(angle) * columns + np.sin(angle) * rows
    share = (along - along.min()) / max(np.ptp(along), 1e-9)
    first, second = np.array(_colour(rng)), np.array(_colour(rng))
    gradient: Pixels = np.rint(first + share[..., None] * (second - first)).astype(np.uint8)
    return gradient


def _write(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    """Lines of random words, dark on the ground or light where the ground is dark."""
    size = int(rng.integers(9, 28))
    font = ImageFont.load_default(size)
    ink = _colour(rng)
    for top in range(int(rng.integers(0, size)), side, int(1.4 * size)):
        letters = rng.choice([*string.ascii_letters, *string.digits, " ", " ", " "], 80)
        draw.text((int(rng.integers(0, size)), top), "".join(letters), fill=ink, font=font)
