"""What both encoders need of torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import unit_rows
from hierlab.errors import PrototypeError

__all__ = ["chosen_device", "unit_array"]


def chosen_device(wanted: str) -> str:
    """`auto` becomes `cuda` where torch finds a GPU, else `cpu`.

    Raises:
        PrototypeError: torch does not know such a device, or does not see one.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=wanted)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise PrototypeError(f"device {wanted!r} cannot be used here: {reason}") from error
    return wanted


def unit_array(features: Any) -> NDArray[np.float64]:
    """Tensor (n, D) -> float64 unit rows on the CPU."""
    vectors: NDArray[np.float64] = features.detach().double().cpu().numpy()
    return unit_rows(vectors)
