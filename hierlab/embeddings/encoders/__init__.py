"""Text encoders: from sentences to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["SENTENCE_MODELS", "TextEncoder", "load_encoder"]

SENTENCE_MODELS = ("minilm",)


class TextEncoder(Protocol):
    """What embedding needs of an encoder."""

    model: str
    """Name that the variant gave."""
    pretrained: str
    """Tag of the weights, or the start of their hash where they came from a file."""
    source: str
    """Where the weights come from, with the version of the tool that runs them; no path."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n,) texts -> (n, D) unit vectors."""
        ...


def load_encoder(
    model: str,
    pretrained: str | None = None,
    *,
    weights: str | Path | None = None,
    device: str = "auto",
) -> TextEncoder:
    """Load a text encoder.

    Args:
        model: `minilm`, a name that open_clip lists, `hf-hub:…` or `local-dir:…`.
        pretrained: tag of the weights; OpenAI's where there are such.
        weights: local file of weights for that model, instead of a tag.
        device: `cpu`, `cuda`, … or `auto`: the GPU if there is one.

    Raises:
        PrototypeError: no such model or weights, or they cannot be had here.
        MissingExtraError: the package that runs it is not installed.
    """
    # Imported here: only the encoder that is asked for may load its heavy packages.
    if model.casefold() in SENTENCE_MODELS:
        from hierlab.embeddings.encoders.sentence import SentenceEncoder

        return SentenceEncoder(model.casefold(), device=device)
    from hierlab.embeddings.encoders.open_clip import OpenClipEncoder

    return OpenClipEncoder(model, pretrained, weights=weights, device=device)
