"""Pictures to bytes and back: `Codec` is what a program uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from codec_plugin.bitstream.answer import answer_of, pack_answer
from codec_plugin.bitstream.container import (
    MAX_SIDE_PX,
    Header,
    byte_limit,
    pack_file,
    read_header,
)
from codec_plugin.bitstream.label_tree import load_label_tree
from codec_plugin.bitstream.segments import sound_segments, split_segments
from codec_plugin.checkpointing.checkpoint import Checkpoint, load_checkpoint
from codec_plugin.data.picture import as_picture
from codec_plugin.errors import BitstreamError, CheckpointError, ConfigError, HierarchyMismatchError
from codec_plugin.latent_codec.latent_codec import LatentCodec
from codec_plugin.models.progressive import STRIDE
from codec_plugin.models.tiled import analyse, synthesise
from codec_plugin.search.latent_refinement import SEARCHED_PRICE, refine
from codec_plugin.search.objective import Objective, training_objective
from codec_plugin.tiles import LATENT_STRIDE
from codec_plugin.utils.threads import make_forks_safe

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from torch import Tensor

    from codec_plugin.bitstream.answer import LabelPath

__all__ = ["Codec", "Decoded"]


@dataclass(frozen=True)
class Decoded:
    """A picture from some bytes, and how much of the file it took.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB, or (H, W) for a grey picture.
        stage: 0-based last stage of which symbols were used; -1 if none were.
        stages_complete: stages that arrived whole with a right check.
        fractions: share of the symbols of each block that were used, 0 to 1.
        bytes_used: bytes of the header and of all stages used.
        rate_bpp: 8 · bytes_used / (H · W).
        warnings: what was wrong or left out, a sentence each.
    """

    pixels: NDArray[np.uint8]
    stage: int
    stages_complete: int
    fractions: tuple[float, ...]
    bytes_used: int
    rate_bpp: float
    warnings: tuple[str, ...] = ()

    @property
    def image(self) -> Image:
        """The picture for Pillow."""
        from PIL import Image

        return Image.fromarray(self.pixels)

    @property
    def tensor(self) -> Tensor:
        """The picture as (3 or 1, H, W) float32 in 0..1."""
        pixels = self.pixels if self.pixels.ndim == 3 else self.pixels[:, :, None]
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255


class Codec:
    """Encode pictures, and decode any prefix of what was encoded.

        picture ─► padded to 64 ─► analysis ─► y, z ─► LatentCodec ─► payloads ─► file
        prefix ─► header, segments ─► LatentCodec ─► ŷ, known ─► synthesis ─► cropped picture

    Use from one thread at a time. Large pictures run in tiles; memory stays bounded.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        make_forks_safe()
        self.checkpoint = checkpoint
        costs = checkpoint.meta.error_costs or ()
        self.latents = LatentCodec(checkpoint.config, checkpoint.exact, checkpoint.tables, costs)
        self.model_id = bytes.fromhex(checkpoint.model_id)[:4]
        self.label_map_id = bytes.fromhex(checkpoint.meta.label_map_id or "00000000")[:4]

    @classmethod
    def load(cls, name_or_path: str | Path = "compact") -> Codec:
        """A codec from a shipped checkpoint's name or a file.

        Raises:
            CheckpointError: not found or not sound.
        """
        return cls(load_checkpoint(name_or_path))

    @property
    def level_names(self) -> tuple[str, ...]:
        """Levels of the label map, coarse first ("stage 1", … where the checkpoint names none)."""
        n_blocks = self.checkpoint.config.n_blocks
        return self.checkpoint.meta.level_names or tuple(f"stage {k + 1}" for k in range(n_blocks))

    @property
    def level_stages(self) -> tuple[int, ...]:
        """0-based stage with which each level ends; stages beyond the last add quality."""
        ends = self.checkpoint.meta.level_ends
        return ends or tuple(range(self.checkpoint.config.n_blocks))

    def encode(
        self,
        image: Any,
        *,
        max_bytes: int | None = None,
        bpp: float | None = None,
        stages: int | None = None,
        effort: int = 0,
        effort_stages: int | None = None,
        objective: Objective | None = None,
        answer: LabelPath | None = None,
    ) -> bytes:
        """Bytes of a .c2f file.

        Args:
            image: Pillow image, numpy array, torch tensor or `Picture` (see `as_picture`).
            max_bytes: keep this many bytes of the file.
            bpp: the same as bits per pixel of the picture.
            stages: write only the first so many stages.
            effort: gradient steps on the latent of this picture; slower, better, same decoder.
            effort_stages: stages that `effort` serves, the first so many; None is all that are
                written. Later ones are coded as ever, and mend what the search moved.
            objective: what `effort` lowers; None is what the checkpoint was trained for
                (see `search.objective.training_objective`).
            answer: what the picture shows, written right behind the header (see `LabelPath`).
        Raises:
            ImageError: a picture that cannot be coded.
            ConfigError: an option out of range, or an answer that is no path.
            HierarchyMismatchError: the answer's label map is not the checkpoint's, or not found.
            BitstreamError: `max_bytes` or `bpp` hold less than the header.
        """
        picture = as_picture(image)
        n_blocks = self.checkpoint.config.n_blocks
        for count in (stages, effort_stages):
            if count is not None and not 1 <= count <= n_blocks:
                raise ConfigError(
                    f"stages must lie in 1..{n_blocks} for this checkpoint; got {count}"
                )
        if effort < 0:
            raise ConfigError(f"effort is a number of steps, 0 or more; got {effort}")
        packed = b"" if answer is None else self._pack_answer(answer)
        pixels = picture.padded(STRIDE)
        y, z = analyse(self.checkpoint.model, pixels)
        latents = self.latents
        if effort:
            served = min(effort_stages or n_blocks, stages or n_blocks)
            latents, y = self._searched(pixels, y, z, effort, served, objective)
        payloads = latents.encode(y, z, stages)
        header = Header(
            height_px=picture.height_px,
            width_px=picture.width_px,
            model_id=self.model_id,
            label_map_id=self.label_map_id,
            payload_bytes=tuple(len(payload) for payload in payloads),
            grey=picture.grey,
            answer_bytes=len(packed),
        )
        blob = pack_file(header, payloads, packed)
        return blob[: byte_limit(header, max_bytes, bpp)]

    def decode(
        self,
        blob: bytes,
        *,
        max_bytes: int | None = None,
        bpp: float | None = None,
        level: int | str | None = None,
        max_pixels: int = MAX_SIDE_PX**2,
    ) -> Decoded:
        """Picture of a whole file or of any prefix that holds the header.

        The header alone gives what the model expects of a picture it knows nothing of.

        Args:
            blob: the bytes.
            max_bytes: use at most this many of them; the header's at least.
            bpp: the same as bits per pixel.
            level: use the stages up to this level (name or 0-based number).
            max_pixels: refuse larger pictures (before anything is allocated).
        Raises:
            BitstreamError: no header, a limit below it, or the first stage is damaged.
            CheckpointError, HierarchyMismatchError: the file belongs to another checkpoint.
        """
        header = read_header(blob)
        self._check_origin(header)
        if header.height_px * header.width_px > max_pixels:
            raise BitstreamError(
                f"the picture has {header.width_px} × {header.height_px} pixels, "
                f"more than the limit of {max_pixels} set for decoding"
            )
        limit = byte_limit(header, max_bytes, bpp)
        if level is not None:
            limit = min(limit, header.ends[min(self._stage_of(level), header.stages - 1)])
        data = blob[: max(limit, header.size_bytes)]
        segments, warnings = sound_segments(split_segments(data, header))
        if len(blob) > header.ends[-1]:
            warnings += (f"{len(blob) - header.ends[-1]} bytes after the last stage ignored",)
        read = answer_of(blob, header)
        if read is not None and read.state == "damaged":
            warnings += ("the answer behind the header is damaged; the picture does not need it",)
        height, width = (
            -(-side // STRIDE) * STRIDE for side in (header.height_px, header.width_px)
        )
        grid = (height // LATENT_STRIDE, width // LATENT_STRIDE)
        received = self.latents.decode(segments, grid)
        planes = synthesise(self.checkpoint.model, received.y_hat, received.known)
        used = min(len(data), header.ends[segments[-1].stage] if segments else header.first_stage)
        used_stages = [k for k, share in enumerate(received.fractions) if share > 0]
        return Decoded(
            pixels=_cropped(planes, header),
            stage=max(used_stages, default=-1),
            stages_complete=sum(s.check == "right" for s in segments),
            fractions=received.fractions,
            bytes_used=used,
            rate_bpp=8 * used / (header.height_px * header.width_px),
            warnings=warnings,
        )

    def _searched(
        self,
        pixels: Tensor,
        y: Tensor,
        z: Tensor,
        effort: int,
        served: int,
        objective: Objective | None,
    ) -> tuple[LatentCodec, Tensor]:
        """The coder of a searched latent, and that latent."""
        checkpoint = self.checkpoint
        if objective is None:
            objective = training_objective(checkpoint.meta, hierarchy=checkpoint.hierarchy_file)
        quantiser = self.latents.quantiser.at_price(SEARCHED_PRICE, served)
        y = refine(checkpoint.model, pixels, y, z, objective, effort, quantiser, served)
        return self.latents.choosing(quantiser), y

    def _pack_answer(self, answer: LabelPath) -> bytes:
        """The segment of an answer through the checkpoint's label map."""
        if not self.checkpoint.meta.label_map_id:
            raise ConfigError("an answer needs a label map, and this checkpoint names none")
        tree = answer.tree or load_label_tree(self.checkpoint.label_map)
        if tree.id != self.checkpoint.meta.label_map_id:
            raise HierarchyMismatchError(
                f"the answer is one of label map {tree.id[:16]}… ({tree.name}), the checkpoint's "
                f"is {self.checkpoint.meta.label_map_id[:16]}…; give that one's file"
            )
        return pack_answer(answer, tree)

    def _check_origin(self, header: Header) -> None:
        """Refuse a file of another model or label map, naming both by hash."""
        if header.model_id != self.model_id:
            raise CheckpointError(
                f"the file was made by model {header.model_id.hex()}, this checkpoint is "
                f"{self.model_id.hex()}; decode with the checkpoint that encoded it"
            )
        if header.label_map_id != self.label_map_id:
            raise HierarchyMismatchError(
                f"the file belongs to label map {header.label_map_id.hex()}, this checkpoint to "
                f"{self.label_map_id.hex()}; decode with the checkpoint that encoded it"
            )
        if header.stages > self.checkpoint.config.n_blocks:
            raise BitstreamError(
                f"the file has {header.stages} stages, its model {self.checkpoint.config.n_blocks}"
            )

    def _stage_of(self, level: int | str) -> int:
        """0-based stage with which a level ends."""
        names = self.level_names
        if isinstance(level, str) and level in names:
            return self.level_stages[names.index(level)]
        if isinstance(level, str) and level.isdecimal():
            level = int(level)
        if isinstance(level, int) and 0 <= level < len(names):
            return self.level_stages[level]
        raise ConfigError(
            f"level must be one of {', '.join(names)} or 0..{len(names) - 1}; got {level!r}"
        )


def _cropped(planes: Tensor, header: Header) -> NDArray[np.uint8]:
    """(1, 3, H', W') uint8 as (H, W, 3), or as (H, W) means for a grey picture."""
    crop = planes[0, :, : header.height_px, : header.width_px]
    if header.grey:
        total = crop[0].to(torch.int16) + crop[1] + crop[2]
        grey: NDArray[np.uint8] = ((total + 1) // 3).to(torch.uint8).numpy()
        return grey
    pixels: NDArray[np.uint8] = crop.permute(1, 2, 0).contiguous().numpy()
    return pixels
