"""What every classifier shares: input geometry, normalisation, frozen weights, class keys."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.errors import ClassifierError

__all__ = ["Classifier", "imagenet_class_ids"]

CROP_RATIO = 0.875
"""Share of the shorter side that the centre crop keeps when an image must be resized."""


def imagenet_class_ids() -> tuple[str, ...]:
    """WordNet ids of the 1000 ImageNet classes in the standard order."""
    from timm.data import ImageNetInfo

    return tuple(ImageNetInfo("imagenet-1k").label_names())


class Classifier(nn.Module):
    """A frozen network with its own idea of input size and normalisation.

        image (B, 3, H, W) in 0..1 ─ prepare ─► centre crop, size S × S ─ logits ─► (B, C)

    Args:
        name: how the user asked for it.
        network: module from normalised pixels to (B, C) logits; it is frozen here.
        class_ids: C class keys in output order.
        input_size: side S of the square that the network was trained on.
        mean: subtracted from each of the three channels (0..1).
        std: divides each channel.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        network: nn.Module,
        class_ids: Sequence[str],
        *,
        input_size: int,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__()
        self.name = name
        self.class_ids = tuple(class_ids)
        self.input_size = input_size
        self.network = network.eval().float()  # whatever torch's default type is
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> "Classifier":
        """Stay in evaluation mode whatever a training loop asks of the modules around it."""
        return super().train(False)

    def prepare(self, images: Tensor) -> Tensor:
        """Bring images (B, 3, H, W) of any size to (B, 3, S, S).

        A shorter side of S to S / 0.875 is only cropped, since the photographs used here are
        already at that scale; anything else is first resized so that the crop keeps 0.875 of it.
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise ClassifierError(f"images must be (B, 3, H, W) in 0..1; got {tuple(images.shape)}")
        size = self.input_size
        shorter = min(images.shape[-2:])
        if not size <= shorter <= size / CROP_RATIO + 1:
            factor = size / CROP_RATIO / shorter
            target = [max(size, round(side * factor)) for side in images.shape[-2:]]
            images = functional.interpolate(
                images, target, mode="bicubic", antialias=True, align_corners=False
            ).clamp(0, 1)
        top, left = ((side - size) // 2 for side in images.shape[-2:])
        return images[..., top : top + size, left : left + size]

    def logits(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images taken as they are, without resizing or cropping."""
        logits: Tensor = self.network((images - self.mean) / self.std)
        return logits

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, C) and the deeper inner feature maps of images taken as they are.

        Raises:
            ClassifierError: the network does not expose its inner features.
        """
        raise ClassifierError(f"classifier {self.name!r} has no inner features to match")

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images (B, 3, H, W) in 0..1 of any size, from any device."""
        return self.logits(self.prepare(images.to(self.mean.device)))
