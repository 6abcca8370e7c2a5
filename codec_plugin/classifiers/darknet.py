"""Tiny Darknet from a file of arrays; its classes stand in an order of their own."""

import json

import torch
from torch import Tensor, nn

from codec_plugin.classifiers._arrays import existing_file, load_arrays
from codec_plugin.classifiers.base import Classifier, imagenet_class_ids
from codec_plugin.errors import ClassifierError

__all__ = ["ORDER_FILE", "load_darknet"]

ORDER_FILE = "darknet_to_imagenet.json"
"""Beside the weights: for each output of the network, its place in ImageNet's standard order."""

_PLAN: tuple[tuple[int, int, bool], ...] = (
    (16, 3, True), (32, 3, True), (16, 1, False), (128, 3, False), (16, 1, False),
    (128, 3, True), (32, 1, False), (256, 3, False), (32, 1, False), (256, 3, True),
    (64, 1, False), (512, 3, False), (64, 1, False), (512, 3, False), (128, 1, False),
)  # fmt: skip
"""Channels, kernel, and whether a max pool follows, of each layer before the last."""
_MATCHED = {3 * layer + 2 for layer in (7, 11, 13)}
"""Activations whose maps are told as inner features: the widest of each of the last sizes."""


def load_darknet(file: str) -> Classifier:
    """Tiny Darknet with the weights of an .npz file; `darknet_to_imagenet.json` lies beside it.

    Raises:
        ClassifierError: no such files, or contents that do not fit.
    """
    order_path = existing_file(str(existing_file(file).with_name(ORDER_FILE)))
    try:
        order = json.loads(order_path.read_text())
    except ValueError as error:
        raise ClassifierError(f"{order_path} is not JSON: {error}") from error
    class_ids = imagenet_class_ids()
    if sorted(order) != list(range(len(class_ids))):
        raise ClassifierError(
            f"{order_path} must hold each of 0..{len(class_ids) - 1} once, in the network's order"
        )
    body = _layers()
    load_arrays(body, file)
    return _DarknetClassifier(
        f"darknet:{file}",
        body,
        [class_ids[place] for place in order],
        input_size=224,
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    )


def _layers() -> nn.Sequential:
    """Numbered as in the file: convolution, normalisation, activation; pools are kept apart."""
    layers: list[nn.Module] = []
    channels = 3
    for width, kernel, pooled in _PLAN:
        layers += [
            nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            _LeakyThenPool(pooled),
        ]
        channels = width
    layers.append(nn.Conv2d(channels, 1000, 1))
    return nn.Sequential(*layers)


class _LeakyThenPool(nn.Module):
    """Leaky ReLU, then a max pool where the plan has one."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.pooled = pooled

    def forward(self, x: Tensor) -> Tensor:
        t = nn.functional.leaky_relu(x, 0.1)
        return nn.functional.max_pool2d(t, 2) if self.pooled else t


class _DarknetClassifier(Classifier):
    """The mean over the map of class scores, (B, 1000, h, w) -> (B, 1000), and inner maps."""

    def logits(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images taken as they are, without resizing or cropping."""
        return self.logits_and_features(images)[0]

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, C) and the maps of the widest layers, of one pass."""
        t = (images - self.mean) / self.std
        maps = []
        layers: list[nn.Module] = list(self.network.children())
        for number, layer in enumerate(layers):
            t = layer(t)
            if number in _MATCHED:
                maps.append(t)
        return torch.flatten(t.mean((2, 3)), 1), maps
