"""data/classes: the classes of ImageNet-1K with one name each and all other names they go by."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from hierlab.errors import HierlabError, MissingExtraError
from hierlab.utils.files import data_path, write_atomic
from hierlab.wordnet.taxonomy import Taxonomy

__all__ = ["class_content", "imagenet_wnids", "regenerate_classes", "unique_names"]


def regenerate_classes(
    target: str | Path | None = None, *, wordnet: str | Path | None = None
) -> Path:
    """Write `imagenet-1k.json` from timm, open_clip, torchvision and WordNet 3.0.

    Order and ids come from timm, names from open_clip, aliases from WordNet and torchvision.

    Args:
        target: folder to write to; the shipped `data/classes` by default.
        wordnet: folder with the dictionary files, if not the shipped nouns.

    Raises:
        MissingExtraError: one of the packages is not installed.
        TaxonomyError: no WordNet 3.0 in the folder.
    """
    taxonomy = Taxonomy.wordnet(wordnet)
    wnids = imagenet_wnids()
    clip = _literal(_packaged("open_clip", "zero_shot_metadata.py"), "IMAGENET_CLASSNAMES")
    vision = _literal(_packaged("torchvision", "models/_meta.py"), "_IMAGENET_CATEGORIES")
    content = class_content(taxonomy, wnids, clip, vision)
    return write_atomic(Path(target or data_path("classes")) / "imagenet-1k.json", content)


def imagenet_wnids() -> list[str]:
    """Ids of the classes of ImageNet-1K in the standard order, from timm.

    Raises:
        MissingExtraError: timm is not installed.
    """
    return _packaged("timm", "data/_info/imagenet_synsets.txt").split()


def class_content(
    taxonomy: Taxonomy, wnids: Sequence[str], names: Sequence[str], others: Sequence[str]
) -> bytes:
    """JSON array of {wnid, name, aliases} in class order, one class a line."""
    lines = []
    canonical = unique_names(taxonomy, wnids, names)
    for wnid, name, plain, other in zip(wnids, canonical, names, others, strict=True):
        words = [word.replace("_", " ") for word in taxonomy[wnid].lemmas]
        aliases = [alias for alias in dict.fromkeys((plain, *words, other)) if alias != name]
        lines.append(msgspec.json.encode({"wnid": wnid, "name": name, "aliases": aliases}))
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def unique_names(taxonomy: Taxonomy, wnids: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names with a bracket where two classes share one: the word for what is directly above."""
    count = Counter(name.casefold() for name in names)
    result = [
        f"{name} ({taxonomy.hypernyms(wnid)[0].label})" if count[name.casefold()] > 1 else name
        for wnid, name in zip(wnids, names, strict=True)
    ]
    if len({name.casefold() for name in result}) != len(result):
        raise HierlabError("two classes share a name and a hypernym; no bracket tells them apart")
    return result


def _packaged(package: str, file: str) -> str:
    """Text of a file of an installed package, without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(package, "codec,clip", "rebuilding the class list")
    return (Path(spec.submodule_search_locations[0]) / file).read_text(encoding="utf-8")


def _literal(source: str, variable: str) -> list[str]:
    """Value of a list of strings that a Python file assigns at top level."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == variable for target in statement.targets
        ):
            return [str(item) for item in ast.literal_eval(statement.value)]
    raise HierlabError(
        f"{variable} was not found; expected the package versions of constraints.txt"
    )
