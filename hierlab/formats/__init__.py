"""Formats of other tools: a module each that registers its reader and writer."""

import importlib
import pkgutil

from hierlab.formats._convert import export, import_hierarchy
from hierlab.formats._registry import Format, register_exporter, register_importer, registered

__all__ = [
    "Format",
    "export",
    "import_hierarchy",
    "register_exporter",
    "register_importer",
    "registered",
]

# Every public module of this folder registers its own formats, so a new file is all one needs.
for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")
