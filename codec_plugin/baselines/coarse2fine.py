"""Ours: blocks from coarse to fine, each trained for its level of the hierarchy."""

from codec_plugin.baselines.registry import Method, register_method
from codec_plugin.model import ProgressiveModel
from codec_plugin.train.split import split_first_block

__all__ = ["SPLIT_GAIN", "split"]

SPLIT_GAIN = 0.45


def split(model: ProgressiveModel) -> ProgressiveModel:
    """The warm start with a coarser first block, refined in the second."""
    return split_first_block(model, SPLIT_GAIN)


register_method(
    Method(
        name="coarse2fine",
        source="Kim, Kim & Lee 2026 (arXiv 2605.08266), made causal and exact",
        idea="blocks in order, each stage trained for its level; falling scale inside a block",
        departures="see docs/architecture.md",
        convert=split,
    )
)
