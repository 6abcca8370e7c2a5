"""The paper's own recipe: wide first block, zero fill, its losses.

Blocks: 128 / 96 / 96 of 320 channels, in proportion, none refined, at √3 times the start's finest
step: the paper's last λ, 0.01, lies in the middle of the start's λ at its finest step (0.035) and
at the one three times as coarse (0.0045). λ and γ are the paper's, all stages weigh the same.
"""

import math

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines.registry import Method
from codec_plugin.channel_layout import RATIO
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "paper_blocks"]

_PAPER_BLOCKS = (128, 96, 96)


def paper_blocks(channels: int) -> tuple[int, ...]:
    """The paper's 128 / 96 / 96 of 320 channels, in proportion."""
    ends = [round(sum(_PAPER_BLOCKS[: k + 1]) * channels / sum(_PAPER_BLOCKS)) for k in range(3)]
    return (ends[0], ends[1] - ends[0], ends[2] - ends[1])


def _coarser(model: ProgressiveModel) -> float:
    """√3 from a start that refines; one whose blocks share no channel keeps its steps."""
    return math.sqrt(RATIO) if model.config.layout.refines else 1.0


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    return reblock(
        model,
        paper_blocks(model.config.base_channels),
        coarser=_coarser(model),
        fill="zero",
        use_sort=False,
        stage_conditioning=False,
    )


METHODS = (
    Method(
        name="paper-recipe",
        source="Kim, Kim & Lee 2026 (arXiv 2605.08266), sec. 4",
        idea="blocks 128/96/96 in proportion, missing ones zero, each stage trained for its level",
        departures=(
            "compact transforms; Δ-networks made causal, z wholly in stage 1, since real bytes "
            "need both; one random stage a step stands for the sum over stages"
        ),
        convert=_convert,
        overrides=(
            "phases.0.lambdas=[0.0001, 0.001, 0.01]",
            "phases.0.gammas=[0.5, 1.0, 2.0]",
            "phases.0.fine_gammas=[]",
            "phases.0.feature_weights=[]",
            "phases.0.rate_weights=[]",
            "phases.0.stage_weights=[]",
            "phases.0.stage_probability=[]",
            "phases.0.cut_probability=0.0",
            "phases.0.semantic_share=0.0",
            "phases.0.label_share=0.5",
            "level_blocks=[]",
            "search_gammas=[]",
            "search_fine_gammas=[]",
        ),
    ),
)
