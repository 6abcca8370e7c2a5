"""A small hierarchy, a small classifier and small photographs for the tests of training."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from codec_plugin.classifiers.base import Classifier
from codec_plugin.data.label_hierarchy import Hierarchy

CLASS_IDS = ("n01440764", "n01443537", "n02123045", "n02123159", "n02099601", "n03062245")


def small_hierarchy() -> Hierarchy:
    """Six classes in 2, 3 and 6 clusters: fish, animals that are no fish, a thing."""
    return Hierarchy(
        id="cd" * 32,
        name="small",
        class_ids=CLASS_IDS,
        class_names=("tench", "goldfish", "tabby", "tiger cat", "retriever", "cocktail shaker"),
        level_names=("coarse", "mid", "fine"),
        labels=torch.tensor([[0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 4, 5]]),
        cluster_names=(("animal", "thing"), ("fish", "mammal", "thing"), tuple("abcdef")),
    )


def small_classifier(class_ids: tuple[str, ...] = CLASS_IDS, seed: int = 0) -> Classifier:
    """A random network of one convolution, that answers in the order of `class_ids`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, len(class_ids)),
        )
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(6)
    return Classifier("small", network, class_ids, input_size=64, mean=(0.5,) * 3, std=(0.25,) * 3)


class PixelMaps(Classifier):
    """A classifier whose only inner map is the picture itself, times two."""

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits (B, C) and that map."""
        return self.logits(images), [2 * images]


def pixel_maps() -> Classifier:
    """The small classifier, with such a map."""
    network = small_classifier().network
    return PixelMaps("maps", network, CLASS_IDS, input_size=64, mean=(0,) * 3, std=(1,) * 3)


def write_photographs(folder: Path, count: int = 6, side: int = 72) -> Path:
    """Smooth coloured noise as PNG files; half of them labelled in labels.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    lines = ["file,wnid"]
    for number in range(count):
        coarse = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        image.save(folder / f"{number}.png")
        if number % 2 == 0:
            lines.append(f"{number}.png,{CLASS_IDS[number % len(CLASS_IDS)]}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder
