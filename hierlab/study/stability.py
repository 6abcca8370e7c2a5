"""Stability: agreement along one axis with all others held fixed, and which axis moves most."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hierlab.measures.bootstrap import bootstrap_ari, interval
from hierlab.study.grid import AXES, WHOLE, Cell
from hierlab.study.results import REST, AxisAgreement, VarianceShare
from hierlab.study.statistics import variance_shares
from hierlab.study.vector_sources import JOINED

__all__ = ["Labels", "axis_agreement", "disjoint", "variance"]

_T = TypeVar("_T")
Labels = Callable[[Cell], NDArray[np.int32]]
_MAX_PAIRS = 400  # a group; more change the mean by less than its interval
_MAX_CELLS = 40  # of one analysis of variance; spread evenly over the cells


def axis_agreement(
    cells: Sequence[Cell], labels: Labels, weights: NDArray[np.float64]
) -> list[AxisAgreement]:
    """Agreement along each axis that has more than one value, per method and K.

    Draws are compared with the whole list over the classes they share. Controls and consensus of
    several encoders take no part, except in the axis `halves`: disjoint consensus groups of equal
    size; and in `draw`.

    Args:
        cells: of one study.
        labels: gives the (C,) labels of a cell.
        weights: (1 + B, C) class weights, the first row ones.
    """
    agreements = []
    for axis in (*AXES, "halves"):
        groups: dict[tuple[str, str, int], list[tuple[Cell, Cell]]] = defaultdict(list)
        for first, second in _pairs(cells, axis):
            method = "any" if axis == "method" else _method(first)
            steps = "any" if axis == "preprocessing" else first.preprocessing
            groups[method, steps, first.k].append((first, second))
        for (method, steps, k), pairs in groups.items():
            chosen = _spread(pairs, _MAX_PAIRS)
            values = np.stack([bootstrap_ari(labels(a), labels(b), weights) for a, b in chosen])
            mean = values.mean(axis=0)
            ari = interval(mean[0], mean[1:])
            worst = float(values[:, 0].min())
            agreements.append(AxisAgreement(axis, method, steps, k, ari, worst, len(chosen)))
    return agreements


def _method(cell: Cell) -> str:
    """A consensus of several encoders is not the same method on one."""
    return f"{cell.method} of several" if JOINED in cell.encoder else cell.method


def _pairs(cells: Sequence[Cell], axis: str) -> Iterable[tuple[Cell, Cell]]:
    if axis == "halves":
        whole = [cell for cell in cells if JOINED in cell.encoder and cell.draw == WHOLE]
        for first, second in itertools.combinations(whole, 2):
            if first.k == second.k and disjoint(first, second):
                yield first, second
        return
    taking_part = [
        cell
        for cell in cells
        if not cell.control
        and (axis == "draw" or (cell.draw == WHOLE and JOINED not in cell.encoder))
    ]
    alike: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in taking_part:
        # The builder's own choice of levels and seeds follows from the method.
        fixed = [getattr(cell, name) for name in AXES if name != axis]
        alike[*fixed, cell.k].append(cell)
    for group in alike.values():
        if axis == "draw":
            whole = [cell for cell in group if cell.draw == WHOLE]
            draws = [cell for cell in group if cell.draw != WHOLE]
            yield from itertools.product(whole, draws)
        else:
            yield from itertools.combinations(group, 2)


def disjoint(first: Cell, second: Cell) -> bool:
    """Whether two consensus groups are of equal size and share no encoder."""
    mine, theirs = set(first.encoder.split(JOINED)), set(second.encoder.split(JOINED))
    return len(mine) == len(theirs) and not mine & theirs


def variance(
    cells: Sequence[Cell], labels: Labels, weights: NDArray[np.float64]
) -> list[VarianceShare]:
    """Which axis moves the result most: analysis of variance on 1 − ARI.

    Per method over encoders, prompts, preprocessing and seeds; and over the methods together at
    the first seed.
    """
    single = [c for c in cells if not c.control and c.draw == WHOLE and JOINED not in c.encoder]
    shares: list[VarianceShare] = []
    for k in sorted({cell.k for cell in single}):
        here = [cell for cell in single if cell.k == k]
        methods = sorted({cell.method for cell in here})
        for method in methods:
            shares += _shares([c for c in here if c.method == method], method, labels, weights)
        if len(methods) > 1:
            first = min(cell.seed for cell in here)
            shares += _shares([c for c in here if c.seed == first], "all", labels, weights)
    return shares


def _shares(
    cells: Sequence[Cell], method: str, labels: Labels, weights: NDArray[np.float64]
) -> list[VarianceShare]:
    chosen = _spread(cells, _MAX_CELLS)
    varied = [axis for axis in AXES if len({getattr(cell, axis) for cell in chosen}) > 1]
    axes = [axis for axis in varied if axis != "seed"]
    # One axis and nothing else that varies explains all there is, which says nothing.
    if len(chosen) < 3 or len(varied) < 2 or not axes:
        return []
    count = len(chosen)
    distances = np.zeros((len(weights), count, count))
    known = [labels(cell) for cell in chosen]
    for i, j in itertools.combinations(range(count), 2):
        distances[:, i, j] = distances[:, j, i] = 1 - bootstrap_ari(known[i], known[j], weights)
    shares = variance_shares(distances, [[getattr(cell, axis) for cell in chosen] for axis in axes])
    rest = np.clip(1 - shares.sum(axis=1, keepdims=True), 0, 1)
    return [
        VarianceShare(
            method,
            chosen[0].k,
            axis,
            0 if axis == REST else len({getattr(cell, axis) for cell in chosen}),
            interval(column[0], column[1:]),
            count,
        )
        for axis, column in zip((*axes, REST), np.hstack([shares, rest]).T, strict=True)
    ]


def _spread(items: Sequence[_T], most: int) -> list[_T]:
    if len(items) <= most:
        return list(items)
    return [items[at] for at in np.linspace(0, len(items) - 1, most, dtype=int)]
