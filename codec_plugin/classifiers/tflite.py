"""Quantised TensorFlow Lite classifiers, for measuring only: no gradients pass through."""

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codec_plugin.classifiers._arrays import existing_file
from codec_plugin.classifiers.base import Classifier, imagenet_class_ids
from codec_plugin.errors import ClassifierError

__all__ = ["load_tflite"]

PROBABILITY_MIN = 1e-8


class _Interpreted(nn.Module):
    """An interpreter as a module: pixels 0..1 (B, 3, S, S) to log-probabilities (B, 1000)."""

    def __init__(self, interpreter: Any, content_digest: str) -> None:
        super().__init__()
        self.interpreter = interpreter
        self.content_digest = content_digest
        self.entry = interpreter.get_input_details()[0]
        self.exit = interpreter.get_output_details()[0]

    def forward(self, x: Tensor) -> Tensor:
        pixels = (x * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        rows = []
        for image in pixels:
            self.interpreter.set_tensor(self.entry["index"], np.ascontiguousarray(image[None]))
            self.interpreter.invoke()
            rows.append(self._probabilities(self.interpreter.get_tensor(self.exit["index"])[0]))
        foreground = torch.from_numpy(np.stack(rows))[:, -1000:]
        return foreground.clamp_min(PROBABILITY_MIN).log()

    def _probabilities(self, output: Any) -> Any:
        """Dequantised output; the network ends in a softmax."""
        scale, zero = self.exit["quantization"]
        values = output.astype(np.float32)
        return (values - zero) * scale if scale else values


def load_tflite(file: str) -> Classifier:
    """A uint8 ImageNet network of 1000 outputs, or 1001 with the background first.

    Raises:
        ClassifierError: no such file, no interpreter, or a network of another shape.
    """
    path = existing_file(file)
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ClassifierError("tflite: needs the package ai-edge-litert") from error
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ClassifierError(f"{file} is not a TensorFlow Lite network: {error}") from error
    network = _Interpreted(interpreter, hashlib.sha256(path.read_bytes()).hexdigest())
    _, height, width, colours = network.entry["shape"]
    outputs = int(network.exit["shape"][-1])
    fits = height == width and colours == 3 and outputs in (1000, 1001)
    if not fits or network.entry["dtype"] is not np.uint8:
        raise ClassifierError(
            f"{file}: expected square uint8 RGB input and 1000 or 1001 outputs, got "
            f"{height} x {width} x {colours} {network.entry['dtype'].__name__} and {outputs}"
        )
    return Classifier(
        f"tflite:{file}",
        network,
        imagenet_class_ids(),
        input_size=int(height),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    )
