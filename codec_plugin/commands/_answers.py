"""What files say of their class, in words: no torch, and only the first bytes of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from codec_plugin.bitstream.answer import answer_of
from codec_plugin.bitstream.container import read_header

if TYPE_CHECKING:
    from codec_plugin.bitstream.container import Header
    from codec_plugin.bitstream.label_tree import LabelTree

__all__ = ["AnswerReader", "say"]


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

    def read(self, data: bytes, name: str) -> dict[str, Any]:
        """What a file, or its first bytes, says of its class, ready for JSON.

        Args:
            data: at least the header.
            name: of the file.
        Raises:
            BitstreamError: not a file of this format, or cut inside the header.
        """
        header = read_header(data)
        record: dict[str, Any] = {"state": "none", "bytes": header.answer_bytes, "levels": []}
        record |= {"label_map_id": header.label_map_id.hex(), "label_map": None}
        if not header.answer_bytes:
            return record
        tree = self._tree(header, name)
        answer = answer_of(data, header, tree)
        assert answer is not None
        record |= {"state": answer.state, "label_map": tree.name if tree else None}
        record["levels"] = [
            {
                "level": tree.level_names[level] if tree else f"level {level + 1}",
                "cluster": cluster,
                "name": tree.cluster_names[level][cluster] if tree else None,
                "at_least": round(bound, 4),
            }
            for level, (cluster, bound) in enumerate(
                zip(answer.clusters, answer.at_least, strict=True)
            )
        ]
        return record

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
    found = find_label_map(short, near)
    return load_label_tree(found) if found else None


def _sure(level: dict[str, Any]) -> str:
    return f"≥ {int(100 * level['at_least'])} %" if level["at_least"] else "(unsure)"


def say(record: dict[str, Any]) -> str:
    """A record of `AnswerReader.read` as one line."""
    if record["state"] == "none":
        return "no answer in the file"
    if record["state"] == "damaged":
        return "the answer is damaged: its check or its numbers are wrong"
    words = [
        f"{level['level']}: {level['name'] or 'cluster ' + str(level['cluster'])} {_sure(level)}"
        for level in record["levels"]
    ]
    if not words:
        words = ["nothing yet"]
    if record["state"] == "cut":
        words.append("(cut)")
    if record["label_map"] is None:
        words.append(f"(label map {record['label_map_id']} not found: give it with --hierarchy)")
    return "  ".join(words)
