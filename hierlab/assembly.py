"""Builds a label map: from classes and vectors, a similarity or WordNet to named clusters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from numpy.typing import ArrayLike

from hierlab._consensus_map import consensus_map
from hierlab.builders import Builder, BuildInput, check_k, get_builder
from hierlab.classes import ClassList
from hierlab.datasets.class_lists import given_classes
from hierlab.embeddings.prototypes import load_prototypes
from hierlab.embeddings.resolve import resolve
from hierlab.embeddings.similarity_matrix import load_similarity
from hierlab.errors import BuilderError
from hierlab.hierarchy.description import TOOL, describe, level_names, reading_provenance
from hierlab.labelmap import LabelMap
from hierlab.measures.partition_stability import auto_levels
from hierlab.wordnet.taxonomy import resolved

__all__ = ["build"]

DEFAULT_METHOD = "consensus"
DEFAULT_OF_MANY = "topdown"  # beyond what the default can hold
DEFAULT_CLASSES = "imagenet-1k"


def build(
    *,
    clip: str | None = None,
    k: int | Sequence[int] | Literal["auto"] = (10, 100, 1000),
    method: str | None = None,
    seed: int = 0,
    classes: str | Path | ClassList | Sequence[str] = DEFAULT_CLASSES,
    prototypes: ArrayLike | str | Path | None = None,
    similarity: ArrayLike | str | Path | None = None,
    consensus: Sequence[str] | None = None,
    stable: bool = False,
    source: str = "auto",
    name: str | None = None,
    levels: Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    wordnet: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabelMap:
    """Build a class hierarchy with `k` clusters per level, coarse to fine.

    Args:
        clip: a variant `MODEL[:PRETRAINED][@PROMPTS]`, such as `ViT-B-32`; see `hierlab.list_`.
        k: strictly increasing cluster counts, or one; that of the classes is the identity. `auto`
            takes the numbers at which partitions of these vectors hold best (`hierlab suggest-k`).
        method: a registered builder, see `hierlab.list_`; `consensus` if not given, `similarity`
            where a similarity is, `topdown` for more than 8,000 classes.
        seed: used by methods that draw random numbers.
        classes: `imagenet-1k`, a `ClassList`, names or WordNet ids, or a file or folder that
            `load_classes` reads.
        prototypes: npz file of text vectors, or a (C, D) array of one a class, instead of `clip`.
        similarity: (C, C) symmetric array, or npy/npz/csv file of one, for method `similarity`.
        consensus: variants or npz files to be made into one hierarchy, instead of `clip`.
        stable: the consensus of every prompt set that is shipped for `clip`, with confidence.
        source: `table` (shipped), `weights` (through open_clip) or `auto` (table first).
        name: of the map; made from source, method and k if not given.
        levels: names of the levels; coarse, mid, fine for three.
        parameters: the method's own keyword parameters.
        wordnet: folder with a WordNet 3.0 of one's own, to use instead of the shipped one.
        progress: called with (done, total) after each run of a consensus; other methods tell none.

    Raises:
        BuilderError: k does not fit, or the method, a parameter or an input is missing.
        PrototypeError: the vectors do not fit the classes or cannot be had here.
    """
    class_list = given_classes(classes)
    builder, class_list = _builder_and_classes(method, class_list, prototypes, similarity, classes)
    encoder = prototypes if prototypes is not None else clip
    encoders: Sequence[Any] = consensus or ([] if encoder is None else [encoder])
    if isinstance(k, str) and k == "auto":
        if builder.needs != "vectors" or not encoders:
            raise BuilderError(
                "k auto looks at prototypes; give --clip, --prototypes or --consensus, or numbers"
            )
        k = auto_levels([resolve(one, class_list, source).vectors for one in encoders], seed=seed)
    counts = check_k(k, len(class_list))
    names = level_names(len(counts), levels)
    if consensus or stable:
        if method not in (None, "consensus"):
            raise BuilderError(
                f"consensus and stable are a method of their own; leave out method {method!r}"
            )
        stem = Path(str(encoders[0])).stem if stable and encoders else ""
        return consensus_map(
            [str(one) for one in encoders],
            class_list,
            counts,
            names,
            name=name or _slug(stem, "stable" if stable else "consensus", counts),
            stable=stable,
            source=source,
            seed=seed,
            parameters=parameters,
            wordnet=wordnet,
            progress=progress,
        )
    settings = builder.settings(len(class_list), parameters or {})  # before anything large is read
    inputs, origin = _inputs(builder.needs, class_list, encoder, similarity, source, wordnet)
    labels = builder.partition(inputs, k=counts, seed=seed, settings=settings)
    provenance = {
        "method": builder.name,
        "parameters": settings,
        "seed": seed if builder.seeded else None,
        "source": origin,
        "tool": TOOL,
        **reading_provenance(inputs.classes, inputs.taxonomy),
    }
    title = name or _slug(origin.get("variant") or origin["kind"], builder.name, counts)
    described = describe(labels=labels, names=names, **vars(inputs))
    return LabelMap(title, inputs.classes, described, provenance)


def _builder_and_classes(
    method: str | None,
    classes: ClassList,
    prototypes: object,
    similarity: object,
    asked: object,
) -> tuple[Builder, ClassList]:
    """The method, by default one that fits; and the classes, by default those of the prototypes."""
    usual = "similarity" if similarity is not None else DEFAULT_METHOD
    builder = get_builder(method if method is not None else usual)
    default = isinstance(asked, str) and asked == DEFAULT_CLASSES
    if isinstance(prototypes, str | Path) and default and builder.needs == "vectors":
        own = load_prototypes(prototypes).classes
        classes = classes if own is None or own.ids == classes.ids else own
    if method is None and builder.name == DEFAULT_METHOD and len(classes) > builder.most:
        builder = get_builder(DEFAULT_OF_MANY)
    return builder, classes


def _inputs(
    needs: str,
    classes: ClassList,
    encoder: ArrayLike | str | Path | None,
    similarity: ArrayLike | str | Path | None,
    source: str,
    wordnet: str | Path | None,
) -> tuple[BuildInput, dict[str, Any]]:
    """What a builder works on, and its origin for the provenance."""
    classes, taxonomy = resolved(classes, required=needs == "taxonomy", wordnet=wordnet)
    if needs == "taxonomy":
        return BuildInput(classes, taxonomy=taxonomy), {"kind": "wordnet", "version": "3.0"}
    if needs == "similarity":
        if similarity is None:
            raise BuilderError("this method needs a (C, C) similarity; give --similarity FILE")
        matrix, origin = load_similarity(similarity, classes)
        return BuildInput(classes, similarity=matrix, taxonomy=taxonomy), origin
    if encoder is None:
        raise BuilderError("this method needs prototypes; give --clip MODEL or --prototypes FILE")
    prototypes = resolve(encoder, classes, source=source)
    return BuildInput(classes, vectors=prototypes.vectors, taxonomy=taxonomy), prototypes.origin


def _slug(origin: str, method: str, counts: Sequence[int]) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", origin.lower()).strip("-")
    return "-".join(part for part in (words, method, *map(str, counts)) if part)
