"""What files say of their class, in words: no torch, and only the first bytes of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from codec_plugin.bitstream.answer import answer_of
from codec_plugin.bitstream.container import read_header

if TYPE_CHECKING:
    from codec_plugin.bitstream.container import Header
    from codec_plugin.bitstream.label_tree import LabelTree

__all__ = ["AnswerReader", "FileRecord", "LevelRecord"]


class LevelRecord(NamedTuple):
    """A file's answer at one level; `name` is None without its label map, `at_least` 0..1."""

    level: str
    cluster: int
    name: str | None
    at_least: float

    def __str__(self) -> str:
        share = f"≥ {int(100 * self.at_least)} %" if self.at_least else "(unsure)"
        return f"{self.level}: {self.name or f'cluster {self.cluster}'} {share}"


class FileRecord(NamedTuple):
    """What a file, or its first bytes, says of its class.

    Attributes:
        state: whole, cut, damaged, or none where the file has no answer.
        bytes: of the answer.
        levels: coarse first.
        label_map_id: first digits of the id of the label map that names the clusters.
        label_map: its name; None where it was not found.
    """

    state: str
    bytes: int
    levels: tuple[LevelRecord, ...]
    label_map_id: str
    label_map: str | None

    def to_json(self) -> dict[str, Any]:
        """The record with its levels as objects."""
        return self._asdict() | {"levels": [level._asdict() for level in self.levels]}

    def __str__(self) -> str:
        if self.state == "none":
            return "no answer in the file"
        if self.state == "damaged":
            return "the answer is damaged: its check or its numbers are wrong"
        words = [str(level) for level in self.levels] or ["nothing yet"]
        words += ["(cut)"] if self.state == "cut" else []
        if self.label_map is None:
            words.append(f"(label map {self.label_map_id} not found: give it with --hierarchy)")
        return "  ".join(words)


class AnswerReader:
    """Reads answers, and finds the label maps that name their clusters.

    Args:
        hierarchy: label map for the files that belong to it; others are looked for (see
            `label_maps.find_label_map`).
    Raises:
        HierarchyMismatchError: `hierarchy` cannot be read.
    """

    def __init__(self, hierarchy: str = "") -> None:
        self._trees: dict[tuple[str, Path | None], LabelTree | None] = {}
        self.given: LabelTree | None = None
        if hierarchy:
            from codec_plugin.bitstream.label_tree import load_label_tree

            self.given = load_label_tree(hierarchy)
        self.used_given = False

    def read(self, data: bytes, name: str) -> FileRecord:
        """What a file, or its first bytes, says of its class.

        Args:
            data: at least the header.
            name: of the file.
        Raises:
            BitstreamError: not a file of this format, or cut inside the header.
        """
        header = read_header(data)
        short = header.label_map_id.hex()
        if not header.answer_bytes:
            return FileRecord("none", 0, (), short, None)
        tree = self._tree(header, name)
        answer = answer_of(data, header, tree)
        assert answer is not None
        levels = tuple(
            LevelRecord(
                tree.level_names[level] if tree else f"level {level + 1}",
                cluster,
                tree.cluster_names[level][cluster] if tree else None,
                round(bound, 4),
            )
            for level, (cluster, bound) in enumerate(
                zip(answer.clusters, answer.at_least, strict=True)
            )
        )
        label_map = tree.name if tree else None
        return FileRecord(answer.state, header.answer_bytes, levels, short, label_map)

    def _tree(self, header: Header, name: str) -> LabelTree | None:
        """The label map of a file, or none where it is not to be found."""
        short = header.label_map_id.hex()
        if self.given and self.given.id.startswith(short):
            self.used_given = True
            return self.given
        if (short, None) in self._trees:
            return self._trees[short, None]
        near = Path("." if name == "-" else name)
        place = (short, near.parent)
        if place not in self._trees:
            self._trees[place] = tree = _find(short, near)
            if tree is not None:
                self._trees[short, None] = tree
        return self._trees[place]


def _find(short: str, near: Path) -> LabelTree | None:
    from codec_plugin.bitstream.label_tree import load_label_tree
    from codec_plugin.checkpointing.label_maps import find_label_map

    if not any(bytes.fromhex(short)):
        return None
    place = find_label_map(short, near)
    return load_label_tree(place) if place else None
