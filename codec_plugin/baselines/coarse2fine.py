"""Ours: blocks from coarse to fine, each trained for its level of the hierarchy."""

from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["METHODS", "as_it_is"]


def as_it_is(model: ProgressiveModel) -> ProgressiveModel:
    """The warm start unchanged."""
    return model


METHODS = (
    Method(
        name="coarse2fine",
        source="Kim, Kim & Lee 2026 (arXiv 2605.08266), made causal and exact",
        idea="blocks in order, each stage trained for its level; falling scale inside a block",
        departures="see docs/architecture.md",
        convert=as_it_is,
    ),
)
