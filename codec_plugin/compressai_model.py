"""The codec behind CompressAI's interface; importing this module registers "coarse2fine" there."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

try:
    from compressai.models.base import CompressionModel
    from compressai.registry import MODELS
except ModuleNotFoundError as error:
    if error.name != "compressai":
        raise
    raise ImportError(
        "codec_plugin.compressai_model needs CompressAI, which is not installed; on Python 3.11 or "
        "3.12, in an environment of its own, run: pip install 'hierlab[compressai]'"
    ) from error

from codec_plugin.bitstream.segments import Segment
from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.hyperprior import LIKELIHOOD_MIN
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.errors import BitstreamError, CheckpointError, ConfigError
from codec_plugin.latent_codec.latent_codec import LatentCodec
from codec_plugin.models.progressive import STRIDE, ProgressiveModel
from codec_plugin.tiles import HYPER_STRIDE

__all__ = ["CoarseToFine"]

_NAME = "coarse2fine"


class CoarseToFine(CompressionModel):  # type: ignore[misc]
    """A `ProgressiveModel` as CompressAI's users call one.

        forward(x)  ─► {"x_hat", "likelihoods": {"y", "z"}}        for training
        update()    ─► freezes the entropy model to integers       once, after training
        compress(x) ─► {"strings": [[stage 1 of each picture], [stage 2 …], …], "shape"}
        decompress(strings[:k], shape) ─► {"x_hat"}                any number of stages

    Args:
        config: the architecture; the default is `compact`.
        model: a network to use instead of a new one (its config then counts).
    """

    def __init__(
        self, config: ModelConfig | None = None, model: ProgressiveModel | None = None
    ) -> None:
        super().__init__()
        self.model = model if model is not None else ProgressiveModel(config or ModelConfig())
        self._latents: LatentCodec | None = None
        self._integers: dict[str, Tensor] = {}

    @classmethod
    def from_checkpoint(cls, name_or_path: str) -> "CoarseToFine":
        """A shipped checkpoint or a file of one, ready to compress.

        Raises:
            CheckpointError: not found or not sound.
        """
        checkpoint = load_checkpoint(name_or_path)
        result = cls(model=checkpoint.model)
        result._use(checkpoint.exact, checkpoint.tables)
        return result

    @classmethod
    def from_state_dict(cls, state_dict: Mapping[str, Any]) -> "CoarseToFine":
        """The model whose `state_dict` this is, frozen integers included.

        Raises:
            CheckpointError: the state names no config.
        """
        extra = state_dict.get("_extra_state")
        if not isinstance(extra, dict) or not isinstance(extra.get("config"), str):
            raise CheckpointError("a state of 'coarse2fine' expected; this one names no config")
        result = cls(ModelConfig.from_json(extra["config"]))
        result.load_state_dict(dict(state_dict))
        return result

    @property
    def config(self) -> ModelConfig:
        """The architecture."""
        return self.model.config

    @property
    def downsampling_factor(self) -> int:
        """Height and width of inputs are multiples of this."""
        return STRIDE

    def forward(self, x: Tensor, stage: int | None = None) -> dict[str, Any]:
        """Decode `x` (B, 3, H, W) in 0..1 from the blocks up to `stage` (None: all).

        Returns:
            `x_hat` (B, 3, H, W), and the likelihood of every element of y up to that stage
            (B, C, H/16, W/16) and of z (B, Z, H/64, W/64).
        Raises:
            ConfigError: no such stage, or a size that is not a multiple of 64.
        """
        last = self.config.n_blocks - 1 if stage is None else stage
        if not 0 <= last <= self.config.n_blocks - 1:
            raise ConfigError(f"stage must lie in 0..{self.config.n_blocks - 1}; got {stage}")
        latents = self.model.quantise(x)
        y_hat, known, _ = self.model.cut(latents, last)
        likelihoods = {
            "y": torch.exp2(-torch.cat(latents.y_bits[: last + 1], 1)),
            "z": torch.exp2(-latents.z_bits),
        }
        limited = {name: value.clamp_min(LIKELIHOOD_MIN) for name, value in likelihoods.items()}
        return {"x_hat": self.model.synthesis(y_hat, known), "likelihoods": limited}

    def update(
        self, scale_table: Any = None, force: bool = False, update_quantiles: bool = False
    ) -> bool:
        """Freeze the entropy model to integers; True if that changed anything.

        Args:
            scale_table: must be None: the ladder of scales belongs to the format.
            force: freeze again although it was done.
            update_quantiles: has no meaning here; accepted for CompressAI's sake.
        Raises:
            ConfigError: a scale table was given.
            CheckpointError: weights too large for exact sums.
        """
        if scale_table is not None:
            raise ConfigError("coarse2fine has a fixed ladder of scales; call update() without one")
        if self._latents is not None and not force:
            return False
        exact = ExactEntropy.from_model(self.model)
        self._use(exact, CodingTables.from_prior(self.model.entropy.prior))
        return True

    @torch.no_grad()
    def compress(self, x: Tensor, stages: int | None = None) -> dict[str, Any]:
        """Bytes of each stage of each picture.

        Args:
            x: (B, 3, H, W) in 0..1, H and W multiples of 64.
            stages: only the first so many.
        Returns:
            `strings`: one list a stage, of one byte string a picture; `shape`: (H/64, W/64).
        Raises:
            ConfigError: `update` was not called.
        """
        codec = self._codec()
        y = self.model.latent(x)
        z = self.model.side_information(y)
        pictures = [codec.encode(y[i : i + 1], z[i : i + 1], stages) for i in range(len(x))]
        return {
            "strings": [list(stage) for stage in zip(*pictures, strict=True)],
            "shape": z.shape[2:],
        }

    @torch.no_grad()
    def decompress(
        self, strings: Sequence[Sequence[bytes]], shape: Sequence[int]
    ) -> dict[str, Any]:
        """Pictures from the first stages, as many as `strings` has lists.

        Args:
            strings: what `compress` returned, or a beginning of it.
            shape: (H/64, W/64).
        Returns:
            `x_hat` (B, 3, H, W) in 0..1.
        Raises:
            ConfigError: `update` was not called.
            BitstreamError: no stage, too many, or bytes that no encoder writes.
        """
        codec = self._codec()
        if not 1 <= len(strings) <= self.config.n_blocks or len({len(s) for s in strings}) != 1:
            raise BitstreamError(
                f"1..{self.config.n_blocks} stages of equally many strings expected; "
                f"got {[len(stage) for stage in strings]}"
            )
        grid = (HYPER_STRIDE * shape[0], HYPER_STRIDE * shape[1])
        pictures = []
        for payloads in zip(*strings, strict=True):
            segments = [Segment(k, bytes(p), True, "right") for k, p in enumerate(payloads)]
            received = codec.decode(segments, grid)
            pictures.append(self.model.synthesis(received.y_hat, received.known).clamp(0, 1))
        return {"x_hat": torch.cat(pictures)}

    def get_extra_state(self) -> dict[str, Any]:
        """Config and frozen integers, part of the state dict."""
        return {"config": self.config.to_json(), "integers": dict(self._integers)}

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Take over frozen integers.

        Raises:
            CheckpointError: another architecture, or malformed integers.
        """
        if state["config"] != self.config.to_json():
            raise CheckpointError(
                f"the state is of {state['config']}, this model of {self.config.to_json()}; "
                "use CoarseToFine.from_state_dict"
            )
        integers = state["integers"]
        if integers:
            self._use(ExactEntropy.from_tensors(integers), CodingTables.from_tensors(integers))

    def _use(self, exact: ExactEntropy, tables: CodingTables) -> None:
        self._integers = exact.tensors() | tables.tensors()
        self._latents = LatentCodec(self.config, exact, tables)

    def _codec(self) -> LatentCodec:
        if self._latents is None:
            raise ConfigError("the entropy model is not frozen; call update() after training")
        return self._latents


MODELS.setdefault(_NAME, CoarseToFine)
