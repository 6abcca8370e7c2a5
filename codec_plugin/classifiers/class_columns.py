"""Which of a classifier's outputs mean each class of a label map: by key, else by name.

"dog" (label map) ──► WordNet: dog.n.01 ──► beagle, pug, … among the classifier's outputs, summed
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from codec_plugin.data.label_hierarchy import Hierarchy
from codec_plugin.errors import HierarchyMismatchError
from hierlab.classes import ClassList
from hierlab.wordnet.taxonomy import Taxonomy, taxonomy_for

__all__ = ["ClassColumns", "class_columns", "unknown_classes"]


class ClassColumns(nn.Module):
    """Outputs of a classifier by the class of a label map that they count for.

    Args:
        columns: N outputs, each once.
        classes: N classes that they count for; every class has one at least.
        named: numbers of the classes that were found by name and not by key.
    """

    columns: Tensor
    classes: Tensor

    def __init__(
        self, columns: Sequence[int], classes: Sequence[int], named: Sequence[int] = ()
    ) -> None:
        super().__init__()
        self.named = tuple(named)
        self.n_classes = max(classes) + 1
        self.register_buffer("columns", torch.tensor(columns))
        self.register_buffer("classes", torch.tensor(classes))

    def forward(self, probabilities: Tensor) -> Tensor:
        """Probabilities of the classes: (B, outputs) -> (B, C), sums of their outputs'."""
        counted = probabilities[:, self.columns]
        if not self.named:
            return counted
        empty = probabilities.new_zeros(len(probabilities), self.n_classes)
        return empty.index_add(1, self.classes, counted)


def class_columns(hierarchy: Hierarchy, class_ids: Sequence[str]) -> ClassColumns:
    """Find each class of a label map among a classifier's outputs.

    A class whose key the classifier has is that output. Another one is what the map says it is in
    WordNet, or else what its name most likely means there, and is the sum of the outputs that are
    kinds of it, without those that are kinds of a narrower class of the map.

    Raises:
        HierarchyMismatchError: a class is none of the outputs in either way; the message names it.
    """
    owner, named = _owners(hierarchy, class_ids)
    if unknown := _without(hierarchy, owner):
        raise HierarchyMismatchError(_refusal(hierarchy, unknown, len(class_ids)))
    pairs = sorted((number, column) for column, number in owner.items())
    return ClassColumns([column for _, column in pairs], [number for number, _ in pairs], named)


def unknown_classes(hierarchy: Hierarchy, class_ids: Sequence[str]) -> list[int]:
    """Numbers of the classes of a label map that are none of a classifier's outputs."""
    return _without(hierarchy, _owners(hierarchy, class_ids)[0])


def _owners(
    hierarchy: Hierarchy, class_ids: Sequence[str]
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Class that each output counts for, and the classes that were found by name."""
    places = {key: number for number, key in enumerate(class_ids)}
    outputs_of = {
        number: np.array([places[key]])
        for number, key in enumerate(hierarchy.class_ids)
        if key in places
    }
    missing = [n for n in range(len(hierarchy.class_ids)) if n not in outputs_of]
    named: tuple[int, ...] = ()
    if missing:
        outputs_of |= _by_name(hierarchy, missing, class_ids)
        named = tuple(number for number in missing if number in outputs_of)
    # The narrower class keeps an output that two of them would have.
    owner: dict[int, int] = {}
    for number in sorted(outputs_of, key=lambda n: (len(outputs_of[n]), n)):
        for column in outputs_of[number].tolist():
            owner.setdefault(column, number)
    return owner, named


def _without(hierarchy: Hierarchy, owner: Mapping[int, int]) -> list[int]:
    """Classes that no output counts for."""
    return sorted(set(range(len(hierarchy.class_ids))) - set(owner.values()))


def _by_name(
    hierarchy: Hierarchy, wanted: Sequence[int], class_ids: Sequence[str]
) -> dict[int, NDArray[np.int64]]:
    """Outputs that WordNet puts below each class, for those of which it knows any."""
    classes = ClassList(
        "custom",
        tuple(hierarchy.class_ids[n] for n in wanted),
        tuple(hierarchy.class_names[n] for n in wanted),
        synsets=tuple(hierarchy.synsets[n] for n in wanted) if hierarchy.synsets else (),
    )
    taxonomy = taxonomy_for(classes) or Taxonomy.shipped()
    known = [number for number, key in enumerate(class_ids) if key in taxonomy]
    if not known:
        return {}
    synsets = taxonomy.resolve(classes).wnids
    columns = np.array(known)
    lineage = taxonomy.lineage([class_ids[n] for n in known])
    outputs_of = {}
    for number, synset in zip(wanted, synsets, strict=True):
        if synset is not None:
            below = lineage.positions[lineage.synsets == taxonomy.number(synset)]
            outputs_of[number] = columns[below]
    return {number: below for number, below in outputs_of.items() if len(below)}


def _refusal(hierarchy: Hierarchy, unknown: Sequence[int], outputs: int) -> str:
    words = [(hierarchy.class_ids[n], hierarchy.class_names[n]) for n in unknown[:3]]
    named = ", ".join(key if key == name else f"{key} ({name})" for key, name in words)
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    return (
        f"the classifier knows {outputs} classes but not {named}{more}; choose a classifier whose "
        f"classes include those of label map {hierarchy.name!r}, or none: classifier=none"
    )
