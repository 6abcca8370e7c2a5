"""Opens the photographs of a training run, and decides which of them are held out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.data.crops import CropSource, Pixels
from codec_plugin.data.device_source import DeviceSource, fits
from codec_plugin.data.image_folder import FolderSource, ImageFolder
from codec_plugin.data.settings import DataSettings
from codec_plugin.data.shards import ShardSource, is_address, is_shards
from codec_plugin.data.synthetic import SyntheticMix
from codec_plugin.errors import DataError

__all__ = ["HeldOut", "Opened", "fitting_share", "held_out", "kept_settings", "open_source"]

HELD_SIDE = 768
"""Of larger held-out photographs the middle is seen: a report must not take an hour."""


@dataclass(frozen=True)
class HeldOut:
    """Photographs of a folder that training never sees; none where it reads shards.

    Attributes:
        folder: where they are.
        numbers: which of its photographs they are, rising.
    """

    folder: ImageFolder | None = None
    numbers: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Paths within the folder of those that are not known to be broken."""
        if self.folder is None:
            return ()
        names = (self.folder.names[number] for number in self.numbers)
        return tuple(name for name in names if name not in self.folder.broken)

    def images(self, every: int = 1, limit: int | None = None) -> list[Tensor]:
        """Each `every`-th of the first `limit`, (3, H, W) in 0..1; broken ones are left out.

        Of a photograph larger than 768 a side the middle is taken.
        """
        if self.folder is None:
            return []
        sound = map(self.folder.sound, self.numbers[:limit:every])
        return [_middle(pixels) for pixels in sound if pixels is not None]


class Opened(NamedTuple):
    """The photographs of a run.

    Attributes:
        crops: what training sees.
        held: what it does not.
    """

    crops: CropSource
    held: HeldOut


def open_source(
    settings: DataSettings,
    class_index: Mapping[str, int],
    *,
    seed: int,
    rank: int = 0,
    world: int = 1,
    device: torch.device | None = None,
) -> Opened:
    """Open the photographs that settings name.

    The held-out set depends on the file names only, not on the seed.

    Args:
        class_index: number of each class, as `Hierarchy.lookup` has it.
        seed: of the draws.
        rank: of this process among `world`.
        device: where crops may be cut.
    Raises:
        DataError: no data, or fewer photographs than are to be held out.
    """
    if not settings.path:
        raise DataError("data.path is empty; name a folder of photographs or shards with --data")
    if is_shards(settings.path):
        shards = ShardSource(
            settings.path, class_index, seed=seed, rank=rank, world=world, shuffle=settings.shuffle
        )
        return Opened(_mixed(shards, settings, seed, rank), HeldOut())
    folder = ImageFolder(settings.path, class_index, cache=settings.cache)
    held = held_out(folder.names, fitting_share(settings, folder.names))
    if held.all():
        raise DataError(
            f"{settings.path!r} has {len(folder)} images, all held out; give more images, or a "
            "smaller share with --set data.holdout_share=0.1"
        )
    apart = HeldOut(folder, tuple(np.flatnonzero(held).tolist()))
    members = np.flatnonzero(~held)
    on_device = settings.placement == "device"
    if device is not None and (
        on_device or (settings.placement == "auto" and fits(len(members), device))
    ):
        crops: CropSource = DeviceSource(folder, members, device, seed=seed, rank=rank)
    else:
        crops = FolderSource(folder, members, seed=seed, rank=rank)
    return Opened(_mixed(crops, settings, seed, rank), apart)


def _mixed(crops: CropSource, settings: DataSettings, seed: int, rank: int) -> CropSource:
    if not settings.synthetic_share:
        return crops
    return SyntheticMix(crops, settings.synthetic_share, seed=seed, rank=rank)


def _middle(pixels: Pixels) -> Tensor:
    top, left = (max(0, side - HELD_SIDE) // 2 for side in pixels.shape[:2])
    view = pixels[top : top + HELD_SIDE, left : left + HELD_SIDE]
    return torch.from_numpy(view.copy()).permute(2, 0, 1).float() / 255


def kept_settings(settings: DataSettings, folder: ImageFolder | None) -> DataSettings:
    """The settings as a run keeps them: found from anywhere, holding out the same names for good.

    A relative path is made absolute, and `holdout_share` is what it came to in this folder, so
    that a resume with more or fewer photographs holds out those of them that it did before.
    """
    path = settings.path
    if path and not is_address(path):
        path = str(Path(path).absolute())
    share = settings.holdout_share
    if folder is not None:
        share = fitting_share(settings, folder.names)
    return msgspec.structs.replace(settings, path=path, holdout_share=share)


_SMALL_FOLDER = 0.1  # largest share that is held out without being asked for


def fitting_share(settings: DataSettings, names: Sequence[str]) -> float:
    """Share of names that a run in this folder holds out, by `held_out`.

    The one that the settings give, or one that holds out `settings.holdout` of these files, at most
    a tenth of them; either holds out one file at least, and 0 none.
    """
    places = np.sort(_places(names))
    if settings.holdout_share:
        return max(settings.holdout_share, float(places[0]))
    if not settings.holdout:
        return 0.0
    count = min(settings.holdout, max(1, round(_SMALL_FOLDER * len(names))))
    return float(places[count - 1])


def held_out(names: Sequence[str], share: float) -> NDArray[np.bool_]:
    """Which files are held out: a hash of each file's own name decides, (N,) bool."""
    return np.asarray(_places(names) <= share) & (share > 0)


def _places(names: Sequence[str]) -> NDArray[np.float64]:
    """(N,) a number in 0..1 for each file, from its own name."""
    digests = [hashlib.sha256(Path(name).name.encode()).digest()[:8] for name in names]
    return np.array([int.from_bytes(digest, "big") for digest in digests]) / 2.0**64
