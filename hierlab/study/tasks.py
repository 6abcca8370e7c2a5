"""Tasks of a study: cells that share their work, planned from the grid and done by one worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab import __version__
from hierlab.builders import BuildInput, get_builder
from hierlab.builders.consensus import consensus
from hierlab.classes import ClassList
from hierlab.clustering.vectors import centred, scaled_neighbours, smoothed, unit_rows
from hierlab.errors import HierlabError
from hierlab.study.grid import WHOLE, Cell, StudyGrid, draw_positions
from hierlab.study.vector_sources import JOINED, Source
from hierlab.wordnet.taxonomy import taxonomy_for

__all__ = ["Finished", "Task", "plan", "preprocess", "run_task"]

_SEEDS_A_TASK = 4
_WHITENED = 64  # dimensions kept by the preprocessing `pca`


@dataclass(frozen=True)
class Task:
    """Cells of one source, draw, preprocessing and method: vectors travel once for all of them.

    Args:
        cells: what to make; they differ in seed and k only.
        vectors: (C, D) arrays of the source.
        classes: the C classes.
        positions: (n,) classes of the draw.
    """

    cells: tuple[Cell, ...]
    vectors: tuple[NDArray[np.float64], ...]
    classes: ClassList
    positions: NDArray[np.int64]


@dataclass(frozen=True)
class Finished:
    """What a task came to.

    Args:
        cells: with their (C,) labels, −1 where a class was not drawn.
        failure: why there are none, or None.
    """

    cells: tuple[tuple[Cell, NDArray[np.int32]], ...]
    failure: str | None = None


def plan(
    grid: StudyGrid, classes: ClassList, sources: Sequence[Source], done: set[str]
) -> Iterator[tuple[int, Task]]:
    """Yield (cells in all, task of the cells not yet done) in the order of the grid."""
    for source in sources:
        digest = f"{source.digest}-{classes.hash}-{grid.share}"
        for draw in _draws(grid, source):
            positions = draw_positions(len(classes), grid.share, draw)
            for method, steps in _methods(grid, source):
                cells = list(_cells(grid, source, method, steps, draw, len(positions), digest))
                # A seed's levels are built together; few seeds a task: stopping costs little.
                each = _SEEDS_A_TASK * len({cell.k for cell in cells})
                for start in range(0, len(cells), max(each, 1)):
                    part = cells[start : start + each]
                    missing = tuple(cell for cell in part if cell.key not in done)
                    yield len(part), Task(missing, source.vectors, classes, positions)


def _draws(grid: StudyGrid, source: Source) -> tuple[int, ...]:
    """Halves and controls are compared over every class; draws would say nothing of them."""
    partial = 1 < len(source.vectors) < len(grid.encoders)
    return (WHOLE,) if partial or source.control else grid.draw_numbers


def _methods(grid: StudyGrid, source: Source) -> Iterator[tuple[str, str]]:
    if not source.vectors:
        yield "wordnet-k", "raw"
    elif len(source.vectors) > 1:
        yield "consensus", "raw"
    else:
        yield from ((method, steps) for method in grid.methods for steps in grid.preprocessing)


def _cells(
    grid: StudyGrid,
    source: Source,
    method: str,
    steps: str,
    draw: int,
    size: int,
    digest: str,
) -> Iterator[Cell]:
    builder = get_builder(method)
    tool = __version__ if builder.revision == 1 else f"{__version__}+{builder.revision}"
    counts = tuple(count for count in grid.k if count <= size)
    # A draw shakes the classes; shaking the seed with it would mix two axes.
    seeds = grid.seeds if builder.seeded and draw < 0 else grid.seeds[:1]
    for seed in seeds:
        for count in counts:
            yield Cell(
                encoder=source.encoder,
                prompts=source.prompts,
                method=method,
                preprocessing=steps,
                k=count,
                levels=counts if builder.nested else (count,),
                seed=seed if builder.seeded else grid.seeds[0],
                draw=draw,
                control=source.control,
                digest=digest,
                tool=tool,
            )


def run_task(task: Task) -> Finished:
    """Make the cells of a task; a method that cannot serve the input is reported, not raised."""
    try:
        return Finished(tuple(_made(task)))
    except HierlabError as error:
        cell = task.cells[0]
        return Finished((), f"{cell.method} on {cell.encoder} ({cell.preprocessing}): {error}")


def _made(task: Task) -> Iterator[tuple[Cell, NDArray[np.int32]]]:
    first = task.cells[0]
    rows = task.positions
    classes = task.classes
    drawn = ClassList(
        classes.set, tuple(classes.ids[at] for at in rows), tuple(classes.names[at] for at in rows)
    )
    vectors = tuple(preprocess(rows_of[rows], first.preprocessing) for rows_of in task.vectors)
    builder = get_builder(first.method)
    taxonomy = taxonomy_for(drawn, required=not vectors) if builder.wordnet or not vectors else None
    for seed, levels in dict.fromkeys((cell.seed, cell.levels) for cell in task.cells):
        if JOINED in first.encoder and len(vectors) > 1:
            partitions = consensus(vectors, levels, runs=0).labels
        else:
            inputs = BuildInput(drawn, vectors=vectors[0] if vectors else None, taxonomy=taxonomy)
            partitions = builder(inputs, k=levels, seed=seed)
        for cell in task.cells:
            if (cell.seed, cell.levels) == (seed, levels):
                labels = np.full(len(classes), -1, dtype=np.int32)
                labels[rows] = partitions[levels.index(cell.k)]
                yield cell, labels


def preprocess(vectors: NDArray[np.float64], steps: str) -> NDArray[np.float64]:
    """Change (C, D) unit rows: `raw`, `centred`, `pca` (64 main directions) or `smoothed`.

    `pca` and `smoothed` (fifteen nearest, once) start from the centred rows.
    """
    if steps == "raw":
        return vectors
    rows = centred(vectors)
    if steps == "pca":
        left, values, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        return unit_rows(left[:, :_WHITENED] * values[:_WHITENED])
    if steps == "smoothed":
        return smoothed(rows, scaled_neighbours(15, len(rows)))
    return rows
