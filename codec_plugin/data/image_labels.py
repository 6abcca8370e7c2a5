"""Which class a photograph shows: from labels.csv, folder names or the entries of a shard.

A label is a class's key in the label map (such as a WordNet id) or its name; a name may differ in
case, accents, blanks, underscores and hyphens, and counts where one class alone has it.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from codec_plugin.errors import DataError
from hierlab.classes import folded
from hierlab.errors import HierlabError
from hierlab.utils.files import read_bounded
from hierlab.utils.text_table import decode_text, read_table

__all__ = ["TABLE", "UNLABELLED", "find_class", "folder_label", "read_labels", "shard_label"]

TABLE = "labels.csv"
UNLABELLED = -1

_FILE_COLUMNS = ("file", "filename", "image", "path", "photograph")
_CLASS_COLUMNS = ("wnid", "class", "label", "class_id", "id", "name", "class_name", "synset")


def find_class(class_index: Mapping[str, int], label: str) -> int:
    """Number of the class that a label names, -1 if none."""
    text = label.strip()
    number = class_index.get(text)
    return class_index.get(folded(text), UNLABELLED) if number is None else number


def folder_label(class_index: Mapping[str, int], name: str) -> int:
    """Class of the nearest folder of a path that is called like one, -1 if none is."""
    for parent in PurePosixPath(name).parents:
        if parent.name and (number := find_class(class_index, parent.name)) != UNLABELLED:
            return number
    return UNLABELLED


def read_labels(root: Path) -> dict[str, str]:
    """Label of each photograph by its path within the folder, as `labels.csv` there says.

    The table has a column for the file (`file`, `filename`, `image`, `path`) and one for the class
    (`wnid`, `class`, `label`, `id`, `name`), or two columns without a header; commas, semicolons or
    tabs, any encoding. Empty without such a file.

    Raises:
        DataError: it cannot be read, or has no such columns.
    """
    table = root / TABLE
    if not table.is_file():
        return {}
    try:
        text, _ = decode_text(read_bounded(table, 1 << 28))
        rows = read_table(text, known=(*_FILE_COLUMNS, *_CLASS_COLUMNS), comments="")
    except HierlabError as error:
        raise DataError(f"{table}: {error}") from error
    file, label = rows.find(_FILE_COLUMNS), rows.find(_CLASS_COLUMNS)
    if not rows.has_header and len(rows.columns) == 2:
        file, label = 0, 1
    if file is None or label is None:
        had = f"has {', '.join(rows.columns)}" if rows.has_header else "has no header"
        raise DataError(
            f"{table} must have a column file and a column wnid, class, label or name; it {had}"
        )
    files = (name.replace("\\", "/").removeprefix("./") for name in rows.cells(file))
    return {name: cell for name, cell in zip(files, rows.cells(label), strict=True) if cell}


def shard_label(sample: Mapping[str, bytes], class_index: Mapping[str, int], where: str) -> int:
    """Class of a shard's sample, -1 if it names none.

    Args:
        sample: entries by suffix. `.wnid` and `.txt` hold a class's key or name, `.cls` a key, a
            name, or a number: the place of the class in the label map, from 0; below 0 is none.
        where: for the message.
    Raises:
        DataError: a number that no class has, or bytes that are no text.
    """
    for field in ("wnid", "cls", "txt"):
        if field not in sample or not class_index:
            continue
        try:
            text = sample[field].decode().strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{where}: .{field} is no text, expected a class") from error
        number = find_class(class_index, text)
        if number != UNLABELLED or field != "cls" or not re.fullmatch(r"-?[0-9]+", text):
            return number
        count = max(class_index.values()) + 1
        if int(text) >= count:
            raise DataError(
                f"{where}: .cls is {text}, but the label map has the classes 0 to {count - 1}; "
                "these numbers are of another list of classes: write keys or names instead"
            )
        return max(UNLABELLED, int(text))
    return UNLABELLED
