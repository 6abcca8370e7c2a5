"""Class hierarchies: build, measure, compare and export them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.errors import HierlabError
    from hierlab.labelmap import Cluster, LabelMap, Level, load_label_map

__all__ = ["ClassList", "Cluster", "HierlabError", "LabelMap", "Level", "load_label_map"]

__version__ = "0.1.0"

# Names are loaded on first use, so that `import hierlab` and `--help` stay quick.
_HOMES = {
    "ClassList": "hierlab.classes",
    "Cluster": "hierlab.labelmap",
    "HierlabError": "hierlab.errors",
    "LabelMap": "hierlab.labelmap",
    "Level": "hierlab.labelmap",
    "load_label_map": "hierlab.labelmap",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hierlab' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
