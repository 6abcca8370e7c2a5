"""Similarities from a file: any (C, C) matrix, such as a confusion matrix or Wu-Palmer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import BuilderError

if TYPE_CHECKING:
    from hierlab.classes import ClassList

__all__ = ["load_similarity"]


def load_similarity(
    source: NDArray[np.float64] | str | Path, classes: ClassList
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Read a (C, C) similarity and make it symmetric by averaging with its transpose.

    Args:
        source: array, or npy, npz (its only square array) or csv (no header) file.
        classes: the C classes that rows and columns stand for, in order.
    Returns:
        (C, C) float64, and its origin for the label map's provenance.
    Raises:
        BuilderError: unreadable, not square, wrong size, or not finite.
    """
    matrix = np.asarray(_read(Path(source)) if isinstance(source, str | Path) else source)
    if matrix.ndim != 2 or matrix.shape != (len(classes), len(classes)):
        raise BuilderError(
            f"expected a similarity of shape {(len(classes), len(classes))}, got {matrix.shape}"
        )
    if not np.issubdtype(matrix.dtype, np.number) or not np.isfinite(matrix).all():
        raise BuilderError("the similarity holds values that are not finite numbers")
    values = matrix.astype(np.float64)
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]
    return (values + values.T) / 2, {"kind": "similarity", "sha256": digest}


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
