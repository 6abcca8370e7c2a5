"""Groups of codecs by one word: `--codecs @peers,@conventional`."""

from __future__ import annotations

from pathlib import Path

from codec_plugin.baselines.ablations import ABLATIONS
from codec_plugin.baselines.registry import method_names
from codec_plugin.errors import ConfigError

__all__ = ["GROUPS", "expanded"]

RUNS = Path("runs")
"""Where benchmarks/train_peers.py leaves checkpoints, below the folder that commands run in."""

GROUPS = ("conventional", "shrunk", "peers", "ablations", "maps")
_CONVENTIONAL = (
    "label", "jpeg", "mozjpeg", "jpeg-progressive", "jpeg2000", "webp", "avif", "jxl", "vvc",
)  # fmt: skip
_SHRUNK = (
    "jpeg-shrunk",
    "mozjpeg-shrunk",
    "webp-shrunk",
    "avif-shrunk",
    "jxl-shrunk",
    "vvc-shrunk",
)


def expanded(codecs: str) -> list[str]:
    """Entries of `--codecs`, groups replaced by what they hold.

    Raises:
        ConfigError: no such group.
    """
    entries: list[str] = []
    for text in filter(None, (part.strip() for part in codecs.split(","))):
        entries += _members(text[1:]) if text.startswith("@") else [text]
    return list(dict.fromkeys(entries))


def _members(group: str) -> list[str]:
    """What a group holds; label maps are those whose training has left a checkpoint.

    Ours stands in it as trained by the same script, not as shipped, where that has been done.
    """
    if group not in GROUPS:
        raise ConfigError(
            f"group @{group} is not one of {', '.join('@' + name for name in GROUPS)}"
        )
    if group in ("conventional", "shrunk"):
        return list(_CONVENTIONAL if group == "conventional" else _SHRUNK)
    equal = RUNS / "peer-coarse2fine" / "last.safetensors"
    ours = [f"equal-steps:coarse2fine={equal}"] if equal.is_file() else []
    if group == "maps":
        files = sorted(RUNS.glob("map-*/last.safetensors"))
        return ours + [f"{file.parent.name}:coarse2fine={file}" for file in files]
    if group == "ablations":
        return [*ours, *ABLATIONS]
    return ours + [n for n in method_names() if n not in (*ABLATIONS, "coarse2fine")]
