"""What stands in the address: declared here once, and read and written through here alone.

A page is what its address says. A choice at its default is left out of the address, so that a
default may hang on nothing that the address, and what the server has, do not tell. What is left
at a default therefore goes along when the default becomes another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

__all__ = [
    "CARRIED",
    "PAGES",
    "Choice",
    "Count",
    "Missed",
    "Parameter",
    "Place",
    "Said",
    "arrive",
    "asked_values",
    "carry",
    "counts_of_size",
    "forget_missed",
    "link",
    "look_back",
    "missed",
    "parse_number",
]


@dataclass(frozen=True)
class Parameter:
    """One thing that an address may say.

    Args:
        name: in the address.
        about: what it says, for the documents.
        noun: what people call it; its name if empty.
    """

    name: str
    about: str
    noun: str = ""

    def asked(self) -> str | None:
        """What the address says; None where it says nothing."""
        return st.query_params.get(self.name) or None

    def miss(self, asked: str, shown: str, why: str = "") -> None:
        """Note, to be told, that the address asks for what is not here.

        Args:
            shown: what is shown instead.
            why: a sentence more.
        """
        key = f"{self.name}_missed"
        _waiting().pop(self.name, None)
        if asked and st.session_state.get(key) != asked:  # else it has been told
            st.session_state[key] = asked
            _missed()[self.name] = Missed(self.noun or self.name, asked, shown, why)


@dataclass(frozen=True)
class Missed:
    """What the address asks for and is not here.

    Args:
        noun: what it would be.
        shown: what is shown instead.
        why: a sentence more, or nothing.
    """

    noun: str
    asked: str
    shown: str
    why: str


@dataclass(frozen=True)
class Choice(Parameter):
    """What is chosen in a widget, which the browser writes into the address."""

    @property
    def widget(self) -> dict[str, Any]:
        """Arguments that tie a widget to the address."""
        return {"key": self.name, "bind": "query-params"}

    def chosen(self) -> Any:
        """What is chosen; None before the widget has been laid out for the first time."""
        return st.session_state.get(self.name)

    def choose(self, value: Any) -> None:
        """Choose in the visitor's place, before the widget is laid out."""
        st.session_state[self.name] = value

    def settle(self, default: Any, options: Sequence[Any] | None = None) -> None:
        """Keep the choice what the address says of it, before the widget is laid out.

        Args:
            default: what is chosen where the address says nothing.
            options: of a choice of several, which is kept where all of it is still here.
        """
        key, held = f"{self.name}_default", self.chosen()
        former = st.session_state.get(key, default)
        st.session_state[key] = default
        gone = options is not None and held is not None and not set(held) <= set(options)
        if gone or (held is not None and former != default and _same(held, former)):
            st.session_state[self.name] = default


@dataclass(frozen=True)
class Place(Parameter):
    """A place in what is chosen, which the page writes into the address."""

    def go(self, value: str | None) -> None:
        """Write the place; None takes it out of the address."""
        st.session_state[f"{self.name}_went"] = value
        if value is None:
            st.query_params.pop(self.name, None)
        elif self.asked() != value:
            st.query_params[self.name] = value

    def went(self) -> bool:
        """Whether a page wrote what the address says now."""
        return self.asked() == st.session_state.get(f"{self.name}_went")


@dataclass(frozen=True)
class Count(Place):
    """A number that counts in one thing only, such as a file's bytes; a widget may hold it."""

    @property
    def _of(self) -> str:
        return f"{self.name}_of"

    def within(self, of: str, low: int, high: int, first: int) -> int:
        """The number: the address's at first, then what the widget or the page says.

        Streamlit would carry a widget's number from the address into another thing, where it says
        nothing; so the widget has the key `name`, and is not tied to the address.

        Args:
            of: the thing it counts in; in another it begins with `first`.
        """
        former = st.session_state.get(self._of)
        if former != of or self.name not in st.session_state:
            asked = self.asked() if former in (None, of) else None
            self.hold(parse_number(asked, low, high, first))
            if asked is not None and str(st.session_state[self.name]) != asked:
                self.miss(asked, str(first), f"There are {low:,} to {high:,}.")
        st.session_state[self._of] = of
        number = int(st.session_state[self.name])
        self.go(str(number))
        return number

    def hold(self, number: int) -> None:
        """Choose in the visitor's place, before the widget is laid out."""
        st.session_state[self.name] = number

    def forget(self) -> None:
        """Let the address say it again, whatever it counts in."""
        st.session_state.pop(self._of, None)


# What an address is to say of each.
Said = dict[Parameter, str]

CLASS = Place("class", "the class that is followed, by its key")

MAP = Choice("map", "the hierarchy", "map")
LEVEL = Choice("level", "the level that is drawn")
VIEW = Choice("view", "treemap, icicle, …")
FIND = Choice("find", "what is sought")
BY_WORDNET = Choice("by_wordnet", "whether WordNet lays out the class map")
CLUSTER = Place("cluster", "the cluster, by a class in it: `mid@n02123045`")

CLASSES = Choice("classes", "ImageNet's, or a list of one's own")
METHOD = Choice("method", "how it is built")
ENCODER = Choice("encoder", "encoder and prompts")
ENCODERS = Choice("encoders", "several of them")
OWN_ENCODER = Choice("own_encoder", "the encoder of a list of one's own", "encoder")
OWN_ENCODERS = Choice("own_encoders", "several of them", "encoders")
COUNTS = Choice("counts_…", "clusters per level, for so many classes")
SEED = Choice("seed", "the seed")
BESIDE = Choice("beside", "the hierarchy beside it", "map")

A = Choice("a", "hierarchy A", "map")
B = Choice("b", "hierarchy B", "map")
LEVELS = Choice("levels", "the pair of levels")
SHOW = Choice("show", "ribbons, who moved, …")
RIBBON = Place("ribbon", "the ribbon or cluster, by a class in it: `ab@n02123045`")

PART = Choice("part", "answer, encoders, …")
STUDY = Choice("study", "the study")
K = Choice("k", "number of clusters")
GRID = Choice("grid", "method and number of clusters")
PAIR = Place("pair", "two encoders, by name")
SURE_MAP = Choice("sure_map", "the hierarchy whose confidence is drawn", "map")
SURE_LEVEL = Choice("sure_level", "its level", "level")

CODEC = Choice("codec", "the checkpoint", "codec")
PHOTO = Choice(
    "photo",
    "the photograph; without it that of the class that is followed, or the first",
    "photograph",
)
SIDE = Choice("side", "its longer side in pixels")
SEARCH = Choice("search", "whether the encoder searches for the classes")
CLASSIFIER = Choice("classifier", "who looks at the picture")
THROUGH = Choice("through", "the label map in whose clusters is told", "label map")
AGAINST = Choice("against", "what stands beside it")
BYTES = Count("bytes", "bytes kept")

SOURCE = Choice("source", "served photographs, or one's own")
BATCH_CODEC = Choice("batch_codec", "the checkpoint", "codec")
BATCH_SIDE = Choice("batch_side", "the longer side in pixels", "side")
BATCH_CLASSIFIER = Choice("batch_classifier", "who looks at the pictures", "classifier")
COUNT = Choice("count", "how many photographs")

RESULTS = Choice("results", "the table of results", "table of results")
DIAGRAM = Choice("diagram", "what is drawn")
LOG = Choice("log", "whether the axis is logarithmic")
CODECS = Choice("codecs", "the codecs that are drawn")
ONLY = Choice("only", "whether the class's photographs alone count")
ANCHOR = Choice("anchor", "against which codec gains are told")
REACH = Choice("reach", "the accuracy to reach, in %")

# Goes along when the menu leads to another page.
CARRIED = CLASS
PAGES: dict[str, tuple[Parameter, ...]] = {
    "explore": (CLASS, MAP, LEVEL, VIEW, FIND, BY_WORDNET, CLUSTER),
    "build": (
        *(CLASS, CLASSES, METHOD, ENCODER, ENCODERS, OWN_ENCODER, OWN_ENCODERS),
        *(COUNTS, SEED, BESIDE),
    ),
    "compare": (CLASS, A, B, LEVELS, SHOW, RIBBON),
    "stability": (CLASS, PART, STUDY, K, GRID, PAIR, SURE_MAP, SURE_LEVEL),
    "codec": (CLASS, CODEC, PHOTO, SIDE, SEARCH, CLASSIFIER, THROUGH, AGAINST, BYTES),
    "batch": (CLASS, SOURCE, BATCH_CODEC, BATCH_SIDE, BATCH_CLASSIFIER, COUNT),
    "curves": (CLASS, RESULTS, DIAGRAM, LOG, CODECS, ONLY, ANCHOR, REACH),
}


def counts_of_size(size: int) -> Choice:
    """Clusters per level of a list of so many classes: what fits one size fits no other."""
    return Choice(COUNTS.name.replace("…", str(min(size, 1000))), COUNTS.about)


def carry(page: str) -> None:
    """Keep what goes along in the address when the menu leads to another page.

    Args:
        page: the one that is about to be laid out.
    """
    former, kept = st.session_state.get("carried", (page, None))
    asked = CARRIED.asked()
    if asked is None and former != page and kept is not None:
        CARRIED.go(kept)
        asked = kept
    st.session_state["carried"] = page, asked


def link(page: str, said: Said) -> dict[str, str]:
    """The address of another page, for one that is about to be opened in this session.

    Raises:
        ValueError: the page reads no such parameter.
    """
    if other := [one.name for one in said if one not in PAGES[page]]:
        raise ValueError(f"the page {page} reads no {', '.join(other)}")
    for parameter in said:
        if isinstance(parameter, Count):
            parameter.forget()
    return {parameter.name: text for parameter, text in said.items()}


def arrive(page: str) -> None:
    """Note what the address asks for, before anything of a page is laid out.

    What the page does not read is taken out of the address.
    """
    known = {one.name for one in PAGES[page]}
    for name in list(st.query_params):
        values = st.query_params.get_all(name)
        if _declared(name) not in known:
            Parameter(name, "").miss(", ".join(values), "", f"{page.capitalize()} has no {name}.")
            with suppress(StreamlitAPIException):  # a widget of the former page may hold it yet
                del st.query_params[name]
        elif name not in st.session_state:
            _waiting()[name] = values
    places = {one.name for one in PAGES[page] if type(one) is Place}
    for name, one in list(_missed().items()):
        held = st.session_state.get(name)
        other = st.query_params.get(name) != one.asked
        if other if name in places else held is not None and _texts(held) != one.shown:
            del _missed()[name]  # something else has been chosen


def look_back(page: str, *, whole: bool) -> None:
    """Note what of the choices that the address asked for has not been taken.

    Args:
        whole: all of the page has been laid out; a choice that is not there has no say in it.
    """
    waiting = _waiting()
    for name in [name for name in waiting if name in st.session_state]:
        one = next(one for one in PAGES[page] if one.name == _declared(name))
        asked, held = waiting.pop(name), st.session_state[name]
        if isinstance(one, Choice) and not _taken(asked, held):
            st.session_state.pop(f"{name}_missed", None)
            Parameter(name, "", one.noun).miss(", ".join(asked), _texts(held))
    if whole:
        waiting.clear()


def missed() -> list[Missed]:
    """What the address asked for and is not here, until something else is chosen."""
    return list(_missed().values())


def forget_missed() -> None:
    """It has been read."""
    _missed().clear()


def _missed() -> dict[str, Missed]:
    noted: dict[str, Missed] = st.session_state.setdefault("address_missed", {})
    return noted


def _waiting() -> dict[str, list[str]]:
    """What the address asks for of choices that have not been laid out yet."""
    noted: dict[str, list[str]] = st.session_state.setdefault("address_waiting", {})
    return noted


def _declared(name: str) -> str:
    return re.sub(r"^counts_\d+$", COUNTS.name, name)


def _texts(held: Any) -> str:
    if isinstance(held, list | tuple):
        return ", ".join(map(str, held))
    return ("on" if held else "off") if isinstance(held, bool) else str(held)


def _taken(asked: list[str], held: Any) -> bool:
    """Whether a choice is what the address asks for, in whatever letters."""
    if isinstance(held, list | tuple):
        return {one for one in asked if one} == set(map(str, held))
    last = asked[-1].lower()
    if isinstance(held, bool):
        return last in ("", str(held).lower())
    if isinstance(held, int | float):
        return last in ("", str(held)) or parse_number(last, 0, 2**40, -1) == held
    return last in ("", str(held).lower())


def asked_values() -> list[str]:
    """All that the address says, whatever of."""
    return list(st.query_params.to_dict().values())


def parse_number(text: str | None, low: int, high: int, default: int) -> int:
    """Read a whole number within bounds; the default for anything else."""
    if text and text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high:
        return int(text)
    return default


def _same(first: Any, second: Any) -> bool:
    several = isinstance(first, list | tuple) and isinstance(second, list | tuple)
    return set(first) == set(second) if several else bool(first == second)
