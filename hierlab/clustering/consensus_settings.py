"""The four numbers of the method, with the values that were chosen."""

from __future__ import annotations

from dataclasses import dataclass

from hierlab.errors import BuilderError

__all__ = ["ConsensusSettings"]

_TUNED_ON = 1000  # classes; reach grows with longer lists and shrinks with shorter ones


@dataclass(frozen=True)
class ConsensusSettings:
    """How far similarity reaches, and how long it diffuses.

    Args:
        top_reach: at the coarsest level the weight of a neighbour falls by e every so many ranks.
        top_steps: diffusion steps for the coarsest level, that is the power of the eigenvalues.
        reach: as `top_reach`, for the levels below.
        steps: the middle one of three diffusions for the levels below; the others are half and
            twice as long.

    Raises:
        BuilderError: a reach or a number of steps that is not positive.
    """

    top_reach: float = 20.0
    top_steps: float = 3.0
    reach: float = 5.0
    steps: float = 4.0

    def __post_init__(self) -> None:
        for name in ("top_reach", "top_steps", "reach", "steps"):
            value = getattr(self, name)
            if not 0 < value < 1e6:
                raise BuilderError(f"expected {name} above 0 and below a million, got {value}")

    @property
    def walks(self) -> tuple[float, float, float]:
        """Lengths of the three diffusions for the levels below, shortest first."""
        return (self.steps / 2, self.steps, self.steps * 2)

    def scaled(self, classes: int) -> ConsensusSettings:
        """The reach for a list of another length: the same share of the classes, at least one."""
        share = classes / _TUNED_ON
        if share >= 1:
            return self
        return ConsensusSettings(
            max(self.top_reach * share, min(self.top_reach, 2.0)),
            self.top_steps,
            max(self.reach * share, min(self.reach, 1.0)),
            self.steps,
        )
