"""The folder that whoever starts the app may serve: maps, images, studies, results, codecs.

Visitors choose from lists of what lies there; nothing they type or upload becomes a path.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from codec_plugin.data.photograph_sets.shipped import ShippedPhoto, shipped_photos

__all__ = [
    "VARIABLE",
    "about_photo",
    "class_of_photo",
    "images_of",
    "photos",
    "results",
    "sample_images",
    "served",
    "stamp",
]

VARIABLE = "HIERLAB_APP_DATA"
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def served(kind: str, suffix: str = "") -> dict[str, Path]:
    """Files (or folders, for no suffix) in one part of the folder by name, sorted."""
    root = os.environ.get(VARIABLE)
    if not root:
        return {}
    part = Path(root) / kind
    found = sorted(part.glob(f"*{suffix}")) if part.is_dir() else []
    return {
        path.name.removesuffix(suffix): path
        for path in found
        if (path.is_file() if suffix else path.is_dir()) and not path.name.startswith(".")
    }


def stamp(path: Path) -> tuple[str, int, int]:
    """What tells a changed file from the one that was read: path, time and size."""
    facts = path.stat()
    return str(path), facts.st_mtime_ns, facts.st_size


def photos() -> dict[str, Path]:
    """Photographs to try the codec on: those that come with it, and `photos/` of the folder.

    The shipped ones are called by what they show.
    """
    known = {_called(photo): photo.path for photo in shipped_photos().values()}
    root = os.environ.get(VARIABLE)
    part = Path(root) / "photos" if root else None
    if part is not None and part.is_dir():
        known |= {path.stem: path for path in sorted(_pictures(part))}
    return known


def _called(photo: ShippedPhoto) -> str:
    return photo.title + (" (a failure)" if photo.example == "failure" else "")


def about_photo(path: Path) -> ShippedPhoto | None:
    """What is known of a shipped photograph; None for any other."""
    photo = shipped_photos().get(path.stem)
    return photo if photo is not None and photo.path == path else None


def class_of_photo(path: Path) -> str:
    """Key of the class that a photograph shows; empty where nobody said.

    A served one says so by its name, as in `images/`: KEY_….jpg.
    """
    shipped = about_photo(path)
    return path.stem.partition("_")[0] if shipped is None else shipped.class_id


def results() -> dict[str, Path]:
    """Tables of results: those that come with the codec, and `results/` of the folder."""
    part = _codec_part("results")
    # Our codec beside the conventional ones first.
    shipped = (
        sorted(part.glob("*.csv.gz"), key=lambda path: (path.name[:6] != "photog", path.name))
        if part is not None
        else []
    )
    names = {path.name.removesuffix(".csv.gz"): path for path in shipped}
    return {**names, **served("results", ".csv"), **served("results", ".csv.gz")}


def _codec_part(name: str) -> Path | None:
    """A folder inside the codec's package; found without importing it."""
    found = importlib.util.find_spec("codec_plugin")
    return Path(found.origin).parent / name if found and found.origin else None


def sample_images(keys: Sequence[str]) -> dict[str, list[Path]]:
    """Sample images of classes, by class key; those that have none are left out.

    In `images/` stand either one folder a class, named by its key, or files `KEY_….jpg`. The
    photographs that the codec page offers count too, after those.
    """
    root = os.environ.get(VARIABLE)
    folder = Path(root) / "images" if root else None
    wanted = set(keys)
    by_class: dict[str, list[Path]] = {}
    if folder is not None and folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir() and entry.name in wanted:
                by_class.setdefault(entry.name, []).extend(_pictures(Path(entry.path)))
            elif entry.name.partition("_")[0] in wanted and entry.name.lower().endswith(PICTURES):
                by_class.setdefault(entry.name.partition("_")[0], []).append(Path(entry.path))
    found = {key: sorted(files) for key, files in by_class.items() if files}
    for path in photos().values():
        if (key := class_of_photo(path)) in wanted:
            found.setdefault(key, []).append(path)
    return found


def images_of(keys: Sequence[str], count: int) -> list[tuple[str, Path]]:
    """Sample images: (class key, file), at most `count`, one of each class first."""
    by_class = sample_images(keys)
    rounds = max(map(len, by_class.values()), default=0)
    ranked = [
        (key, by_class[key][turn])
        for turn in range(rounds)
        for key in keys
        if turn < len(by_class.get(key, ()))
    ]
    return ranked[:count]


def _pictures(folder: Path) -> list[Path]:
    # macOS keeps a file ._photo.jpg beside each photograph that is no picture.
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and not path.name.startswith("._")
    ]
