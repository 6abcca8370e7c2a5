"""What a row was measured with: digests of model, classifier, label map and photograph, and cuts.

A table that is added to later must not mix what cannot be compared. Rows of a model or photograph
that has changed since are measured anew; another classifier, label map or other cuts are refused.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from codec_plugin.data.picture import READER
from codec_plugin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from codec_plugin.classifiers import Classifier
    from codec_plugin.data.image_folder import ImageFolder

__all__ = [
    "Identity",
    "classifier_identity",
    "digest",
    "photograph_identity",
    "plural",
    "refuse_others",
]


class Identity(NamedTuple):
    """Columns of a row that say what it was measured with; all empty in tables of former versions.

    Attributes:
        model: of the codec: a digest of its checkpoint, or the encoder's name and version.
        classifier: digest of its weights and input.
        label_map: first 16 digits of the label map's id.
        cuts: which points are measured of each photograph.
        photograph: digest of the file and its label.
    """

    model: str
    classifier: str
    label_map: str
    cuts: str
    photograph: str


def digest(*parts: bytes | str) -> str:
    """16 hex digits of the SHA-256 over the parts, each with its length."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()[:16]


def classifier_identity(classifier: Classifier) -> str:
    """Digest of all that decides a classifier's answers but its code."""
    parts: list[bytes | str] = [type(classifier.network).__qualname__, str(classifier.input_size)]
    for name, value in sorted(classifier.state_dict().items()):
        parts += [name, str(value.dtype), value.detach().cpu().contiguous().numpy().tobytes()]
    # A network of another library holds no tensors of ours; it hands over its file.
    parts.append(getattr(classifier.network, "content_digest", ""))
    return digest(*parts, *classifier.class_ids)


def photograph_identity(folder: ImageFolder, number: int, class_ids: Sequence[str]) -> str:
    """Digest of a photograph's file, its label, and the way in which files are read."""
    label = folder.labels[number]
    key = class_ids[label] if label >= 0 else ""
    return digest(folder.files[number].read_bytes(), key, READER)


def refuse_others(
    path: Path, table: Sequence[Mapping[str, str]], expected: dict[str, str], subject: str = ""
) -> None:
    """Refuse a table whose rows were measured by another classifier, label map or at other cuts.

    Args:
        path: for the message.
        table: columns of its rows, as text.
        expected: what this measurement has, by column.
        subject: whose rows are looked at; empty: all.
    Raises:
        ConfigError: naming the difference and what to do.
    """
    for fields in table:
        if subject not in ("", fields["subject"]):
            continue
        for column, wanted in expected.items():
            if column not in fields:
                raise ConfigError(
                    f"{path} was measured by a former version, which did not record with what: "
                    "choose another -o, or --force to measure all of it anew"
                )
            if fields[column] != wanted:
                raise ConfigError(
                    f"{path} holds rows of {fields['subject']} measured with "
                    f"{column.replace('_', ' ')} {fields[column]}, this one has {wanted}: "
                    "choose another -o, or --force to measure all of it anew"
                )


def plural(count: int, word: str) -> str:
    """1 row, 2 rows."""
    return f"{count} {word}{'' if count == 1 else 's'}"
