"""The label maps a visitor can choose from: shipped, served, and their own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.data.data_dir import served, stamp
from app.data.own_files import keep_own, own_files
from app.data.uploads import UploadError, label_map_of
from hierlab import HierlabError, LabelMap, load_label_map
from hierlab.utils.files import hierarchies_path

__all__ = ["Chosen", "keep_own_map", "label_map_files", "map_names", "map_of_name"]

FAVOURITES = ("clip-seven", "wordnet-k", "clip-four", "vit-b-32-consensus", "vit-b-32-topdown")


@dataclass(frozen=True)
class Chosen:
    """A label map with the key of its content, under which anything made from it is kept."""

    name: str
    label_map: LabelMap
    key: str

    @classmethod
    def of(cls, name: str, label_map: LabelMap) -> Chosen:
        """Key: SHA-256 of the canonical file, so that names count as much as labels."""
        return cls(name, label_map, hashlib.sha256(label_map.encode()).hexdigest())


def keep_own_map(label_map: LabelMap, *, on_server: bool = False) -> str:
    """Keep a map for this visitor and return the name it got."""
    return keep_own("maps", label_map.name, label_map.encode(), on_server=on_server)


def map_names() -> tuple[str, ...]:
    """Names to choose from: two favourites, the visitor's own, then the others.

    The first two are what an address without a map means: they are the same for every visitor.
    """
    ranked = sorted(label_map_files(), key=lambda name: (_rank(name), name))
    return (*ranked[:2], *reversed(own_files("maps")), *ranked[2:])


def map_of_name(name: str) -> Chosen:
    """Open a map by the name it was listed under.

    Raises:
        HierlabError: the file is gone or not sound.
    """
    own = own_files("maps").get(name)
    return _load(name, stamp(label_map_files()[name])) if own is None else _read(name, own)


def label_map_files() -> dict[str, Path]:
    """Files of the shipped and served maps, by name."""
    shipped = {path.stem: path for path in sorted(hierarchies_path().glob("*.json"))}
    return {**shipped, **served("maps", ".json")}


def _rank(name: str) -> int:
    fits = (place for place, start in enumerate(FAVOURITES) if name.startswith(start))
    return next(fits, len(FAVOURITES))


@st.cache_resource(max_entries=64, show_spinner=False)
def _load(name: str, content: tuple[str, int, int]) -> Chosen:
    return Chosen.of(name, load_label_map(Path(content[0])))


@st.cache_resource(max_entries=64, show_spinner=False)
def _read(name: str, content: bytes) -> Chosen:
    try:
        return Chosen.of(name, label_map_of(content))
    except UploadError as error:
        raise HierlabError(str(error)) from error
