"""Class hierarchies: build, show, measure, compare, plot, export and import them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hierlab._list import list_
    from hierlab._show import show
    from hierlab.assembly import build
    from hierlab.classes import ClassList
    from hierlab.datasets.class_lists import load_classes
    from hierlab.embeddings.embed import embed
    from hierlab.errors import HierlabError
    from hierlab.formats import export
    from hierlab.formats import import_hierarchy as import_
    from hierlab.labelmap import Cluster, LabelMap, Level, load_label_map
    from hierlab.measures.agreement import compare
    from hierlab.measures.report import measure
    from hierlab.plots import plot
    from hierlab.wordnet.taxonomy import Taxonomy
    from hierlab.wordnet.wu_palmer import wu_palmer

__all__ = [
    "ClassList",
    "Cluster",
    "HierlabError",
    "LabelMap",
    "Level",
    "Taxonomy",
    "build",
    "compare",
    "embed",
    "export",
    "import_",
    "list_",
    "load_classes",
    "load_label_map",
    "measure",
    "plot",
    "show",
    "wu_palmer",
]

__version__ = "0.1.0"

# Names are loaded on first use, so that `import hierlab` and `--help` stay quick.
_HOMES = {
    "ClassList": "classes",
    "Cluster": "labelmap",
    "HierlabError": "errors",
    "LabelMap": "labelmap",
    "Level": "labelmap",
    "Taxonomy": "wordnet.taxonomy",
    "build": "assembly",
    "compare": "measures.agreement",
    "embed": "embeddings.embed",
    "export": "formats",
    "import_": "formats",
    "list_": "_list",
    "load_classes": "datasets.class_lists",
    "load_label_map": "labelmap",
    "measure": "measures.report",
    "plot": "plots",
    "show": "_show",
    "wu_palmer": "wordnet.wu_palmer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hierlab' has no attribute {name!r}")
    home = importlib.import_module(f"hierlab.{_HOMES[name]}")
    return getattr(home, "import_hierarchy" if name == "import_" else name)
