"""Class lists as people have them: lines, tables, JSON and YAML, and what was taken for what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from hierlab.errors import ClassListError
from hierlab.utils.text_table import NAMES, TextTable, fold, read_table

__all__ = [
    "WNID", "Columns", "Entry", "Listed", "decoded", "listed_lines", "listed_objects",
    "listed_table", "looks_like_yaml", "one_line", "spoken",
]  # fmt: skip

KEY_COLUMNS = (
    "wnid", "id", "key", "class_id", "category_id", "label_id", "mid", "labelname", "code",
)  # fmt: skip
NAME_COLUMNS = (
    "name", "class_name", "category_name", "display_name", "displayname", "label", "class",
    "category", "names", "labels", "classes", "title",
)  # fmt: skip
ORDER_COLUMNS = ("class_idx", "class_index", "idx", "index")
SYNSET_COLUMNS = ("synset", "synset_name", "wordnet", "wordnet_synset", "wordnet_id", "wn_synset")
ALIAS_COLUMNS = ("synonyms", "aliases", "synonym", "other_names")
# Where a JSON or YAML document keeps its classes.
LIST_FIELDS = (
    "classes", "categories", "names", "class_names", "id2label", "class_to_idx", "label2id",
    "labels",
)  # fmt: skip

WNID = re.compile(r"n\d{8}")
_WNID_FIRST = re.compile(r"(n\d{8})[\s_.:,-]+(\S.*)")
_NUMBER_FIRST = re.compile(r"(\d+)\s*[:.,)\]\s-]\s*(\S.*)")
_SYNSET = re.compile(r"[\w'.-]+\.n\.\d+")
_CODE = re.compile(r"/[a-z]/\w+|n\d{8}|-?\d+")
_DOCUMENT = re.compile(r"^(?:names|classes|nc)\s*:", re.MULTILINE)


class Entry(NamedTuple):
    """One class as a file tells it; empty where it tells nothing."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    synset: str = ""
    by_name: bool = False  # the key is made of the name


class Columns(NamedTuple):
    """Columns that a person names: a header's word, or a number from 1."""

    key: str | None = None
    name: str | None = None
    synset: str | None = None


@dataclass
class Listed:
    """What a file holds, and sentences on how it was read."""

    entries: list[Entry]
    notes: list[str] = field(default_factory=list)


def listed_lines(text: str) -> Listed:
    """A class a line: a name, a WordNet id, an id and names, or a number and a name.

    A line of a number alone in front of each name counts the classes; `001.Black_footed_Albatross`
    stays the key of "Black footed Albatross".
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) == 1 and lines[0].count(",") > 1:
        lines = [part.strip() for part in lines[0].split(",") if part.strip()]
    notes = []
    numbered = [_NUMBER_FIRST.fullmatch(line) for line in lines]
    if lines and all(numbered):
        order = [int(match[1]) for match in numbered if match]
        if _counts(order):
            # Numbers that belong to the names, as folders have them, are kept in the keys.
            stuck = all(re.match(r"\d+[._-]\S", line) for line in lines)
            rest = lines if stuck else [match[2] for match in numbered if match]
            lines = [line for _, line in sorted(zip(order, rest, strict=True), key=lambda p: p[0])]
            if not stuck:
                notes.append("numbers in front count the classes")
    return Listed(spoken([one_line(line) for line in lines]), notes)


def one_line(line: str) -> Entry:
    """Key and name in one line of a plain list."""
    if WNID.fullmatch(line):
        return Entry(line, "")
    if match := _WNID_FIRST.fullmatch(line):
        # "n01440764 tench, Tinca tinca": the first name is the usual one.
        name, *aliases = (part.strip() for part in match[2].split(","))
        return Entry(match[1], name, tuple(aliases))
    return Entry("", line.strip("\"'") or line)


def spoken(entries: Sequence[Entry]) -> list[Entry]:
    """Names as people say them; the file's own spelling stays the key.

    Underscores are blanks, and numbers in front go where every name has one.
    """
    names = [entry.name for entry in entries]
    numbered = [re.fullmatch(r"\d+[._-](\D.*)", name) for name in names]
    if len(names) > 1 and all(numbered):
        names = [match[1] for match in numbered if match]
    return [
        entry._replace(
            key=entry.key or entry.name,
            name=name.replace("_", " ").strip() or name,
            by_name=not entry.key,
        )
        for entry, name in zip(entries, names, strict=True)
    ]


def _counts(numbers: Sequence[int]) -> bool:
    """Whether numbers are 0..n-1 or 1..n in any order."""
    low = min(numbers, default=0)
    return low in (0, 1) and sorted(numbers) == list(range(low, low + len(numbers)))


def listed_table(text: str, columns: Columns) -> Listed:
    """A table with a header, or without one where its cells say what they are.

    Raises:
        ClassListError: no column can be taken for a name or key, one is missing, or cells are
            empty where they must not be.
        FormatError: rows of different length, or quotes that do not close.
    """
    named = [one for one in columns if one and not one.isdigit()]
    known = (*KEY_COLUMNS, *NAME_COLUMNS, *ORDER_COLUMNS, *SYNSET_COLUMNS, *named)
    table = read_table(text, known=known)
    if not table.has_header and not any(columns) and len(table.columns) == 1:
        return listed_lines(text)
    if not table.has_header and _headed(table):
        table = read_table(text, header=True)
    use = _roles(table, columns)
    _refuse_empty(table, use)
    rows = list(range(len(table.rows)))
    if (order := use.get("order")) is not None:
        try:
            rows.sort(key=lambda row: int(table.rows[row][order]))
        except ValueError as error:
            raise ClassListError(
                f"column {table.title(order)} must hold whole numbers ({error})"
            ) from error

    def cell(row: int, role: str) -> str:
        return table.rows[row][use[role]] if role in use else ""

    entries = [
        Entry(
            cell(row, "key"),
            cell(row, "name"),
            _split(cell(row, "aliases")),
            cell(row, "synset"),
        )
        for row in rows
    ]
    told = ", ".join(f"{role} in column {table.title(column)}" for role, column in use.items())
    unused = [table.title(n) for n in range(len(table.columns)) if n not in use.values()]
    unused = [title for title in unused if not _index_column(table, title)]
    left = f"; columns {', '.join(unused)} left aside" if unused else ""
    return Listed(spoken(entries), [f"{NAMES[table.delimiter]}: {told}{left}"])


def _index_column(table: TextTable, title: str) -> bool:
    """pandas writes its row numbers into a first column without a name."""
    return table.has_header and title == "number 1"


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[|;,]", cell) if part.strip())


def _roles(table: TextTable, columns: Columns) -> dict[str, int]:
    """Number of the column for each role."""
    use: dict[str, int] = {}
    for role, wanted in columns._asdict().items():
        if wanted:
            use[role] = _named_column(table, wanted, role)
    if not table.has_header:
        _guess(table, use)
        return use
    usual = {
        "key": KEY_COLUMNS,
        "name": NAME_COLUMNS,
        "order": ORDER_COLUMNS,
        "synset": SYNSET_COLUMNS,
        "aliases": ALIAS_COLUMNS,
    }
    for role, names in usual.items():
        left = [name for name in names if table.find([name]) not in {None, *use.values()}]
        if role not in use and left:
            use[role] = int(table.find(left) or 0)
    if "key" not in use and "name" not in use:
        if "synset" in use:
            use["key"] = use.pop("synset")
            return use
        raise ClassListError(
            f"expected a column {', '.join((*KEY_COLUMNS[:2], *NAME_COLUMNS[:2]))} in the first "
            f"line, got {', '.join(table.columns)}; say which with --key and --name-column"
        )
    return use


def _headed(table: TextTable) -> bool:
    """Whether a column holds codes below its first cell only: that one is a header's word."""
    return any(
        all(map(kind.fullmatch, cells[1:])) and not kind.fullmatch(cells[0])
        for cells in map(table.cells, range(len(table.columns)))
        for kind in (_CODE, _SYNSET)
        if len(cells) > 1
    )


def _named_column(table: TextTable, wanted: str, role: str) -> int:
    column = table.find([wanted])
    if column is None and wanted.isdigit() and 1 <= int(wanted) <= len(table.columns):
        column = int(wanted) - 1
    if column is None:
        have = ", ".join(filter(None, table.columns)) or f"{len(table.columns)} without names"
        raise ClassListError(f"no column {wanted!r} for the {role}; the columns are {have}")
    return column


def _guess(table: TextTable, use: dict[str, int]) -> None:
    """Without a header: codes are keys, numbers count, the only text column is the name."""
    texts = []
    for column in range(len(table.columns)):
        cells = table.cells(column)
        if column in use.values():
            continue
        if all(map(_SYNSET.fullmatch, cells)):
            use.setdefault("synset", column)
        elif all(cell.isdigit() for cell in cells):
            role = "order" if _counts([int(cell) for cell in cells]) else "key"
            use.setdefault(role, column)
        elif all(map(_CODE.fullmatch, cells)):
            use.setdefault("key", column)
        else:
            texts.append(column)
    if "name" not in use and len(texts) == 1:
        use["name"] = texts[0]
    if "name" not in use and (texts or "key" not in use):
        shown = ", ".join(table.rows[0])
        raise ClassListError(
            f"no header says which column holds the names (first line: {shown}); "
            "say it with --name-column and perhaps --key, by number from 1"
        )


def _refuse_empty(table: TextTable, use: dict[str, int]) -> None:
    for role in ("key", "name"):
        spare = role == "name" and "key" in use  # a WordNet id has a usual name
        if role in use and not spare:
            for row, line in zip(table.rows, table.lines, strict=True):
                if not row[use[role]]:
                    raise ClassListError(f"line {line}: column {table.title(use[role])} is empty")


def listed_objects(content: Any, columns: Columns) -> Listed:
    """Decoded JSON or YAML: names, [key, name], objects, {key: name}, {name: number}, or a field.

    Raises:
        ClassListError: nothing of the kind.
    """
    if isinstance(content, dict) and isinstance(content.get("ids"), list):
        return _from_ids(content)
    if isinstance(content, dict):
        holder = next(
            (one for one in LIST_FIELDS if isinstance(content.get(one), (dict, list))), None
        )
        if holder is not None:
            found = listed_objects(content[holder], columns)
            found.notes.insert(0, f"field {holder!r}")
            return found
        return _from_mapping(content, columns)
    if isinstance(content, list):
        notes: list[str] = []
        entries = [_from_item(item, columns, notes) for item in content]
        return Listed(spoken(entries), list(dict.fromkeys(notes)))
    raise ClassListError("expected a list of names or {key: name}")


def _from_ids(content: dict[str, Any]) -> Listed:
    """The classes of a label map."""
    ids = content["ids"]
    names, synsets = content.get("names") or ids, content.get("synsets") or [None] * len(ids)
    if not isinstance(names, list) or not isinstance(synsets, list):
        raise ClassListError("expected lists of names and synsets")
    if not len(ids) == len(names) == len(synsets):
        raise ClassListError("expected as many names as ids")
    rows = zip(ids, names, synsets, strict=True)
    return Listed([Entry(_word(key), _word(name), (), synset or "") for key, name, synset in rows])


def _from_mapping(content: dict[Any, Any], columns: Columns) -> Listed:
    """Torch and Keras count classes ("0": name or [wnid, name]); others give keys or numbers."""
    folded = {str(key): value for key, value in content.items()}
    if folded and all(key.isdigit() for key in folded) and _counts([*map(int, folded)]):
        items = [folded[key] for key in sorted(folded, key=int)]
        found = listed_objects(items, columns)
        found.notes.insert(0, "numbers count the classes")
        return found
    numbers = [int(one) for one in folded.values() if str(one).isdigit()]
    if folded and len(set(numbers)) == len(folded):
        names = sorted(folded, key=lambda name: int(folded[name]))
        return Listed(spoken([one_line(name) for name in names]), ["numbers count the classes"])
    notes: list[str] = []
    entries = []
    for key, value in folded.items():
        if isinstance(value, dict):
            entry = _from_item(value, columns, notes, optional=True)
            entries.append(entry._replace(key=entry.key or key, name=entry.name or key))
        elif isinstance(value, list) and value:
            name, *aliases = map(_word, value)
            entries.append(Entry(key, name, tuple(aliases)))
        else:
            entries.append(_from_item([key, value], columns, notes))
    return Listed(spoken(entries), list(dict.fromkeys(notes)))


def _from_item(item: Any, columns: Columns, notes: list[str], *, optional: bool = False) -> Entry:
    if isinstance(item, dict):
        return _from_object(item, columns, notes, optional=optional)
    fields = item if isinstance(item, list) and len(item) == 2 else ["", item]
    key, name = map(_word, fields)
    if not key and not name:
        raise ClassListError(_expected(item))
    return one_line(name) if not key else Entry(key, name)


def _from_object(
    item: dict[Any, Any], columns: Columns, notes: list[str], *, optional: bool
) -> Entry:
    folded = {fold(str(column)): column for column in item}
    found: dict[str, str] = {}
    usual = {
        "key": KEY_COLUMNS,
        "name": NAME_COLUMNS,
        "synset": SYNSET_COLUMNS,
        "aliases": ALIAS_COLUMNS,
    }
    for role, names in usual.items():
        wanted = getattr(columns, role, None)
        if wanted and fold(wanted) not in folded:
            raise ClassListError(f"no field {wanted!r} for the {role}; there are {', '.join(item)}")
        for name in (wanted,) if wanted else names:
            if fold(name) in folded and folded[fold(name)] not in found.values():
                found[role] = folded[fold(name)]
                break
    if not optional and "key" not in found and "name" not in found and "synset" in found:
        found["key"] = found.pop("synset")
    if not optional and "key" not in found and "name" not in found:
        raise ClassListError(_expected(item))
    left = [str(name) for name in item if name not in found.values()]
    told = ", ".join(f"{role} in field {name!r}" for role, name in found.items())
    notes.append(told + (f"; {', '.join(left)} left aside" if left else ""))
    others = item.get(found.get("aliases", ""), ())
    aliases = _split(others) if isinstance(others, str) else tuple(map(_word, others))
    key, name, synset = (
        _word(item[found[role]]) if role in found else "" for role in ("key", "name", "synset")
    )
    if not optional and not key and not name:
        raise ClassListError(f"key and name are empty in {str(item)[:80]}")
    return Entry(key, name, tuple(alias for alias in aliases if alias != name), synset)


def _word(value: Any) -> str:
    """A text or a whole number as text; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ClassListError(_expected(value))
    return str(value).strip()


def _expected(item: Any) -> str:
    return (
        "expected a name, [wnid, name], or an object with "
        f"{', '.join((*KEY_COLUMNS[:2], *NAME_COLUMNS[:2]))}, got {str(item)[:80]!r}"
    )


def decoded(text: str, suffix: str) -> Any:
    """JSON or YAML as Python objects.

    Raises:
        ClassListError: it is neither.
    """
    if suffix == ".json":
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ClassListError(f"not JSON ({error})") from error
    import yaml

    # Texts only: a class may be called `no`, `on` or `1e3`.
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        told = " ".join(str(error).split())
        raise ClassListError(f"not YAML ({told})") from error


def looks_like_yaml(text: str) -> bool:
    """A text file that holds a document: pasted Python or JSON, or YOLO's `names:`."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith(("[", "{")) or bool(_DOCUMENT.search(text))
