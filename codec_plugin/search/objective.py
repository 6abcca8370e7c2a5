"""What the encoder's search lowers: rate, distortion and what classifiers recognise, by stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from codec_plugin.classifiers.registry import available_classifiers, load_classifier
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.label_hierarchy import levels_of_stages, load_hierarchy
from codec_plugin.errors import HierarchyMismatchError

if TYPE_CHECKING:
    from codec_plugin.checkpointing.record import CheckpointMeta

__all__ = ["Objective", "training_objective"]


@dataclass(frozen=True)
class Objective:
    """What is lowered: Σ over stages of w·R [bpp] + λ·255²·MSE + γ·CE(own level) + φ·CE(finest).

    Args:
        lambdas: λ of each stage.
        rate_weights: w of each stage; empty means 1.
        gammas: γ of each stage; empty means 0.
        fine_gammas: φ of each stage; empty means 0.
        semantics: classifier and hierarchy of the cross-entropies; none leaves them out.
        level_ends: 0-based stage at which each level is told; empty means one level a stage.
    """

    lambdas: tuple[float, ...]
    rate_weights: tuple[float, ...] = ()
    gammas: tuple[float, ...] = ()
    fine_gammas: tuple[float, ...] = ()
    semantics: Semantics | None = None
    level_ends: tuple[int, ...] = ()

    @property
    def levels(self) -> tuple[int, ...]:
        """Level that each stage serves."""
        return levels_of_stages(self.level_ends, len(self.lambdas))

    @property
    def ends(self) -> tuple[int, ...]:
        """0-based stages at which a level is told, and the last stage."""
        last = len(self.lambdas) - 1
        return tuple(sorted({*(self.level_ends or range(last)), last}))

    def weights(self, stage: int) -> tuple[float, float, float, float]:
        """w, λ, γ and φ of a stage."""
        return (
            self.rate_weights[stage] if self.rate_weights else 1.0,
            self.lambdas[stage],
            self.gammas[stage] if self.gammas else 0.0,
            self.fine_gammas[stage] if self.fine_gammas else 0.0,
        )


def training_objective(
    meta: CheckpointMeta, classifier: str = "", hierarchy: str = ""
) -> Objective:
    """What a search lowers for a checkpoint: the weights that it records for that.

    They need not be those of its training, which may have matched inner features instead.

    Args:
        meta: the checkpoint's description of itself.
        classifier: who should recognise the picture, several with commas; "" is those it was
            trained with whose weights are here, "none" leaves rate and distortion only.
        hierarchy: label map file or shipped name; "" is the one it was trained for.
    Raises:
        ClassifierError: the classifier's weights cannot be had.
        HierarchyMismatchError: the label map cannot be read, or is not the checkpoint's.
    """
    classifier = classifier or available_classifiers(meta.classifier) or "none"
    if classifier == "none":
        return Objective(meta.lambdas, meta.rate_weights, level_ends=meta.level_ends)
    semantics = _semantics(classifier, hierarchy or meta.label_map_name)
    if semantics.hierarchy.id != meta.label_map_id:
        raise HierarchyMismatchError(
            f"the checkpoint was trained for label map {meta.label_map_id[:16]}…, "
            f"not {semantics.hierarchy.id[:16]}… ({semantics.hierarchy.name}); give its file"
        )
    return Objective(
        meta.lambdas, meta.rate_weights, meta.gammas, meta.fine_gammas, semantics, meta.level_ends
    )


@lru_cache(maxsize=2)  # a folder of pictures loads the classifier once
def _semantics(classifier: str, hierarchy: str) -> Semantics:
    return Semantics(load_classifier(classifier), load_hierarchy(hierarchy))
