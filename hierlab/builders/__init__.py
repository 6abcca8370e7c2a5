"""Builders: from prototypes, similarities or WordNet to nested or flat partitions."""

import importlib
import pkgutil

from hierlab.builders._registry import (
    Builder,
    BuildInput,
    Labels,
    check_k,
    get_builder,
    register_builder,
    registered,
)

__all__ = [
    "BuildInput",
    "Builder",
    "Labels",
    "check_k",
    "get_builder",
    "register_builder",
    "registered",
]

# Every public module of this folder registers its own method, so a new file is all a method needs.
for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")
