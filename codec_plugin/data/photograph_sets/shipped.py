"""The photographs that come with the codec: what each shows, who made it, what it exemplifies."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["PHOTOS", "ShippedPhoto", "shipped_photos"]

PHOTOS = Path(__file__).resolve().parents[2] / "photos"


class ShippedPhoto(NamedTuple):
    """A row of `photos/labels.csv`.

    Attributes:
        path: its file; the stem is its name.
        title: what it shows, as a person says it.
        class_id: key of its class; empty where it shows none of ImageNet's.
        example: `success` where the shipped codec tells the class coarse to fine as its levels say,
            `failure` where it does not, empty where nothing is claimed.
        licence: its short name.
        author: who made it.
        url: where it was published.
    """

    path: Path
    title: str
    class_id: str
    example: str
    licence: str
    author: str
    url: str


@cache
def shipped_photos() -> dict[str, ShippedPhoto]:
    """By name, those that make the codec's point first, the failure last of the new."""
    with (PHOTOS / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {
        Path(row["file"]).stem: ShippedPhoto(
            PHOTOS / row["file"],
            row["title"],
            row["wnid"],
            row["example"],
            row["licence"],
            row["author"],
            row["url"],
        )
        for row in rows
    }
