"""Text towers of CLIP models through open_clip: from the hub, its cache, or local files."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.embeddings.encoders._hub import hub_reachable, require_weights
from hierlab.embeddings.encoders._torch import chosen_device, unit_array
from hierlab.errors import MissingExtraError, PrototypeError

__all__ = ["OpenClipEncoder"]

_FOLDER_SCHEMA = "local-dir:"
_ENDINGS = (".safetensors", ".bin", ".pth")  # what open_clip looks for in a folder
_SCHEMAS = (_FOLDER_SCHEMA, "hf-hub:")


class OpenClipEncoder:
    """A CLIP text tower with its tokenizer.

    Args:
        model: name that open_clip lists, `hf-hub:ORGANISATION/NAME` or `local-dir:FOLDER`.
        pretrained: tag of the weights; `openai` by default.
        weights: local file of weights, instead of a tag.
        device: `cpu`, `cuda`, … or `auto`.

    Raises:
        MissingExtraError: open_clip is not installed.
        PrototypeError: unknown model or tag, or weights that cannot be had or do not fit.
    """

    def __init__(
        self,
        model: str,
        pretrained: str | None = None,
        *,
        weights: str | Path | None = None,
        device: str = "auto",
    ) -> None:
        far = weights is None and not model.startswith(_FOLDER_SCHEMA)
        if far and "open_clip" not in sys.modules and find_spec("open_clip") is not None:
            require_weights(model)  # open_clip takes seconds to load, a refusal should not
        try:
            import open_clip
        except ImportError as error:
            raise MissingExtraError("open_clip", "clip", f"embedding with {model!r}") from error
        self.device = chosen_device(device)
        schema = model.startswith(_SCHEMAS)
        name = model if schema else _listed_name(model)
        local = _local_files(model, weights)
        tag = None if schema else str(local[0]) if local else _checked_tag(name, pretrained)
        if far:
            require_weights(name)
        self.model = "local-dir" if model.startswith(_FOLDER_SCHEMA) else name
        self.pretrained = f"sha256-{_hash(local)}" if local else tag or ""
        self.source = f"open_clip {open_clip.__version__}"
        try:
            with _offline(far and not hub_reachable()):
                net = open_clip.create_model(
                    name, pretrained=tag, device=self.device, require_pretrained=True
                )
                self._tokenizer = open_clip.get_tokenizer(name)
        # The hub, the cache, torch's readers and the state dict fail in ways of their own, and a
        # file that is no weights can raise nearly anything.
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            raise PrototypeError(
                f"the weights of {model}{f':{pretrained}' if pretrained else ''} cannot be "
                f"loaded here: {reason}"
            ) from error
        self._net: Any = net.eval()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n,) texts -> (n, D) unit vectors."""
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(list(texts)).to(self.device)
            return unit_array(self._net.encode_text(tokens))


@contextmanager
def _offline(wanted: bool) -> Iterator[None]:
    """Look into the hub's cache only: without an answer each file is asked for again and again."""
    if not wanted:
        yield
        return
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _listed_name(model: str) -> str:
    import open_clip

    names: dict[str, str] = {name.casefold(): name for name in open_clip.list_models()}
    if model.casefold() not in names:
        raise PrototypeError(
            f"open_clip has no model {model!r}; it has {len(names)}, such as ViT-B-32, RN50, "
            "ViT-L-14 (open_clip.list_models() names all)"
        )
    return names[model.casefold()]


def _checked_tag(model: str, pretrained: str | None) -> str:
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(model)
    wanted = pretrained or ("openai" if "openai" in tags or not tags else tags[0])
    if wanted not in tags:
        raise PrototypeError(
            f"open_clip has no weights {wanted!r} for {model}; "
            f"it has {', '.join(tags) or 'none: give a weights file'}"
        )
    return wanted


def _local_files(model: str, weights: str | Path | None) -> list[Path]:
    """The local weights, if any: a file that was given, or what open_clip may read in a folder."""
    if model.startswith(_FOLDER_SCHEMA):
        folder = Path(model.removeprefix(_FOLDER_SCHEMA))
        files = sorted(path for ending in _ENDINGS for path in folder.glob(f"*{ending}"))
        if not files or not (folder / "open_clip_config.json").is_file():
            raise PrototypeError(
                f"{folder}: expected open_clip_config.json and weights ending in "
                f"{', '.join(_ENDINGS)} in this folder"
            )
        return files
    if weights is None:
        return []
    if not Path(weights).is_file():
        raise PrototypeError(f"no file of weights at {weights}")
    return [Path(weights)]


def _hash(paths: list[Path]) -> str:
    """First 16 hex digits of the SHA-256 over the contents."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()[:16]
