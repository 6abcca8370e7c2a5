"""Where the label map of a checkpoint or file is: shipped, next to it, or in a run."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path

import msgspec

from codec_plugin.checkpointing.shipped import MOST_FILES
from hierlab.errors import HierlabError
from hierlab.labelmap import MAX_BYTES, load_label_map
from hierlab.utils.files import hierarchies_path, read_bounded

__all__ = ["find_label_map", "map_next_to"]


def find_label_map(label_map_id: str, near: Path) -> str:
    """Where a label map is: a shipped name, or a file beside `near`, here, or in a run of `runs`.

    Args:
        label_map_id: hex digits, all or the first few.
        near: the file that asks for it.
    Returns:
        What `load_label_map` takes; "" if it is not to be found.
    """
    for path in sorted(hierarchies_path().glob("*.json")):
        if _label_map_id(path).startswith(label_map_id):
            return path.stem
    places = (near.parent.glob("*.json"), Path().glob("*.json"), Path("runs").glob("*/*.json"))
    for path in islice(chain(*places), MOST_FILES):
        if _label_map_id(path).startswith(label_map_id):
            return str(path)
    return ""


def _label_map_id(path: Path) -> str:
    """The id that a label map file names; "" for any other file. Its reader checks the rest."""
    try:
        content = msgspec.json.decode(read_bounded(path, MAX_BYTES), type=dict[str, msgspec.Raw])
        return str(msgspec.json.decode(content["id"], type=str))
    except (HierlabError, OSError, KeyError, msgspec.DecodeError, UnicodeDecodeError):
        return ""


def map_next_to(checkpoint: Path, label_map_id: str) -> str:
    """The label map that a training left beside its checkpoint: its path, or "".

    Only the map that the checkpoint was trained for counts.
    """
    path = checkpoint.with_name("hierarchy.json")
    if not label_map_id or not path.is_file():
        return ""
    try:
        return str(path) if load_label_map(path).id == label_map_id else ""
    except (HierlabError, OSError):
        return ""
