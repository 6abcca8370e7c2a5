"""The grid of a study: which choices are crossed, and the cells that come of it."""

from __future__ import annotations

import hashlib
import itertools
import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.errors import StudyError
from hierlab.measures.partition_stability import drawn_positions

__all__ = ["AXES", "PREPROCESSING", "WHOLE", "Cell", "StudyGrid", "draw_positions", "halves_of"]

PREPROCESSING = ("raw", "centred", "pca", "smoothed")
AXES = ("encoder", "prompts", "method", "preprocessing", "seed", "draw")
WHOLE = -1  # the draw that takes every class
MAX_CELLS = 1_000_000
_MAX_SUBSETS = 40


class StudyGrid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a study crosses with what.

    Args:
        encoders: variants `MODEL[:PRETRAINED][@PROMPTS]` or npz files of prototypes.
        prompts: prompt sets or template files tried with each encoder that names none; empty for
            what the encoder has.
        methods: registered builders that work on vectors.
        preprocessing: any of `raw`, `centred`, `pca`, `smoothed`.
        k: cluster counts, strictly increasing.
        seeds: for the methods that draw random numbers; the others run once.
        share: of the classes in each draw, above 0 and below 1; None for no draws.
        draws: how many draws.
        controls: any of `minilm`, `spelling`, `noise`, `wordnet`; see `study.sources`.
        halves: compare consensus of disjoint halves of the encoders.
        classes: what `load_classes` takes.

    Raises:
        StudyError: an axis that is empty, repeats itself or holds what nobody knows.
    """

    encoders: tuple[str, ...]
    prompts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("consensus",)
    preprocessing: tuple[str, ...] = ("raw",)
    k: tuple[int, ...] = (10, 100)
    seeds: tuple[int, ...] = (0,)
    share: float | None = None
    draws: int = 5
    controls: tuple[str, ...] = ()
    halves: bool = True
    classes: str = "imagenet-1k"

    def __post_init__(self) -> None:
        for axis in ("encoders", "methods", "preprocessing", "k", "seeds"):
            values = getattr(self, axis)
            if not values:
                raise StudyError(f"a study needs at least one of {axis}, got none")
            if len(set(values)) != len(values):
                raise StudyError(f"{axis} holds a value twice: {', '.join(map(str, values))}")
        for step in self.preprocessing:
            if step not in PREPROCESSING:
                raise StudyError(f"no preprocessing {step!r}; there are {', '.join(PREPROCESSING)}")
        if self.share is not None and not 0 < self.share < 1:
            raise StudyError(f"expected a share of classes between 0 and 1, got {self.share}")
        if any(fine <= coarse for coarse, fine in itertools.pairwise(self.k)) or self.k[0] < 1:
            raise StudyError(f"k must rise from at least 1, got {','.join(map(str, self.k))}")
        if not 0 <= self.draws <= 10_000 or any(seed < 0 for seed in self.seeds):
            raise StudyError("seeds must not be negative, and draws at most 10000")

    @property
    def draw_numbers(self) -> tuple[int, ...]:
        """The whole list first, then the draws."""
        return (WHOLE, *range(self.draws)) if self.share is not None else (WHOLE,)

    def encode(self) -> bytes:
        """Canonical JSON."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1) + b"\n"


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One partition of a study; `key` is the hash of all that decides it.

    Args:
        encoder: name of the encoder; several joined by ` + ` are one consensus.
        prompts: name of the prompt set, empty for the encoder's own.
        method, preprocessing, k, seed, draw: see `StudyGrid`.
        levels: the cluster counts built together; a nested level depends on those above it.
        control: whether the encoder is a control.
        digest: of what the vectors were read from, the classes and the share that went in.
        tool: version of this package, and the method's revision after a plus sign if it has one.
    """

    encoder: str
    prompts: str
    method: str
    preprocessing: str
    k: int
    levels: tuple[int, ...]
    seed: int
    draw: int
    control: bool
    digest: str
    tool: str

    @property
    def key(self) -> str:
        """SHA-256 over the fields."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def draw_positions(count: int, share: float | None, draw: int) -> NDArray[np.int64]:
    """Positions of the classes of one draw, in class order; draw `WHOLE` takes all."""
    if draw == WHOLE or share is None:
        return np.arange(count)
    return drawn_positions(count, share, draw)


def halves_of(encoders: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Subsets of half the encoders (rounded down) of which disjoint pairs are compared.

    All of them up to 40, else 40 of them: evenly spaced among the halves, with their complements.
    """
    size = len(encoders) // 2
    if size < 2:
        return ()
    total = math.comb(len(encoders), size)
    subsets = list(itertools.combinations(encoders, size))
    if total <= _MAX_SUBSETS:
        return tuple(subsets)
    chosen = [subsets[at] for at in np.linspace(0, total // 2 - 1, _MAX_SUBSETS // 2, dtype=int)]
    pairs = (
        (subset, tuple(name for name in encoders if name not in subset)[:size]) for subset in chosen
    )
    return tuple(dict.fromkeys(itertools.chain.from_iterable(pairs)))
