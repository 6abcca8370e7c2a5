"""Similarities from a file: any (C, C) matrix, such as a confusion matrix or Wu-Palmer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.errors import BuilderError

if TYPE_CHECKING:
    from hierlab.classes import ClassList

__all__ = ["load_similarity"]


def load_similarity(
    source: ArrayLike | str | Path, classes: ClassList
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Read a (C, C) similarity and make it symmetric by averaging with its transpose.

    Args:
        source: array, or npy, npz (its only square array) or csv (no header) file.
        classes: the C classes that rows and columns stand for, in order.
    Returns:
        (C, C) float64, and its origin for the label map's provenance.
    Raises:
        BuilderError: unreadable, not square, wrong size, not finite, or distances.
    """
    matrix = np.asarray(_read(Path(source)) if isinstance(source, str | Path) else source)
    if matrix.ndim != 2 or matrix.shape != (len(classes), len(classes)):
        raise BuilderError(
            f"expected a similarity of shape {(len(classes), len(classes))}, got {matrix.shape}"
        )
    if not np.issubdtype(matrix.dtype, np.number) or not np.isfinite(matrix).all():
        raise BuilderError("the similarity holds values that are not finite numbers")
    values = matrix.astype(np.float64)
    if sign := _sign_of_distances(values):
        raise BuilderError(
            f"this looks like distances, not a similarity: {sign}; larger must mean more alike: "
            "give 1 - d, exp(-d) or the like; if it is a similarity without a diagonal, fill "
            "that with its largest value"
        )
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]
    return (values + values.T) / 2, {"kind": "similarity", "sha256": digest}


def _sign_of_distances(matrix: NDArray[np.float64]) -> str:
    """What makes a matrix look like distances; empty if it does not.

    A class is most like itself; where each is the least like itself, larger means less alike.
    Counts of confusions may leave the diagonal out, but are 0 for many other pairs too; distances
    are 0 for nearly none.
    """
    count = len(matrix)
    if count < 2:
        return ""
    others = matrix[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    own = np.diag(matrix)
    if not ((own <= others.min(axis=1)).all() and (own < others.max(axis=1)).all()):
        return ""
    if (others == own[:, None]).mean() > 0.05:
        return ""
    return "each class is less like itself than like any other (its diagonal is the least)"


def _read(path: Path) -> NDArray[Any]:
    try:
        if path.suffix == ".csv":
            return np.loadtxt(path, delimiter=",", ndmin=2)
        loaded = np.load(path, allow_pickle=False, mmap_mode="r")
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                square = [
                    array
                    for array in (loaded[key] for key in loaded.files)
                    if array.ndim == 2 and array.shape[0] == array.shape[1]
                ]
            if len(square) != 1:
                raise BuilderError(f"{path}: expected one square array, found {len(square)}")
            return square[0]
        return np.asarray(loaded)
    except (OSError, ValueError, EOFError) as error:
        raise BuilderError(f"cannot read a similarity from {path}: {error}") from error
