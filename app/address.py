"""What stands in the address: declared here once, and read and written through here alone.

A page is what its address says. A choice at its default is left out of the address, so that a
default may hang on nothing that the address, and what the server has, do not tell. What is left
at a default therefore goes along when the default becomes another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

__all__ = [
    "CARRIED",
    "PAGES",
    "Choice",
    "Count",
    "Parameter",
    "Place",
    "Said",
    "asked_values",
    "carry",
    "counts_of_size",
    "link",
    "parse_number",
]


@dataclass(frozen=True)
class Parameter:
    """One thing that an address may say.

    Args:
        name: in the address.
        about: what it says, for the documents.
    """

    name: str
    about: str

    def asked(self) -> str | None:
        """What the address says; None where it says nothing."""
        return st.query_params.get(self.name) or None


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
        self.found()

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

    def lost(self, names: Sequence[str]) -> str | None:
        """What the address asks for that is not here; told until something else is chosen."""
        asked, key = self.asked(), f"{self.name}_missing"
        if asked is not None and asked not in names:
            st.session_state[key] = asked
        found: str | None = st.session_state.get(key)
        return found

    def found(self) -> None:
        """Something that is here has been chosen."""
        st.session_state.pop(f"{self.name}_missing", None)


@dataclass(frozen=True)
class Place(Parameter):
    """A place in what is chosen, which the page writes into the address."""

    def go(self, value: str | None) -> None:
        """Write the place; None takes it out of the address."""
        if value is None:
            st.query_params.pop(self.name, None)
        elif self.asked() != value:
            st.query_params[self.name] = value


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

MAP = Choice("map", "the hierarchy")
LEVEL = Choice("level", "the level that is drawn")
VIEW = Choice("view", "treemap, icicle, …")
FIND = Choice("find", "what is sought")
BY_WORDNET = Choice("by_wordnet", "whether WordNet lays out the class map")
CLUSTER = Place("cluster", "the cluster, by a class in it: `mid@n02123045`")

CLASSES = Choice("classes", "ImageNet's, or a list of one's own")
METHOD = Choice("method", "how it is built")
ENCODER = Choice("encoder", "encoder and prompts")
ENCODERS = Choice("encoders", "several of them")
OWN_ENCODER = Choice("own_encoder", "the encoder of a list of one's own")
OWN_ENCODERS = Choice("own_encoders", "several of them")
COUNTS = Choice("counts_…", "clusters per level, for so many classes")
SEED = Choice("seed", "the seed")
BESIDE = Choice("beside", "the hierarchy beside it")

A = Choice("a", "hierarchy A")
B = Choice("b", "hierarchy B")
LEVELS = Choice("levels", "the pair of levels")
SHOW = Choice("show", "ribbons, who moved, …")
RIBBON = Place("ribbon", "the ribbon or cluster, by a class in it: `ab@n02123045`")

PART = Choice("part", "answer, encoders, …")
STUDY = Choice("study", "the study")
K = Choice("k", "number of clusters")
GRID = Choice("grid", "method and number of clusters")
PAIR = Place("pair", "two encoders, by name")
SURE_MAP = Choice("sure_map", "the hierarchy whose confidence is drawn")
SURE_LEVEL = Choice("sure_level", "its level")

CODEC = Choice("codec", "the checkpoint")
PHOTO = Choice(
    "photo", "the photograph; without it that of the class that is followed, or the first"
)
SIDE = Choice("side", "its longer side in pixels")
SEARCH = Choice("search", "whether the encoder searches for the classes")
CLASSIFIER = Choice("classifier", "who looks at the picture")
THROUGH = Choice("through", "the label map in whose clusters is told")
AGAINST = Choice("against", "what stands beside it")
BYTES = Count("bytes", "bytes kept")

SOURCE = Choice("source", "served photographs, or one's own")
BATCH_CODEC = Choice("batch_codec", "the checkpoint")
BATCH_SIDE = Choice("batch_side", "the longer side in pixels")
BATCH_CLASSIFIER = Choice("batch_classifier", "who looks at the pictures")
COUNT = Choice("count", "how many photographs")

RESULTS = Choice("results", "the table of results")
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
