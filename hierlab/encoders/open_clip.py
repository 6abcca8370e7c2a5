"""Text towers of CLIP models through open_clip: from the hub, its cache, or local files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.encoders._torch import chosen_device, unit_array
from hierlab.errors import MissingExtraError, PrototypeError

__all__ = ["OpenClipEncoder"]

_FOLDER_SCHEMA = "local-dir:"
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
        try:
            import open_clip
        except ImportError as error:
            raise MissingExtraError("open_clip", "clip", f"embedding with {model!r}") from error
        self.device = chosen_device(device)
        schema = model.startswith(_SCHEMAS)
        name = model if schema else _listed_name(model)
        local = _local_file(model, weights)
        tag = None if schema else str(local) if local else _checked_tag(name, pretrained)
        self.model = "local-dir" if model.startswith(_FOLDER_SCHEMA) else name
        self.pretrained = f"sha256-{_file_hash(local)}" if local else tag or ""
        self.source = f"open_clip {open_clip.__version__}"
        try:
            net = open_clip.create_model(name, pretrained=tag, device=self.device)
            self._tokenizer = open_clip.get_tokenizer(name)
        # The hub, the cache, torch and the state dict each fail in their own way.
        except (OSError, RuntimeError, ValueError, KeyError, EOFError) as error:
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


def _local_file(model: str, weights: str | Path | None) -> Path | None:
    """The local weights, if any: a file that was given, or the one in a local folder."""
    if model.startswith(_FOLDER_SCHEMA):
        folder = Path(model.removeprefix(_FOLDER_SCHEMA))
        patterns = ("*.safetensors", "*.bin", "*.pt", "*.pth")
        found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
        if not found or not (folder / "open_clip_config.json").is_file():
            raise PrototypeError(
                f"{folder}: expected open_clip_config.json and a file of weights in this folder"
            )
        return found[0]
    if weights is not None and not Path(weights).is_file():
        raise PrototypeError(f"no file of weights at {weights}")
    return None if weights is None else Path(weights)


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
