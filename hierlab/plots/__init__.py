"""Figures of a hierarchy: one a file, each with the CSV it was drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.embeddings.prototypes import prototypes_of
from hierlab.embeddings.resolve import resolve
from hierlab.embeddings.similarity_matrix import load_similarity
from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap
from hierlab.measures.class_similarity import similarity_of
from hierlab.measures.consistency import ConsistencyReport
from hierlab.measures.report import measure
from hierlab.plots.dendrogram import plot_dendrogram
from hierlab.plots.heatmap import plot_heatmap
from hierlab.plots.icicle import plot_icicle
from hierlab.plots.sizes import plot_sizes
from hierlab.plots.tree_page import plot_tree_page
from hierlab.plots.within_between import plot_within_between
from hierlab.wordnet.taxonomy import taxonomy_for
from hierlab.wordnet.wu_palmer import Policy, wu_palmer

__all__ = [
    "KINDS",
    "Kind",
    "plot",
    "plot_dendrogram",
    "plot_heatmap",
    "plot_icicle",
    "plot_sizes",
    "plot_tree_page",
    "plot_within_between",
]

Kind: TypeAlias = Literal["icicle", "sizes", "heatmap", "within-between", "dendrogram"]
KINDS: tuple[str, ...] = get_args(Kind)


def plot(
    label_map: LabelMap,
    path: str | Path,
    kind: Kind = "icicle",
    *,
    similarity: ArrayLike | str | Path | None = None,
    prototypes: ArrayLike | str | Path | None = None,
    policy: Policy = "nltk",
) -> tuple[Path, ...]:
    """Draw one map; the suffix says how: .png, .svg, .pdf, or .html for a page to click through.

    Args:
        kind: icicle, sizes, heatmap, within-between or dendrogram; a page is always an icicle.
        similarity: (C, C) array or file for heatmap and dendrogram; if not given Wu-Palmer for the
            one, for the other what the map was made from, else Wu-Palmer.
        prototypes: (C, D) array or npz file whose cosines the two show instead.
        policy: of Wu-Palmer, for heatmap and within-between.

    Returns:
        The figure, and beside it the CSV with its numbers.
    Raises:
        HierlabError: unknown kind or suffix, or a figure that needs WordNet for classes that it
            does not know.
    """
    target = Path(path)
    if kind not in KINDS:
        raise HierlabError(f"no figure {kind!r}; there are {', '.join(KINDS)}")
    if kind not in ("heatmap", "dendrogram") and not (similarity is None and prototypes is None):
        raise HierlabError(
            f"a similarity or prototypes are for kinds heatmap and dendrogram, not for {kind}"
        )
    if target.suffix.lower() == ".html":
        if kind != "icicle":
            raise HierlabError(f"a page shows the icicle; draw {kind!r} to .png, .svg or .pdf")
        return plot_tree_page(label_map, target)
    if kind == "icicle":
        return plot_icicle(label_map, target)
    if kind == "sizes":
        return plot_sizes(label_map, target)
    if kind == "within-between":
        return plot_within_between({label_map.name: _consistency(label_map, policy)}, target)
    if kind == "dendrogram" and similarity is None and prototypes is None:
        matrix, about = _own_similarity(label_map)
    else:
        matrix, about = _similarity(label_map, similarity, prototypes, policy)
    draw = plot_heatmap if kind == "heatmap" else plot_dendrogram
    return draw(label_map, matrix, target, what=about)


def _own_similarity(label_map: LabelMap) -> tuple[NDArray[np.float64], str]:
    """What the map was made from, else WordNet, and what that is."""
    own = similarity_of(label_map)
    if own is None:
        raise HierlabError(
            "the heights of a dendrogram need the vectors that the map was made from, or classes "
            "that WordNet holds, at most 5,000; give a similarity or prototypes"
        )
    return own.matrix, own.about


def _similarity(
    label_map: LabelMap,
    similarity: ArrayLike | str | Path | None,
    prototypes: ArrayLike | str | Path | None,
    policy: Policy,
) -> tuple[NDArray[np.float64], str]:
    """The matrix of the figure, and what it is."""
    if similarity is not None and prototypes is not None:
        raise HierlabError("give a similarity or prototypes, not both")
    if similarity is not None:
        return load_similarity(similarity, label_map.classes)[0], "similarity"
    if prototypes is None:
        return _wu_palmer(label_map, policy), f"Wu-Palmer similarity ({policy})"
    if isinstance(prototypes, str | Path):
        vectors = resolve(prototypes, label_map.classes).vectors
    else:
        vectors = prototypes_of(prototypes, label_map.classes).vectors
    return vectors @ vectors.T, "cosine of prototypes"


def _consistency(label_map: LabelMap, policy: Policy) -> ConsistencyReport:
    report = measure(label_map, taxonomy=taxonomy_for(label_map.classes), policies=(policy,))
    if not report.consistency:
        raise HierlabError(f"nothing to draw: {report.left_out[0]}")
    return report.consistency[0]


def _wu_palmer(label_map: LabelMap, policy: Policy) -> NDArray[np.float64]:
    taxonomy = taxonomy_for(label_map.classes)
    wnids = taxonomy.resolve(label_map.classes).wnids if taxonomy else (None,)
    known = [wnid for wnid in wnids if wnid is not None]
    if taxonomy is None or len(known) < len(wnids):
        raise HierlabError(
            "WordNet does not hold all classes, so there is no Wu-Palmer similarity of all pairs; "
            "give --similarity FILE or --prototypes FILE"
        )
    return wu_palmer(taxonomy, known, policy)
