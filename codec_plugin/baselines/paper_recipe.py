"""The paper's own recipe: wide first block, zero fill, its losses."""

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "paper_blocks"]

_PAPER_BLOCKS = (128, 96, 96)


def paper_blocks(channels: int) -> tuple[int, ...]:
    """The paper's 128 / 96 / 96 of 320 channels, in proportion."""
    ends = [round(sum(_PAPER_BLOCKS[: k + 1]) * channels / sum(_PAPER_BLOCKS)) for k in range(3)]
    return (ends[0], ends[1] - ends[0], ends[2] - ends[1])


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    return reblock(
        model,
        paper_blocks(model.config.channels),
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
            "phases.0.rate_weights=[]",
            "phases.0.stage_probability=[]",
            "phases.0.cut_probability=0.0",
        ),
    ),
)
