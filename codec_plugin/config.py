"""What a model is made of, as one frozen record that a checkpoint carries as JSON."""

import math
from typing import Literal

import msgspec

from codec_plugin.channel_layout import RATIO, ChannelLayout
from codec_plugin.errors import ConfigError

__all__ = ["MAX_BLOCKS", "MAX_CHANNELS", "MAX_PASSES", "ModelConfig"]

MAX_BLOCKS = 16
MAX_CHANNELS = 1024
MAX_PASSES = 3


class ModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Architecture of a progressive codec; equal records build equal networks.

    Attributes:
        transform: name in `codec_plugin.models.transforms.TRANSFORMS`.
        blocks: channels of each stage, coarse first; their sum is the latent's width.
        steps: quantiser step of each block at the start, in units of an orthonormal transform of
            an image in 0..1 (used by transforms that start at a known basis).
        hyper_channels: channels of z.
        analysis_widths: channels of the analysis at H/4, H/8 (tic: one width for all scales).
        synthesis_widths: channels of the synthesis at H/16, H/8, H/4 (tic: one width).
        synthesis_depths: residual blocks of the synthesis at H/16, H/8, H/4 (tic: Swin blocks at
            H/16, H/8, H/4, H/2, of the analysis too).
        feature_width: channels of the hyper features that every block's network reads.
        context_width: hidden channels of a block's network.
        fill: what stands for a symbol that was not received: its conditional mean, or zero.
        use_delta: refine the base parameters of a block (else: the hyper network's only).
        use_context: the refinement of block k reads blocks < k (else: hyper features only).
        use_sort: code the elements of a block in order of falling scale (else: in memory order).
        stage_conditioning: tell the synthesis which blocks are real.
        passes: in how many passes over the picture each block is coded, 1 to 3, every pass given
            those before it; unset means one each (and stays out of the JSON).
        ranges: base channels [first, last) that each block carries; a channel that comes again is
            refined (see `ChannelLayout`); unset means that no two blocks share a channel.
        plane_context: two networks that read the digits of the only block as they become known (see
            the method `ctc`); unset means none.
        analysis_depths: residual blocks of the analysis at H/4, H/8, H/16 (compact only); unset
            means one each.
    """

    transform: Literal["compact", "tic"] = "compact"
    blocks: tuple[int, ...] = (20, 52, 120)
    steps: tuple[float, ...] = (0.32, 0.26, 0.20)
    hyper_channels: int = 96
    analysis_widths: tuple[int, ...] = (96, 160)
    synthesis_widths: tuple[int, ...] = (256, 160, 80)
    synthesis_depths: tuple[int, ...] = (4, 3, 3)
    feature_width: int = 160
    context_width: int = 128
    fill: Literal["mean", "zero"] = "mean"
    use_delta: bool = True
    use_context: bool = True
    use_sort: bool = True
    stage_conditioning: bool = True
    passes: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    ranges: tuple[tuple[int, int], ...] | msgspec.UnsetType = msgspec.UNSET
    analysis_depths: tuple[int, int, int] | msgspec.UnsetType = msgspec.UNSET
    plane_context: bool | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Refuse widths that no network can have.

        Raises:
            ConfigError: naming the field, what it must be and what it is.
        """
        if not 1 <= len(self.blocks) <= MAX_BLOCKS or min(self.blocks) < 1:
            raise ConfigError(
                f"blocks must be 1..{MAX_BLOCKS} positive widths, one a level; got {self.blocks}"
            )
        if self.channels > MAX_CHANNELS:
            raise ConfigError(f"blocks must sum to at most {MAX_CHANNELS}; got {self.channels}")
        if len(self.steps) != len(self.blocks):
            raise ConfigError(
                f"steps must have one entry a block ({len(self.blocks)}); got {len(self.steps)}"
            )
        if not all(math.isfinite(step) and step > 0 for step in self.steps):
            raise ConfigError(f"steps must be positive numbers; got {self.steps}")
        counts = self.pass_counts
        if len(counts) != len(self.blocks) or not all(1 <= n <= MAX_PASSES for n in counts):
            raise ConfigError(
                f"passes must have one entry a block ({len(self.blocks)}), each 1..{MAX_PASSES}; "
                f"got {counts}"
            )
        if max(counts) > 1 and not (self.use_delta and self.use_context):
            raise ConfigError("several passes need use_delta and use_context")
        if self.plane_networks and len(self.blocks) != 1:
            raise ConfigError(f"plane_context needs one block; got {len(self.blocks)}")
        self._check_layout()
        widths = (
            self.hyper_channels,
            self.feature_width,
            self.context_width,
            *self.analysis_widths,
            *self.synthesis_widths,
        )
        if not all(1 <= width <= MAX_CHANNELS for width in widths):
            raise ConfigError(f"widths must lie in 1..{MAX_CHANNELS}; got {widths}")
        if not all(0 <= depth <= 32 for depth in (*self.synthesis_depths, *self.depths)):
            raise ConfigError(
                f"depths must lie in 0..32; got {self.synthesis_depths} and {self.depths}"
            )

    def _check_layout(self) -> None:
        layout = self.layout
        if layout.widths != self.blocks:
            raise ConfigError(
                f"ranges must be as wide as blocks {self.blocks}; got {layout.ranges}"
            )
        if not layout.refines:
            return
        first = {
            channel: k for k, r in reversed(list(enumerate(layout.ranges))) for channel in range(*r)
        }
        for k, plane in enumerate(layout.planes):
            wanted = self.steps[first[layout.ranges[k][0]]] / RATIO**plane
            if not math.isclose(self.steps[k], wanted, rel_tol=1e-3):
                raise ConfigError(
                    f"block {k} refines channels {plane} times by {RATIO}: its step must be "
                    f"{wanted:g}; got {self.steps[k]:g}"
                )

    @property
    def layout(self) -> ChannelLayout:
        """Which base channels each block carries."""
        if isinstance(self.ranges, msgspec.UnsetType):
            return ChannelLayout.consecutive(self.blocks)
        return ChannelLayout(self.ranges)

    @property
    def channels(self) -> int:
        """Channels M of the latent y, refined versions counted apart."""
        return sum(self.blocks)

    @property
    def base_channels(self) -> int:
        """Channels of the latent that the transforms make and read."""
        return self.layout.base_channels

    @property
    def base_steps(self) -> tuple[float, ...]:
        """Quantiser step of each base channel where it comes first."""
        steps: dict[int, float] = {}
        for step, (first, last) in zip(self.steps, self.layout.ranges, strict=True):
            for channel in range(first, last):
                steps.setdefault(channel, step)
        return tuple(steps[channel] for channel in sorted(steps))

    @property
    def depths(self) -> tuple[int, int, int]:
        """Residual blocks of the analysis at H/4, H/8, H/16."""
        unset = isinstance(self.analysis_depths, msgspec.UnsetType)
        return (1, 1, 1) if unset else self.analysis_depths  # type: ignore[return-value]

    @property
    def plane_networks(self) -> int:
        """Context networks of digits: of their probabilities, and of what is reconstructed."""
        return 2 if self.plane_context is True else 0

    @property
    def n_blocks(self) -> int:
        """Number of blocks: the stages of a file."""
        return len(self.blocks)

    @property
    def pass_counts(self) -> tuple[int, ...]:
        """Passes of each block."""
        return (1,) * self.n_blocks if isinstance(self.passes, msgspec.UnsetType) else self.passes

    def plain(self) -> "ModelConfig":
        """The same codec without progression: one block of all channels, finest step."""
        return msgspec.structs.replace(
            self,
            blocks=(self.base_channels,),
            steps=(min(self.steps),),
            passes=msgspec.UNSET,
            ranges=msgspec.UNSET,
        )

    @classmethod
    def paper(cls) -> "ModelConfig":
        """The paper's architecture: TIC transforms with N 192, M 320, blocks 128 / 96 / 96."""
        return cls(
            transform="tic",
            blocks=(128, 96, 96),
            steps=(1.0, 1.0, 1.0),
            hyper_channels=192,
            analysis_widths=(192,),
            synthesis_widths=(192,),
            synthesis_depths=(2, 6, 4, 2),
            feature_width=256,
            context_width=256,
        )

    def to_json(self) -> str:
        """Canonical JSON (sorted keys), equal for equal records."""
        return msgspec.json.encode(self, order="sorted").decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "ModelConfig":
        """Read what `to_json` wrote.

        Raises:
            ConfigError: not JSON, an unknown field, a wrong type or a refused value.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ConfigError(f"model config expected as JSON of ModelConfig: {error}") from error
