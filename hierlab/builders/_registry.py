"""The registry of builders: a new method is one new file with one decorated function."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import MAX_CLASSES
from hierlab.errors import BuilderError

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.taxonomy import Taxonomy

__all__ = [
    "LARGE",
    "PAIRWISE",
    "BuildInput",
    "Builder",
    "Labels",
    "get_builder",
    "register_builder",
    "registered",
]

Labels: TypeAlias = list[NDArray[np.int32]]
PAIRWISE = 100_000
"""Most classes of methods whose time grows with their square: 23 times that of 21,000."""
LARGE = 4096
"""More classes than this are many: some methods then have other defaults."""
Need: TypeAlias = Literal["vectors", "similarity", "taxonomy"]


@dataclass(frozen=True)
class BuildInput:
    """What a builder may look at; it takes what it said it needs.

    Args:
        classes: the C classes.
        vectors: (C, D) float64 unit rows, one prototype a class.
        similarity: (C, C) float64 symmetric, larger = more alike.
        taxonomy: WordNet over the classes.
    """

    classes: ClassList
    vectors: NDArray[np.float64] | None = None
    similarity: NDArray[np.float64] | None = None
    taxonomy: Taxonomy | None = None


@dataclass(frozen=True)
class Builder:
    """One registered method."""

    name: str
    function: Callable[..., Labels]
    needs: Need
    nested: bool
    seeded: bool
    summary: str
    wordnet: bool = False
    large: Mapping[str, Any] = field(default_factory=dict)
    most: int = MAX_CLASSES
    revision: int = 1

    @property
    def parameters(self) -> dict[str, Any]:
        """Its own keyword parameters with their defaults."""
        signature = inspect.signature(self.function)
        return {
            name: parameter.default
            for name, parameter in signature.parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and name not in ("k", "seed")
        }

    def settings(self, classes: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """All its parameters as they are used on so many classes: what provenance tells.

        Raises:
            BuilderError: too many classes, a parameter that it does not have, or a value that is
                no such number.
        """
        if classes > self.most:
            others = "spherical, bisecting"
            others = f"topdown, {others}" if classes <= PAIRWISE else others
            raise BuilderError(
                f"method {self.name!r} compares every two classes and takes at most {self.most} "
                f"of them, got {classes}; use {others} or kmeans"
            )
        usual = self.parameters
        for name, value in given.items():
            if name not in usual:
                raise BuilderError(
                    f"method {self.name!r} has no parameter {name!r}; "
                    f"it has {', '.join(sorted(usual)) or 'none'}"
                )
            _check_number(name, value, whole=isinstance(usual[name], int))
        return {**usual, **(self.large if classes > LARGE else {}), **given}

    def __call__(
        self, inputs: BuildInput, *, k: tuple[int, ...], seed: int, **parameters: Any
    ) -> Labels:
        """Return one (C,) label array per entry of `k`.

        Raises:
            BuilderError: settings that cannot be, or the method's need is not met.
        """
        settings = self.settings(len(inputs.classes), parameters)
        if getattr(inputs, self.needs) is None:
            raise BuilderError(f"method {self.name!r} needs {self.needs}, and none were given")
        if self.wordnet and inputs.taxonomy is None:
            raise BuilderError(
                f"method {self.name!r} needs classes that WordNet knows by id; "
                "use method 'consensus' for other lists"
            )
        return self.function(inputs, k=k, seed=seed, **settings)


def _check_number(name: str, value: object, *, whole: bool) -> None:
    """Every parameter so far is a number: a count, or a measure."""
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        kind = "a whole number" if whole else "a number"
        raise BuilderError(f"expected parameter {name!r} to be {kind}, got {value!r}")


_BUILDERS: dict[str, Builder] = {}


def register_builder(
    name: str,
    *,
    needs: Need = "vectors",
    nested: bool = True,
    seeded: bool = False,
    wordnet: bool = False,
    large: Mapping[str, Any] | None = None,
    most: int = MAX_CLASSES,
    revision: int = 1,
) -> Callable[[Callable[..., Labels]], Callable[..., Labels]]:
    """Register a function `(inputs, *, k, seed, **parameters) -> Labels` under a new name.

    Args:
        name: what `--method` takes.
        needs: the field of `BuildInput` that the method works on.
        nested: whether each level refines the one above by construction.
        seeded: whether the seed changes the result.
        wordnet: whether it looks at the taxonomy too, beside what it needs.
        large: defaults that change for more than 4,096 classes; a given value wins over them.
        most: classes that it takes.
        revision: rises where the same settings give another partition than before; studies then
            make their cells anew.

    Raises:
        ValueError: the name is taken.
    """

    def decorate(function: Callable[..., Labels]) -> Callable[..., Labels]:
        if name in _BUILDERS:
            raise ValueError(f"a builder named {name!r} exists already")
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        _BUILDERS[name] = Builder(
            name, function, needs, nested, seeded, summary, wordnet, large or {}, most, revision
        )
        return function

    return decorate


def registered() -> Mapping[str, Builder]:
    """All builders by name, sorted."""
    return dict(sorted(_BUILDERS.items()))


def get_builder(name: str) -> Builder:
    """Return one builder.

    Raises:
        BuilderError: no method has that name.
    """
    if name not in _BUILDERS:
        raise BuilderError(f"no method {name!r}; there are {', '.join(sorted(_BUILDERS))}")
    return _BUILDERS[name]
