"""The registry of builders, and the checks of what they are given."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.classes import MAX_CLASSES
from hierlab.clustering.vectors import Matrix, canonical
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
    "check_k",
    "get_builder",
    "register_builder",
    "registered",
]

Labels: TypeAlias = list[NDArray[np.int32]]
PAIRWISE = 100_000
"""Most classes of methods whose time grows with their square: 23 times that of 21,000."""
LARGE = 4096
"""More classes than this are many: some methods then have other defaults."""
Method: TypeAlias = Callable[..., Sequence[NDArray[Any]]]
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

    @property
    def rows(self) -> Matrix:
        """The vectors, for methods that need them: the registry has checked them."""
        assert self.vectors is not None
        return self.vectors


@dataclass(frozen=True)
class Builder:
    """One registered method."""

    name: str
    function: Method
    needs: Need
    nested: bool
    seeded: bool
    summary: str
    wordnet: bool = False
    large: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    most: int = MAX_CLASSES
    revision: int = 1

    @cached_property
    def _takes_seed(self) -> bool:
        return "seed" in inspect.signature(self.function).parameters

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Its own keyword parameters with their defaults."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.function).parameters.items()
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
            _check_number(name, value, usual[name], self.least.get(name, 1))
        return {**usual, **(self.large if classes > LARGE else {}), **given}

    def __call__(
        self, inputs: BuildInput, *, k: tuple[int, ...], seed: int, **parameters: Any
    ) -> Labels:
        """Return one (C,) label array per entry of `k`, clusters numbered by first appearance.

        Raises:
            BuilderError: settings or numbers of clusters that cannot be, or the method's need is
                not met.
        """
        settings = self.settings(len(inputs.classes), parameters)
        return self.partition(
            inputs, k=check_k(k, len(inputs.classes)), seed=seed, settings=settings
        )

    def partition(
        self, inputs: BuildInput, *, k: tuple[int, ...], seed: int, settings: Mapping[str, Any]
    ) -> Labels:
        """As a call, with numbers of clusters and settings that have been checked."""
        if getattr(inputs, self.needs) is None:
            raise BuilderError(f"method {self.name!r} needs {self.needs}, and none were given")
        if self.wordnet and inputs.taxonomy is None:
            raise BuilderError(
                f"method {self.name!r} needs classes that WordNet knows by id; "
                "use method 'consensus' for other lists"
            )
        if self.needs == "vectors":
            inputs = replace(inputs, vectors=_checked_vectors(inputs.rows, len(inputs.classes)))
        own_seed = {"seed": seed} if self._takes_seed else {}
        return canonical(self.function(inputs, k=k, **own_seed, **settings))


def check_k(k: int | Sequence[int] | ArrayLike, classes: int) -> tuple[int, ...]:
    """Return the cluster counts as a tuple if they can be met.

    Raises:
        BuilderError: no whole numbers, none, below 1, above the number of classes, or not
            strictly increasing.
    """
    counts = np.atleast_1d(np.asarray(k))
    if counts.ndim != 1 or (counts.size and counts.dtype.kind not in "iu"):
        raise BuilderError(f"expected whole numbers as k, such as (10, 100), got {k!r}")
    checked = tuple(counts.tolist())
    if not checked:
        raise BuilderError(
            "expected at least one number of clusters, got none; try --k 10,100,1000"
        )
    for count in checked:
        if count < 1:
            raise BuilderError(f"expected at least 1 cluster, got k = {count}")
        if count > classes:
            raise BuilderError(
                f"k = {count} is more than the {classes} class{'es' * (classes > 1)}; "
                f"the largest k is {classes}"
            )
    if any(fine <= coarse for coarse, fine in pairwise(checked)):
        raise BuilderError(f"k must rise from coarse to fine, got {','.join(map(str, checked))}")
    return checked


def _checked_vectors(vectors: Matrix, classes: int) -> Matrix:
    if vectors.ndim != 2 or len(vectors) != classes:
        raise BuilderError(f"expected {classes} vectors, one per class, got shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise BuilderError("the vectors hold NaN or infinite values; make the prototypes anew")
    return np.ascontiguousarray(vectors, dtype=np.float64)


def _check_number(name: str, value: object, usual: object, least: int) -> None:
    """Every parameter so far is a number: a count where its default is one, else a measure."""
    whole = isinstance(usual, int)
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        kind = "a whole number" if whole else "a number"
        raise BuilderError(f"expected parameter {name!r} to be {kind}, got {value!r}")
    if whole and value < least:
        raise BuilderError(f"expected parameter {name!r} to be at least {least}, got {value}")


_BUILDERS: dict[str, Builder] = {}


def register_builder(
    name: str,
    *,
    needs: Need = "vectors",
    nested: bool = True,
    seeded: bool = False,
    wordnet: bool = False,
    large: Mapping[str, Any] | None = None,
    least: Mapping[str, int] | None = None,
    most: int = MAX_CLASSES,
    revision: int = 1,
) -> Callable[[Method], Method]:
    """Register a function `(inputs, *, k, **parameters) -> [labels]` under a new name.

    The function gets a `BuildInput` whose need is met, and `k`, strictly increasing numbers of
    clusters that the classes allow; it returns (C,) labels for each. One that takes a `seed` too
    gets it.

    Args:
        name: what `--method` takes.
        needs: the field of `BuildInput` that the method works on.
        nested: whether each level refines the one above by construction.
        seeded: whether the seed changes the result.
        wordnet: whether it looks at the taxonomy too, beside what it needs.
        large: defaults that change for more than 4,096 classes; a given value wins over them.
        least: of whole-number parameters, where it is not 1.
        most: classes that it takes.
        revision: rises where the same settings give another partition than before; studies then
            make their cells anew.

    Raises:
        ValueError: the name is taken.
    """

    def decorate(function: Method) -> Method:
        if name in _BUILDERS:
            raise ValueError(f"a builder named {name!r} exists already")
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        _BUILDERS[name] = Builder(
            name,
            function,
            needs,
            nested,
            seeded,
            summary,
            wordnet,
            large or {},
            least or {},
            most,
            revision,
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
