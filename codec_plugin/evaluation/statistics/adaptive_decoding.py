"""Stop when sure: a calibrated threshold on the posterior, against fixed cuts.

From the rows of a benchmark alone: each cut's confidence at a level is the classifier's largest
cluster probability there. Half of the photographs set the temperature, the other half is judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.statistics.samples import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = ["AdaptivePoint", "adaptive_points", "fit_temperature", "raw_threshold"]

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_EDGE = 1e-4


class AdaptivePoint(NamedTuple):
    """What a threshold costs and gives on the judged half.

    Attributes:
        threshold: calibrated probability at which reading stops.
        bytes_mean: read until then (the whole file where it is never sure).
        accuracy: share of right answers at that moment, 0..1.
        fixed_bytes: mean bytes at which fixed budgets first reach that accuracy; none if never.
        temperature: found on the other half.
    """

    threshold: float
    bytes_mean: float
    accuracy: float
    fixed_bytes: float | None
    temperature: float


def fit_temperature(confidence: Floats, correct: Floats) -> float:
    """Temperature T such that sigmoid(logit(confidence) / T) tells how often it is right.

    Args:
        confidence: (N,) in 0..1.
        correct: (N,) 0 or 1.
    Returns:
        The T of least negative log-likelihood, between 0.1 and 10.
    Source: Guo et al. 2017 (temperature scaling), on the logit of the winning cluster.
    """
    logit = _logit(confidence)
    grid = np.geomspace(0.1, 10, 201)
    margin = np.where(correct > 0.5, 1.0, -1.0)[:, None] * logit[:, None] / grid
    return float(grid[np.argmin(np.logaddexp(0, -margin).mean(0))])


def raw_threshold(wanted: float, temperature: float) -> float:
    """The classifier's own probability at which the calibrated one is `wanted`."""
    return float(1 / (1 + np.exp(-temperature * _logit(np.array(wanted)))))


def adaptive_points(rows: Sequence[Row], subject: str, level: str) -> list[AdaptivePoint]:
    """One point a threshold, judged on every other photograph.

    Args:
        rows: of a benchmark with labels.
        subject: name of a codec's rows.
        level: such as `coarse`.
    Raises:
        ConfigError: fewer than four labelled photographs.
    """
    files = _files(rows, subject, level)
    if len(files) < 4:
        raise ConfigError(f"{subject}: {len(files)} labelled photographs; calibration needs four")
    held, judged = files[::2], files[1::2]
    sample = np.concatenate(held)
    temperature = fit_temperature(sample[:, 1], sample[:, 2])
    points = []
    for threshold in THRESHOLDS:
        raw = raw_threshold(threshold, temperature)
        stops = np.array([_stop(file, raw) for file in judged])
        accuracy = float(stops[:, 2].mean())
        fixed = _fixed_bytes(judged, accuracy)
        point = (threshold, float(stops[:, 0].mean()), accuracy, fixed, temperature)
        points.append(AdaptivePoint(*point))
    return points


def _files(rows: Sequence[Row], subject: str, level: str) -> list[Floats]:
    """For each photograph (cuts, 3): increasing bytes, confidence, right or not."""
    files: dict[str, list[tuple[float, ...]]] = {}
    for row in rows:
        correct = row.value(f"correct_{level}")
        if row.subject == subject and correct is not None:
            confidence = row.value(f"confidence_{level}") or 0.0
            files.setdefault(row.image, []).append((row.bytes, confidence, correct))
    return [np.array(sorted(files[image])) for image in sorted(files)]


def _stop(file: Floats, threshold: float) -> Floats:
    sure = np.flatnonzero(file[:, 1] >= threshold)
    stop: Floats = file[sure[0] if sure.size else -1]
    return stop


def _fixed_bytes(files: Sequence[Floats], accuracy: float) -> float | None:
    """Mean bytes read under the smallest common budget that gives the accuracy."""
    for budget in np.unique(np.concatenate([file[:, 0] for file in files])):
        reads = [file[file[:, 0] <= budget] for file in files]
        right = [float(read[-1, 2]) if len(read) else 0.0 for read in reads]
        if np.mean(right) >= accuracy:
            return float(np.mean([min(budget, file[-1, 0]) for file in files]))
    return None


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, _EDGE, 1 - _EDGE)
    result: Floats = np.log(clipped) - np.log1p(-clipped)
    return result
