"""Wide tables: a row per class, a column per level; which column is what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hierlab.errors import FormatError
from hierlab.formats._files import is_number
from hierlab.utils.text_table import NAMES as MARKS
from hierlab.utils.text_table import TextTable, fold

__all__ = [
    "KEYS",
    "NAMES",
    "ORDERS",
    "TableLevel",
    "WideTable",
    "column_number",
    "read_wide",
]

KEYS = ("wnid", "id", "class_id", "key", "class_key")
NAMES = ("label", "name", "class", "class_name", "display_name", "common_name")
ORDERS = ("class_idx", "class_index", "index")
# Where these stand, a column `class` is a rank between phylum and order.
_LEVELS = {"coarse", "mid", "fine", "superclass", "group", "supercategory"}
_RANKS = {"kingdom", "phylum", "order", "family", "genus"}
_COUNTS = {"count", "counts", "n", "num", "images", "image_count", "instance_count", "frequency"}
_INDEX = re.compile(r"(unnamed:_\d+)?")
_WHOLE = re.compile(r"-?\d{1,9}(\.0)?")
_PROSE = 60


@dataclass(frozen=True)
class TableLevel:
    """One level: the cluster of each class by key, and what clusters are called."""

    name: str | None
    values: dict[str, str]
    titles: dict[str, str]


@dataclass(frozen=True)
class WideTable:
    """What a table of classes says; `chosen` are the level columns that the user named."""

    keys: list[str]
    names: list[str]
    ordered: bool
    levels: list[TableLevel]
    read_as: str
    chosen: tuple[str, ...] = ()


def read_wide(
    table: TextTable,
    *,
    key: str | None = None,
    name_column: str | None = None,
    levels: Sequence[str] | None = None,
) -> WideTable:
    """Classes and levels of a table with a row per class.

    The key is `wnid` or `id` (or another of `KEYS`), else the name, else the first column that
    differs in every row, else one that tells all others. The name is `label`, `name` or another of
    `NAMES` if it tells the classes apart; one that repeats is a level, and so is `class` beside
    ranks such as order. Numbered indices, measures and prose are left out. Every other column is a
    level. A cluster name under two parents is two clusters; numbers are taken for what they are.
    Rows that say the same of one class are one class.

    Raises:
        FormatError: no such column, no column tells the classes, none is a level, an empty cell, or
            a class twice with different clusters.
    """
    roles = _Roles(table)
    # Names that are no columns are new names for the levels.
    named = levels if any(table.find((name,)) is not None for name in levels or ()) else ()
    chosen = [column_number(table, name) for name in named or ()]
    given_key = None if key is None else column_number(table, key)
    given_name = None if name_column is None else column_number(table, name_column)
    roles.taken |= {column for column in (given_key, given_name, *chosen) if column is not None}
    by_name = roles.name_column() if given_name is None else given_name
    by_key = roles.key_column(by_name) if given_key is None else given_key
    if by_name is None:
        by_name = roles.spare_name(by_key)
    columns = chosen or roles.level_columns({by_key, by_name})
    if not columns:
        raise FormatError(
            f"expected a column cluster_id, or a column per level, got {_listed(table.columns)}; "
            "name the levels with --levels"
        )
    rows = _one_row_each(table, by_key, columns)
    rows, ordered = _in_order(table, rows)
    keys = [table.rows[row][by_key] for row in rows]
    names = keys if by_name is None else [table.rows[row][by_name] for row in rows]
    parsed, split = _levels(table, rows, keys, columns)
    mark = MARKS.get(table.delimiter, repr(table.delimiter))
    read_as = [f"a table with {mark} and a row per class: keys from {table.title(by_key)}"]
    if by_name is not None and by_name != by_key:
        read_as.append(f"names from {table.title(by_name)}")
    read_as.append(f"levels from {', '.join(map(table.title, columns))}")
    if roles.left_out:
        read_as.append(f"left out {', '.join(roles.left_out)}")
    if split:
        more = f" and {len(split) - 1} more" if len(split) > 1 else ""
        read_as.append(f"{split[0]!r}{more} under several parents: a cluster under each")
    if repeats := len(table.rows) - len(rows):
        read_as.append(f"{repeats} rows that repeat a class are one with it")
    return WideTable(keys, names, ordered, parsed, ", ".join(read_as), tuple(named or ()))


def column_number(table: TextTable, name: str) -> int:
    """Number of a column by its name.

    Raises:
        FormatError: there is none; the message lists those there are.
    """
    column = table.find((name,))
    if column is None:
        raise FormatError(f"no column {name!r}; there are {_listed(table.columns)}")
    return column


class _Roles:
    """Guesses what each column is; a column guessed or given is taken."""

    def __init__(self, table: TextTable) -> None:
        self.table = table
        self.folded = [fold(column) for column in table.columns]
        self.values = [set(table.cells(column)) for column in range(len(table.columns))]
        self.taken: set[int] = set()
        self.left_out: list[str] = []
        for column, name in enumerate(self.folded):
            if name in ORDERS or (_INDEX.fullmatch(name) and self._whole(column)):
                self.taken.add(column)
                if name not in ORDERS:
                    self._leave(column, "an index")

    def name_column(self) -> int | None:
        """The usual names, if they tell (nearly) every class; two classes may be called alike."""
        for name in NAMES:
            column = self.folded.index(name) if name in self.folded else None
            if column is not None and column not in self.taken and not self._is_rank(column):
                values = self.values[column]
                if len(values) >= 0.9 * len(self.table.rows) and "" not in values:
                    self.taken.add(column)
                    return column
        return None

    def key_column(self, by_name: int | None) -> int:
        usual = [self.folded.index(name) for name in KEYS if name in self.folded]
        free = [column for column in usual if column not in self.taken]
        spare = [column for column in range(len(self.folded)) if column not in self.taken]
        if by_name is None and not set(NAMES).isdisjoint(self.folded):
            # Names that repeat are a mistake in the table; levels that differ are no keys.
            spare = [column for column in spare if not self._is_level(column)]
        candidates = [
            *(column for column in free if self._distinct(column)),
            *([by_name] if by_name is not None and self._distinct(by_name) else []),
            *(column for column in spare if self._distinct(column) and not self._measure(column)),
            *free,
            *(column for column in spare if self._determines(column)),
        ]
        if not candidates:
            nearest = max(spare, key=lambda column: len(self.values[column]), default=None)
            hint = "give each class a key of its own"
            if nearest is not None:
                count = f"{len(self.values[nearest])} values in {len(self.table.rows)} rows"
                hint = f"{self.table.title(nearest)} comes nearest ({count}); give --key COLUMN"
            raise FormatError(
                f"no column tells the classes apart in {_listed(self.table.columns)}: {hint}"
            )
        self.taken.add(candidates[0])
        return candidates[0]

    def spare_name(self, by_key: int) -> int | None:
        """Words that differ in every row name the classes, where no usual name does."""
        no_names = (self._is_rank, self._whole, self._prose, self._measure)
        for column in range(len(self.folded)):
            free = column not in self.taken and self._distinct(column)
            if free and not any(test(column) for test in no_names):
                self.taken.add(column)
                return column
        return None

    def level_columns(self, others: set[int | None]) -> list[int]:
        several, single = [], []
        for column, name in enumerate(self.folded):
            if column in self.taken or column in others:
                continue
            if name in ("method", "target_k") or name in _COUNTS or self._measure(column):
                self._leave(column, "no groups")
            elif self._prose(column):
                self._leave(column, "prose")
            elif self._distinct(column) and not self._whole(column):
                self._leave(column, "another value in each row")
            elif self.values[column] == {""}:
                self._leave(column, "empty")
            elif len(self.values[column]) == 1:
                single.append(column)
            else:
                several.append(column)
        for column in single if several else ():
            self._leave(column, "one value")
        return several or single

    def _is_rank(self, column: int) -> bool:
        name = self.folded[column]
        return name in _RANKS or (name == "class" and not _RANKS.isdisjoint(self.folded))

    def _is_level(self, column: int) -> bool:
        return self.folded[column] in _LEVELS or self._is_rank(column)

    def _leave(self, column: int, why: str) -> None:
        self.left_out.append(f"{self.table.title(column)} ({why})")

    def _distinct(self, column: int) -> bool:
        return len(self.values[column]) == len(self.table.rows) and "" not in self.values[column]

    def _determines(self, column: int) -> bool:
        """Whether rows of one value are alike in all else: rows that repeat a class."""
        rest = [other for other in range(len(self.folded)) if other not in self.taken | {column}]
        rows = {tuple(row[other] for other in (column, *rest)) for row in self.table.rows}
        return "" not in self.values[column] and len(rows) == len(self.values[column])

    def _whole(self, column: int) -> bool:
        return all(_WHOLE.fullmatch(value) for value in self.values[column])

    def _measure(self, column: int) -> bool:
        return not self._whole(column) and all(map(is_number, self.values[column] - {""}))

    def _prose(self, column: int) -> bool:
        return sum(map(len, self.values[column])) > _PROSE * len(self.values[column])


def _one_row_each(table: TextTable, by_key: int, columns: Sequence[int]) -> list[int]:
    """The first row of each class; others must agree with it."""
    first: dict[str, int] = {}
    for row, cells in enumerate(table.rows):
        key = cells[by_key]
        if not key:
            raise FormatError(f"line {table.lines[row]}: column {table.title(by_key)} is empty")
        before = table.rows[first.setdefault(key, row)]
        differing = next((column for column in columns if cells[column] != before[column]), None)
        if differing is not None:
            raise FormatError(
                f"class {key!r} stands more than once, with {before[differing]!r} and "
                f"{cells[differing]!r} (line {table.lines[row]}) in column "
                f"{table.title(differing)}; mend the line, or give --key COLUMN"
            )
    return list(first.values())


def _in_order(table: TextTable, rows: list[int]) -> tuple[list[int], bool]:
    """Rows by a column that numbers them from 0 or 1, if there is one."""
    column = table.find(ORDERS)
    given = [] if column is None else [table.rows[row][column] for row in rows]
    if not given or not all(map(_WHOLE.fullmatch, given)):
        return rows, False
    numbers = [int(float(text)) for text in given]
    if sorted(numbers) != list(range(min(numbers), min(numbers) + len(rows))):
        return rows, False
    return [row for _, row in sorted(zip(numbers, rows, strict=True))], True


def _levels(
    table: TextTable, rows: Sequence[int], keys: Sequence[str], columns: Sequence[int]
) -> tuple[list[TableLevel], list[str]]:
    """Levels from coarse to fine, and the names that stand under several parents."""
    levels: list[TableLevel] = []
    split: list[str] = []
    above: list[str] | None = None
    for column in sorted(columns, key=lambda column: len(set(table.cells(column)))):
        values = [table.rows[row][column] for row in rows]
        if "" in values:
            raise FormatError(
                f"column {table.title(column)} is empty for {values.count('')} of {len(rows)} "
                f"classes, such as {keys[values.index('')]!r}; fill it, or choose others with "
                "--levels"
            )
        name = table.columns[column] or None
        if all(map(_WHOLE.fullmatch, values)):  # a number is no name
            levels.append(TableLevel(name, dict(zip(keys, values, strict=True)), {}))
            continue
        if above is not None:
            values, again = _by_parent(values, above)
            split += again
        titles = {value: value for value in values}
        levels.append(TableLevel(name, dict(zip(keys, values, strict=True)), titles))
        above = values
    return levels, split


def _by_parent(values: list[str], above: list[str]) -> tuple[list[str], list[str]]:
    """Clusters, each of several parents called by its parent too, and the names of those."""
    pairs = list(zip(values, above, strict=True))
    parents = Counter(value for value, _ in set(pairs))
    labels = [f"{value} ({parent})" if parents[value] > 1 else value for value, parent in pairs]
    return labels, [value for value in dict.fromkeys(values) if parents[value] > 1]


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(column or "(no name)" for column in columns)
