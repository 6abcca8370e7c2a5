"""Weights from .npz files."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from codec_plugin.errors import ClassifierError

__all__ = ["existing_file", "load_arrays"]


def existing_file(file: str) -> Path:
    """Path of a file that must exist.

    Raises:
        ClassifierError: it does not.
    """
    path = Path(file)
    if not path.is_file():
        raise ClassifierError(f"classifier file {file!r} does not exist")
    return path


def load_arrays(network: nn.Module, file: str) -> None:
    """Fill a network with the arrays of an .npz file, key by key; nothing is unpickled.

    Raises:
        ClassifierError: no such file, or arrays that do not fit.
    """
    path = existing_file(file)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            state = {key: torch.from_numpy(np.array(arrays[key])) for key in arrays.files}
        network.load_state_dict(state)
    except (OSError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ClassifierError(f"{file}: not the weights of this network ({reason})") from error
