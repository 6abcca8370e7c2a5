"""Frozen image classifiers behind one interface: pixels in 0..1 in, logits by class key out."""

from codec_plugin.classifiers.base import Classifier
from codec_plugin.classifiers.registry import load_classifier

__all__ = ["Classifier", "load_classifier"]
