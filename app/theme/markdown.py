"""Words from files shown as words: nothing in them is markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "counted",
    "held",
    "in_figure",
    "in_list",
    "in_markdown",
    "in_table",
    "sentence",
    "short",
    "without_folders",
]

# A whole path, from the root, of at least two parts.
_PATH = re.compile(r"(?<![\w./:@-])/(?:[^\s/'\":,;]+/)+([^\s/'\":,;]*)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&])")


def in_markdown(text: str) -> str:
    """Text for Markdown: every sign that could be markup is escaped, line breaks are spaces."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def in_list(text: str) -> str:
    """A sentence as Markdown; `what: this — that — more` as a list with its parts in lines."""
    head, colon, rest = text.partition(": ")
    parts = rest.split(" — ")
    if len(parts) == 1:
        return in_markdown(text)
    return "\n".join((in_markdown(head + colon), "", *(f"- {in_markdown(one)}" for one in parts)))


def in_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A small table as Markdown; fractions below two get three digits, larger ones one."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 2 else f"{value:,.1f}".removesuffix(".0")
    if isinstance(value, int):
        return f"{value:,}"
    text = "" if value is None else str(value)
    return text if set(text) <= {"-", ":"} else in_markdown(text)


def in_figure(text: str, limit: int = 80) -> str:
    """Text for a plotly label, which would read tags and entities."""
    plain = short(text, limit)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something is missing."""
    plain = " ".join(text.split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def sentence(error: Exception, limit: int = 400) -> str:
    """An error as one sentence for the page; a file of the server is told by its name alone."""
    return in_markdown(short(without_folders(str(error)) or type(error).__name__, limit))


def without_folders(text: str) -> str:
    """The same with files told by their names, not by where they lie on the server."""
    return _PATH.sub(r"\1", text)


def held(coverage: float | None) -> str:
    """`the name holds for 73 %`; empty where the file does not say."""
    return "" if coverage is None else f"the name holds for {100 * coverage:.0f} %"


def counted(number: int, what: str) -> str:
    """`1 class`, `2 classes`."""
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"
