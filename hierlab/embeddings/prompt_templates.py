"""Prompt sets: the sentences that a class name is put into before it is embedded."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from hierlab.errors import MissingExtraError, PrototypeError
from hierlab.utils.files import read_bounded

__all__ = ["PROMPT_SETS", "PromptSet", "load_prompts"]

MAX_BYTES = 2**20

PROMPT_SETS = {
    "80": "the 80 ImageNet templates of CLIP",
    "7": "the 7 templates that CLIP's authors found to do nearly as well",
    "photo": '"a photo of a {}"',
    "a": '"a {}"',
    "name": '"{}"',
}
_SINGLE = {"photo": "a photo of a {}", "a": "a {}", "name": "{}"}
_FROM_OPEN_CLIP = {"80": "OPENAI_IMAGENET_TEMPLATES", "7": "SIMPLE_IMAGENET_TEMPLATES"}


@dataclass(frozen=True)
class PromptSet:
    """Templates under a name.

    Args:
        name: short name, or the file's name without its ending.
        templates: one or more texts, each with `{}` where the class name goes.
    """

    name: str
    templates: tuple[str, ...]

    def texts(self, name: str) -> list[str]:
        """One text per template for one class name."""
        return [template.replace("{}", name) for template in self.templates]


def load_prompts(spec: str | Path) -> PromptSet:
    """Return a prompt set by short name, or from a file with one template a line.

    Raises:
        PrototypeError: neither a known set nor a file of templates with `{}` in each.
        MissingExtraError: sets 80 and 7 are read from open_clip, and it is not installed.
    """
    if str(spec) in _SINGLE:
        return PromptSet(str(spec), (_SINGLE[str(spec)],))
    if str(spec) in _FROM_OPEN_CLIP:
        return PromptSet(str(spec), _open_clip_templates(_FROM_OPEN_CLIP[str(spec)]))
    path = Path(spec)
    if not path.is_file():
        raise PrototypeError(
            f"no prompt set {str(spec)!r}; expected {', '.join(PROMPT_SETS)}, "
            "or a file with one template a line, such as: a photo of a {}"
        )
    return _from_file(path)


def _from_file(path: Path) -> PromptSet:
    try:
        text = read_bounded(path, MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise PrototypeError(f"{path}: not a text file in UTF-8") from error
    templates = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not templates:
        raise PrototypeError(f"{path}: expected one template a line, found none")
    if wrong := [number for number, line in enumerate(templates, 1) if line.count("{}") != 1]:
        raise PrototypeError(
            f"{path}: template {wrong[0]} needs {{}} once, where the class name goes, "
            f"got {templates[wrong[0] - 1]!r}"
        )
    return PromptSet(path.stem, templates)


def _open_clip_templates(variable: str) -> tuple[str, ...]:
    """A set of open_clip's, whose templates are functions: each is asked about `{}`."""
    return tuple(str(template("{}")) for template in getattr(_open_clip_metadata(), variable))


@lru_cache(maxsize=1)
def _open_clip_metadata() -> ModuleType:
    """open_clip's file of names and templates, alone: the package would import torch."""
    package = importlib.util.find_spec("open_clip")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("open_clip", "clip", "this prompt set")
    path = Path(package.submodule_search_locations[0]) / "zero_shot_metadata.py"
    spec = importlib.util.spec_from_file_location("hierlab_open_clip_metadata", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise PrototypeError(f"{path} is missing; this open_clip has another layout")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
