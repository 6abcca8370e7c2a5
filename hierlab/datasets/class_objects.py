"""Class lists as JSON or YAML: names, pairs, objects, mappings, or a field that holds these."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hierlab.datasets.class_records import (
    ALIAS_COLUMNS,
    KEY_COLUMNS,
    NAME_COLUMNS,
    SYNSET_COLUMNS,
    Columns,
    Entry,
    Listed,
    are_counts,
    one_line,
    split_names,
    spoken,
)
from hierlab.errors import ClassListError
from hierlab.utils.text_table import fold

__all__ = ["decoded", "listed_objects", "looks_like_yaml"]

# Where a JSON or YAML document keeps its classes.
LIST_FIELDS = (
    "classes", "categories", "names", "class_names", "id2label", "class_to_idx", "label2id",
    "labels",
)  # fmt: skip
_DOCUMENT = re.compile(r"^(?:names|classes|nc)\s*:", re.MULTILINE)


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
            listed = listed_objects(content[holder], columns)
            listed.notes.insert(0, f"field {holder!r}")
            return listed
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
    if folded and all(key.isdigit() for key in folded) and are_counts([*map(int, folded)]):
        items = [folded[key] for key in sorted(folded, key=int)]
        listed = listed_objects(items, columns)
        listed.notes.insert(0, "numbers count the classes")
        return listed
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
    fields: dict[str, str] = {}
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
            if fold(name) in folded and folded[fold(name)] not in fields.values():
                fields[role] = folded[fold(name)]
                break
    if not optional and "key" not in fields and "name" not in fields and "synset" in fields:
        fields["key"] = fields.pop("synset")
    if not optional and "key" not in fields and "name" not in fields:
        raise ClassListError(_expected(item))
    left = [str(name) for name in item if name not in fields.values()]
    roles = ", ".join(f"{role} in field {name!r}" for role, name in fields.items())
    notes.append(roles + (f"; {', '.join(left)} left aside" if left else ""))
    others = item.get(fields.get("aliases", ""), ())
    aliases = split_names(others) if isinstance(others, str) else tuple(map(_word, others))
    key, name, synset = (
        _word(item[fields[role]]) if role in fields else "" for role in ("key", "name", "synset")
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
        problem = " ".join(str(error).split())
        raise ClassListError(f"not YAML ({problem})") from error


def looks_like_yaml(text: str) -> bool:
    """A text file that holds a document: pasted Python or JSON, or YOLO's `names:`."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith(("[", "{")) or bool(_DOCUMENT.search(text))
