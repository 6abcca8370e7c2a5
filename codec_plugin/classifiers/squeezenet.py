"""SqueezeNet 1.0 from a file of arrays: fully convolutional, Caffe's pixel convention."""

import torch
from torch import Tensor, nn

from codec_plugin.classifiers._arrays import load_arrays
from codec_plugin.classifiers.base import Classifier, imagenet_class_ids

__all__ = ["load_squeezenet"]

_FIRES = ((96, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128), (256, 48, 192))
_MORE_FIRES = ((384, 48, 192), (384, 64, 256), (512, 64, 256))
_POOL_AFTER = {-1, 2, 6}
_MATCHED = {4, 6, 7}
"""Fires whose maps are told as inner features."""


class _Fire(nn.Module):
    """Squeeze to few channels, expand by 1 × 1 and 3 × 3: (B, C, h, w) -> (B, 2E, h, w)."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        t = torch.relu(self.squeeze1x1(x))
        return torch.cat([torch.relu(self.expand1x1(t)), torch.relu(self.expand3x3(t))], 1)


class _SqueezeNet(nn.Module):
    """SqueezeNet 1.0. Source: Iandola et al. 2016, table 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        self.f = nn.ModuleList(_Fire(*shape) for shape in (*_FIRES, *_MORE_FIRES))
        self.conv10 = nn.Conv2d(512, 1000, 1)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, 1000) and maps of pixels 0..255, blue first, means taken off."""
        t = self.pool(torch.relu(self.conv1(x)))
        maps = []
        for number, fire in enumerate(self.f):
            t = fire(t)
            if number in _MATCHED:
                maps.append(t)
            if number in _POOL_AFTER:
                t = self.pool(t)
        return torch.relu(self.conv10(t)).mean((2, 3)), maps


class _SqueezeNetClassifier(Classifier):
    """The network sees blue first, and tells its inner maps."""

    def logits(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images taken as they are, without resizing or cropping."""
        return self.logits_and_features(images)[0]

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, C) and the maps of the last three sizes of fires, of one pass."""
        answer: tuple[Tensor, list[Tensor]] = self.network(
            ((images - self.mean) / self.std).flip(1)
        )
        return answer


def load_squeezenet(file: str) -> Classifier:
    """SqueezeNet 1.0 with the weights of an .npz file.

    Raises:
        ClassifierError: no such file, or arrays that do not fit.
    """
    network = _SqueezeNet()
    load_arrays(network, file)
    red_first = (123 / 255, 117 / 255, 104 / 255)
    return _SqueezeNetClassifier(
        f"squeezenet:{file}",
        network,
        imagenet_class_ids(),
        input_size=227,
        mean=red_first,
        std=(1 / 255,) * 3,
    )
