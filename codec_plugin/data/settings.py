"""Where the photographs of a training run come from, as a frozen record."""

from typing import Annotated, Literal

import msgspec

__all__ = ["DataSettings"]


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where photographs come from.

    Attributes:
        path: a folder of images (with an optional labels.csv), or WebDataset shards
            (`shards-{0000..0099}.tar`); a run keeps it as an absolute one.
        holdout: images kept apart for the validation figures, about; folders only.
        holdout_share: share of all file names that is held out, decided by each name alone, so that
            a folder may grow or shrink; 0 is what `holdout` and the folder's size come to when the
            run begins (the run keeps it).
        cache: keep decoded pixels in memory, up to 2 GiB; folders only.
        placement: `device` keeps photographs (their middle 256 × 256) on the training device and
            cuts crops there; `host` cuts them before; `auto` is the former on a GPU with room.
        shuffle: size of the shuffle buffer of shards, in images.
        synthetic_share: share of crops that are flat areas, gradients, shapes and text instead.
    """

    path: str = ""
    holdout: int = 96
    holdout_share: float = 0.0
    cache: bool = True
    placement: Literal["auto", "host", "device"] = "auto"
    shuffle: int = 1024
    synthetic_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
