"""Groups of codecs by one word: `--codecs @peers,@conventional`."""

from __future__ import annotations

from pathlib import Path

from codec_plugin.errors import ConfigError

__all__ = ["GROUPS", "expanded"]

RUNS = Path("runs")
"""Where benchmarks/train_peers.py leaves checkpoints."""

GROUPS = ("conventional", "peers", "ablations", "maps")
_CONVENTIONAL = ("label", "jpeg", "jpeg-progressive", "jpeg2000", "webp", "avif", "jxl", "vvc")


def expanded(codecs: str) -> list[str]:
    """Entries of `--codecs`, groups replaced by what they hold.

    Raises:
        ConfigError: no such group.
    """
    found: list[str] = []
    for text in filter(None, (part.strip() for part in codecs.split(","))):
        found += _members(text[1:]) if text.startswith("@") else [text]
    return list(dict.fromkeys(found))


def _members(group: str) -> list[str]:
    """What a group holds; label maps are those whose training has left a checkpoint."""
    if group == "conventional":
        return list(_CONVENTIONAL)
    if group == "maps":
        files = sorted(RUNS.glob("map-*/last.safetensors"))
        return [f"{file.parent.name}:coarse2fine={file}" for file in files]
    from codec_plugin.baselines.ablations import ABLATIONS
    from codec_plugin.baselines.registry import method_names

    if group == "ablations":
        return list(ABLATIONS)
    if group == "peers":
        return [name for name in method_names() if name not in ABLATIONS]
    raise ConfigError(f"group @{group} is not one of {', '.join('@' + name for name in GROUPS)}")
