"""The classes that a hierarchy groups: an ordered list of keys with names for people."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hierlab.errors import ClassListError

__all__ = ["MAX_CLASSES", "ClassList", "folded", "numbered"]

MAX_CLASSES = 1_000_000


@dataclass(frozen=True)
class ClassList:
    """C classes in data set order; the order is part of the identity.

    Args:
        set: name of the data set, such as `imagenet-1k`, or `custom`.
        ids: C distinct keys: the WordNet id (`n02123045`) where a class has one, else its name.
        names: C names for people; two classes may share one in a custom list.
        aliases: other names of each class, empty or C entries.
        synsets: what the list says each class is in WordNet (`dog.n.01` or `n02084071`), None
            where it says nothing; empty or C entries.
        resolved_by: how each synset was found, where a map was built with it (`How` of
            `hierlab.wordnet.resolution`); empty or C entries.
        read_as: how the file was read, for people; empty where there was nothing to decide.

    Raises:
        ClassListError: no class, more than 10^6, unequal lengths, or a key given twice.
    """

    set: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    aliases: tuple[tuple[str, ...], ...] = field(default=(), repr=False, compare=False)
    synsets: tuple[str | None, ...] = field(default=(), repr=False, compare=False)
    read_as: str = field(default="", repr=False, compare=False)
    resolved_by: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.ids:
            raise ClassListError("a class list needs at least one class, got none")
        if len(self.ids) > MAX_CLASSES:
            raise ClassListError(
                f"at most {MAX_CLASSES} classes are supported, got {len(self.ids)}"
            )
        if len(self.names) != len(self.ids):
            raise ClassListError(
                f"expected one name per class, got {len(self.names)} names for {len(self.ids)} keys"
            )
        if self.aliases and len(self.aliases) != len(self.ids):
            raise ClassListError(
                f"expected aliases for {len(self.ids)} classes or none, got {len(self.aliases)}"
            )
        if self.synsets and len(self.synsets) != len(self.ids):
            raise ClassListError(
                f"expected synsets for {len(self.ids)} classes or none, got {len(self.synsets)}"
            )
        if self.resolved_by and not len(self.resolved_by) == len(self.synsets) == len(self.ids):
            raise ClassListError("expected a synset and how it was found for each class")
        if any(not key or "\n" in key or "\r" in key for key in self.ids):
            raise ClassListError("a class key must be a word or a line of text, got an empty one")
        if len(set(self.ids)) != len(self.ids):
            twice = Counter(self.ids).most_common(1)[0][0]
            raise ClassListError(
                f"class key {twice!r} stands more than once; "
                "give each class a key of its own, such as its WordNet id"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 over the keys in order, joined by newlines."""
        return hashlib.sha256("\n".join(self.ids).encode()).hexdigest()[:16]

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each key."""
        return {key: position for position, key in enumerate(self.ids)}


def numbered(keys: Sequence[str], named: Sequence[bool]) -> tuple[list[str], list[str]]:
    """Tell apart classes that go by one name: the second crane is `crane (2)`.

    Args:
        keys: one a class.
        named: whether the class goes by its name; a key of a list's own is left as it is.

    Returns:
        The keys, and those that got a number.
    """
    seen: Counter[str] = Counter()
    taken = set(keys)
    found, again = [], []
    for key, by_name in zip(keys, named, strict=True):
        seen[key] += 1
        own = key
        if by_name and seen[key] > 1:
            while (own := f"{key} ({seen[key]})") in taken:
                seen[key] += 1
            taken.add(own)
            again.append(own)
        found.append(own)
    return found, again


def folded(name: str) -> str:
    """A name as names are compared: no accents, capitals, underscores, hyphens, double blanks."""
    if not name.isascii():  # é as e: not every keyboard has it
        parts = unicodedata.normalize("NFKD", name)
        name = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())
