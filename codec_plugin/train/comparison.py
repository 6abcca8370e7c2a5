"""Held-out figures at the start of a run, kept in its folder, to compare later ones with."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from codec_plugin.errors import TrainingError
from codec_plugin.train.validate import StageFigures
from hierlab.utils.files import write_atomic

__all__ = ["START_FIGURES", "Comparison", "StartFigures", "load_start", "save_start"]

START_FIGURES = "start.json"


class StartFigures(msgspec.Struct, frozen=True):
    """Figures before the first step.

    Attributes:
        photographs: names of those that were held out.
        figures: one entry a stage.
    """

    photographs: tuple[str, ...]
    figures: tuple[StageFigures, ...]


class Comparison(NamedTuple):
    """The same photographs, coded by the network of the start and of now.

    Attributes:
        photographs: how many.
        start: figures before the first step, one entry a stage.
        now: figures of the averaged weights.
        change: by how much the phase's objective rose, as a share of that at the start; what is
            below 0 is better.
    """

    photographs: int
    start: Sequence[StageFigures]
    now: Sequence[StageFigures]
    change: float


def save_start(run: Path, start: StartFigures) -> None:
    """Keep the figures of the start in the run's folder."""
    write_atomic(run / START_FIGURES, msgspec.json.format(msgspec.json.encode(start), indent=1))


def load_start(run: Path) -> StartFigures | None:
    """Figures of a run's start; none where a former version began it.

    Raises:
        TrainingError: the file is none of ours.
    """
    path = run / START_FIGURES
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=StartFigures)
    except (OSError, msgspec.DecodeError) as error:
        raise TrainingError(f"{path} cannot be read ({error}); remove it to go on") from error
