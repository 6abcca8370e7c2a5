"""Small label maps for tests, made by hand or by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, LabelMap, Level, canonical_labels

USUAL_NAMES = ("coarse", "mid", "fine")


def make_map(
    levels: Sequence[Sequence[int]],
    ids: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    *,
    titles: Sequence[str] | None = None,
    name: str = "map",
) -> LabelMap:
    """A map from one label list per level."""
    count = len(levels[0])
    keys = tuple(ids) if ids else tuple(f"k{number}" for number in range(count))
    classes = ClassList("custom", keys, tuple(names) if names else keys)
    made = []
    for number, raw in enumerate(levels):
        labels = canonical_labels(raw)
        title = titles[number] if titles else USUAL_NAMES[number]
        clusters = tuple(
            Cluster(
                name=f"{title} group {cluster}",
                size=int((labels == cluster).sum()),
                medoid=keys[int(np.flatnonzero(labels == cluster)[0])],
            )
            for cluster in range(int(labels.max()) + 1)
        )
        made.append(Level(title, labels, clusters))
    return LabelMap(name, classes, tuple(made), {"method": "by hand"})


# No surrogates: they are not text. Anything else may stand in a name; keys keep to one line.
_KEY = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"), min_size=1, max_size=12
)
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


@st.composite
def nested_maps(draw: st.DrawFn, max_classes: int = 12) -> LabelMap:
    """A nested map of one or two levels above its classes, with any text for keys and names."""
    count = draw(st.integers(3, max_classes))
    ids = draw(st.lists(_KEY, min_size=count, max_size=count, unique=True))
    names = draw(st.lists(_TEXT, min_size=count, max_size=count))
    fine = draw(st.integers(2, count - 1))
    raw = draw(st.permutations([*range(fine), *(i % fine for i in range(count - fine))]))
    if fine == 2 or draw(st.booleans()):
        return make_map([raw], ids, names)
    parents = draw(st.permutations([i % 2 for i in range(fine)]))
    return make_map([[parents[label] for label in raw], raw], ids, names)


@st.composite
def any_maps(draw: st.DrawFn, max_classes: int = 12) -> LabelMap:
    """A map of one to three levels, nested or not."""
    count = draw(st.integers(3, max_classes))
    ids = draw(st.lists(_KEY, min_size=count, max_size=count, unique=True))
    names = draw(st.lists(_TEXT, min_size=count, max_size=count))
    sizes = sorted(draw(st.sets(st.integers(1, count), min_size=1, max_size=3)))
    levels = [draw(st.permutations([*range(k), *(i % k for i in range(count - k))])) for k in sizes]
    return make_map(levels, ids, names)
