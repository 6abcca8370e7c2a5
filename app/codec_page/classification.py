"""What a classifier reads in the codec's pictures, at each level of its label map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.codec_page.decoding import as_tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from codec_plugin import Codec
    from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["SURE", "Answers", "Reader", "first_sure", "load_reader", "read"]

SHOWN = 5
SURE = 0.8
# By level name, the most probable clusters with their probabilities 0..1.
Answers = dict[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class Reader:
    """What names the pictures.

    Args:
        recogniser: the classifier read through the codec's label map, or None without one.
        remark: why there is none, in a sentence.
    """

    recogniser: Recogniser | None
    remark: str


def load_reader(codec: Codec, label_maps: Mapping[str, Path], classifier: str) -> Reader:
    """Load the classifier that looks at a codec's pictures.

    Args:
        codec: whose label map names the clusters.
        label_maps: files to look through for the label map that the codec was trained for.
        classifier: whose answers are shown.
    """
    from codec_plugin import CodecError
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.recognition import Recogniser

    try:
        path = _label_map_of(codec, label_maps)
        if path is None:
            return Reader(None, "the label map that the codec was trained for is not here")
        return Reader(Recogniser(load_classifier(classifier), load_hierarchy(path)), "")
    except CodecError as error:
        return Reader(None, str(error))


def _label_map_of(codec: Codec, label_maps: Mapping[str, Path]) -> Path | None:
    """The file of the label map with the checkpoint's identity, its own name tried first."""
    from hierlab import HierlabError, load_label_map

    meta = codec.checkpoint.meta
    for _, path in sorted(label_maps.items(), key=lambda entry: entry[0] != meta.label_map_name):
        try:
            if load_label_map(path).id == meta.label_map_id:
                return path
        except HierlabError:
            continue
    return None


def read(recogniser: Recogniser, pixels: NDArray[np.uint8]) -> Answers:
    """What a classifier sees in a picture (H, W, 3), at each level."""
    posterior = recogniser.posterior(as_tensor(pixels))
    hierarchy = recogniser.hierarchy
    found = {}
    for level, name in enumerate(hierarchy.level_names):
        summed = hierarchy.sum_posteriors(posterior[None], level)[0]
        best = summed.topk(min(SHOWN, len(summed)))
        found[name] = tuple(
            (hierarchy.cluster_names[level][cluster], share)
            for cluster, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )
    return found


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
