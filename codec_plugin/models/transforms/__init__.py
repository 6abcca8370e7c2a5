"""Transforms between image and latent, one family a file, found by name."""

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.transforms.compact import CompactAnalysis, CompactSynthesis
from codec_plugin.models.transforms.hyper_analysis import HyperAnalysis
from codec_plugin.models.transforms.tic import TicAnalysis, TicSynthesis

__all__ = ["TRANSFORMS", "TransformFamily", "build_transforms", "register_transform"]


class TransformFamily(NamedTuple):
    """Constructors of one family; each takes the model's config."""

    analysis: Callable[[ModelConfig], nn.Module]
    synthesis: Callable[[ModelConfig], nn.Module]
    hyper_analysis: Callable[[ModelConfig], HyperAnalysis]


TRANSFORMS: dict[str, TransformFamily] = {}


def register_transform(name: str, family: TransformFamily) -> None:
    """Make `family` known under `name`.

    Raises:
        ConfigError: the name is taken.
    """
    if name in TRANSFORMS:
        raise ConfigError(f"transform {name!r} is registered already; choose another name")
    TRANSFORMS[name] = family


def build_transforms(config: ModelConfig) -> tuple[nn.Module, nn.Module, HyperAnalysis]:
    """Analysis, synthesis and hyper analysis of `config`.

    Raises:
        ConfigError: the family is unknown.
    """
    if config.transform not in TRANSFORMS:
        raise ConfigError(
            f"transform {config.transform!r} is unknown; choose from {sorted(TRANSFORMS)}"
        )
    family = TRANSFORMS[config.transform]
    return family.analysis(config), family.synthesis(config), family.hyper_analysis(config)


register_transform("compact", TransformFamily(CompactAnalysis, CompactSynthesis, HyperAnalysis))
register_transform("tic", TransformFamily(TicAnalysis, TicSynthesis, HyperAnalysis))
