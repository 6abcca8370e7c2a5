"""Running a study: tasks on this machine or a cluster, each result stored at once, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hierlab.builders import get_builder
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import MissingExtraError, StudyError
from hierlab.study.grid import MAX_CELLS, StudyGrid
from hierlab.study.store import StudyStore
from hierlab.study.tasks import Finished, Task, plan, run_task
from hierlab.study.vector_sources import find_sources

__all__ = ["StudyResult", "resume_study", "run_study"]

Progress = Callable[[int, int], None]
_IN_FLIGHT = 3  # tasks a worker: one at work, some on their way; bounds memory on both sides


@dataclass(frozen=True)
class StudyResult:
    """What a run of a study did.

    Args:
        cells: in the grid, as far as the encoders could be had.
        made: by this run.
        found: finished before.
        left_out: one sentence for each thing that could not be done.
    """

    cells: int
    made: int
    found: int
    left_out: tuple[str, ...]


def resume_study(folder: str | Path, **options: object) -> StudyResult:
    """Go on with the study in `folder`; options as for `run_study`.

    Raises:
        StudyError: there is no study.
    """
    with StudyStore(folder) as store:
        grid = store.grid
    return run_study(grid, folder, **options)  # type: ignore[arg-type]


def run_study(
    grid: StudyGrid,
    folder: str | Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress = lambda done, total: None,
) -> StudyResult:
    """Make the cells of a grid that are not in the folder yet.

        grid ─ plan ─► tasks ─► joblib | Dask workers ─► finished cells ─► cells.sqlite

    Every finished task is committed before the next is waited for, so that an interrupt, a crash
    or a lost worker costs the tasks in flight and nothing else.

    Args:
        grid: what to cross with what.
        folder: of the study; made if need be.
        jobs: processes on this machine, at least 1.
        scheduler: address of a Dask scheduler, such as `tcp://host:8786`, instead of `jobs`.
        progress: called with (cells done, cells in all) as they come.

    Raises:
        StudyError: the folder holds another study, or the grid cannot be run.
        MissingExtraError: joblib or Dask is not installed and is needed.
    """
    for method in grid.methods:
        if get_builder(method).needs != "vectors":
            raise StudyError(
                f"method {method!r} does not work on encoders; for WordNet's own cut add "
                "the control 'wordnet'"
            )
    if jobs < 1:
        raise StudyError(f"expected at least one process, got {jobs}")
    classes = load_classes(grid.classes)
    with StudyStore(folder, grid) as store:
        sources, left_out = find_sources(grid, classes)
        done = store.keys()
        total = pending = 0
        for count, task in plan(grid, classes, sources, done):
            total += count
            pending += len(task.cells)
        if total > MAX_CELLS:
            raise StudyError(f"the grid has {total} cells; at most {MAX_CELLS} are supported")
        tasks = (task for _, task in plan(grid, classes, sources, done) if task.cells)
        made = 0
        with closing(_executed(tasks, jobs, scheduler)) as finished:  # type: ignore[type-var]
            for result in finished:
                store.put(result.cells)
                made += len(result.cells)
                if result.failure:
                    left_out.append(result.failure)
                progress(total - pending + made, total)
    return StudyResult(total, made, total - pending, tuple(left_out))


def _executed(tasks: Iterable[Task], jobs: int, scheduler: str | None) -> Iterator[Finished]:
    if scheduler is not None:
        return _on_dask(tasks, scheduler)
    return _on_joblib(tasks, jobs) if jobs > 1 else (run_task(task) for task in tasks)


def _on_joblib(tasks: Iterable[Task], jobs: int) -> Iterator[Finished]:
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError as error:
        raise MissingExtraError("joblib", "study", "a study on several processes") from error
    # One thread a process: more would fight over the cores and could change the last digits.
    with parallel_config(backend="loky", inner_max_num_threads=1):
        pool = Parallel(
            n_jobs=jobs, return_as="generator_unordered", pre_dispatch=f"{_IN_FLIGHT}*n_jobs"
        )
        yield from pool(delayed(run_task)(task) for task in tasks)


def _on_dask(tasks: Iterable[Task], scheduler: str) -> Iterator[Finished]:
    try:
        from distributed import as_completed
    except ImportError as error:
        raise MissingExtraError("dask.distributed", "study", "--scheduler") from error
    queue = iter(tasks)
    with _client(scheduler) as client:
        # At least one each for workers that are yet to come.
        slots = _IN_FLIGHT * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        # Results are values of the tasks alone, so Dask may run one again when a worker is lost.
        flying: Any = as_completed(  # type: ignore[no-untyped-call]
            [client.submit(run_task, task, pure=False) for task in islice(queue, slots)],
            loop=client.loop,
        )
        for future in flying:
            yield future.result()
            for task in islice(queue, 1):
                flying.add(client.submit(run_task, task, pure=False))


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client: Any = Client(scheduler, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise StudyError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`"
        ) from error
    with client:
        yield client
