"""Convolutions on integers held in float64: the same numbers whatever adds them up.

A double holds every integer below 2**53. If all partial sums of a convolution stay below that,
each addition is exact, so their order (threads, batch, memory layout, library, device) cannot
matter. The bound is computed from the weights when a layer is built, and a layer that breaks it
is refused.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.errors import CheckpointError

__all__ = ["ACTIVATION_BITS", "EXACT_LIMIT", "FixedConv", "best_shift", "clip_relu", "shift_down"]

EXACT_LIMIT = 2.0**53
ACTIVATION_BITS = 12  # fraction bits of activations
_WEIGHT_LIMIT = 2**15 - 1  # weights are stored as int16
_MAX_SHIFT = 20


def shift_down(value: Tensor, bits: int) -> Tensor:
    """floor(value / 2**bits + 1/2), exact on integers in float64; negative bits shift up."""
    if bits <= 0:
        return value * 2.0**-bits
    return torch.floor((value + 2.0 ** (bits - 1)) * 2.0**-bits)


def clip_relu(value: Tensor, limit: int) -> Tensor:
    """clamp(value, 0, limit)."""
    return value.clamp(0.0, float(limit))


class FixedConv:
    """One convolution with stride 1 and zero padding on integers.

    Args:
        weight: (out, in, k, k) int16, fraction bits `shift`.
        bias: (out,) int64, fraction bits `shift + in_bits`.
        shift: fraction bits of the weights, 0..20.
        in_bits: fraction bits of the input.
        in_limit: largest magnitude of an input integer.
    Raises:
        CheckpointError: a sum could reach 2**53.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, shift: int, *, in_bits: int, in_limit: int
    ) -> None:
        self.weight, self.bias, self.shift = weight, bias, shift
        self.in_bits = in_bits
        self.out_bits = shift + in_bits
        self.bound = self._bound(weight, bias, in_limit)
        if not self.bound < EXACT_LIMIT / 4:  # room for the sum of two and for rounding
            raise CheckpointError(
                f"a layer's sums must stay below 2**51 to be exact; these weights reach "
                f"{self.bound:.3g}; the checkpoint is damaged or was not trained with clipping"
            )
        self._weight = weight.double()
        self._bias = bias.double()
        self._pointwise = weight.shape[-1] == 1

    @staticmethod
    def _bound(weight: Tensor, bias: Tensor, in_limit: int) -> float:
        sums = weight.double().abs().sum((1, 2, 3)) * float(in_limit) + bias.double().abs()
        return float(sums.max())

    @classmethod
    def freeze(
        cls, layer: nn.Conv2d, *, in_bits: int, in_limit: int, shift: int | None = None
    ) -> "FixedConv":
        """Round a trained layer to as many bits as int16 and the bound allow (or to `shift`).

        Raises:
            CheckpointError: a weight is too large, or not a number.
        """
        weight = layer.weight.detach().double()
        bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias.detach()
        shift = best_shift(weight, in_limit) if shift is None else shift
        largest = float(weight.abs().max())
        if not largest * 2.0**shift <= _WEIGHT_LIMIT:
            raise CheckpointError(
                f"a weight of {largest:.3g} cannot be frozen to 16 bits (at most {_WEIGHT_LIMIT}); "
                "the model has diverged: train it again with a lower learning rate"
            )
        return cls(
            torch.round(weight * 2.0**shift).to(torch.int16).contiguous(),
            torch.round(bias.double() * 2.0 ** (shift + in_bits)).to(torch.int64),
            shift,
            in_bits=in_bits,
            in_limit=in_limit,
        )

    @classmethod
    def load(
        cls, tensors: Mapping[str, Tensor], name: str, *, in_bits: int, in_limit: int
    ) -> "FixedConv":
        """Read the layer `name` from what `save` wrote, trusting nothing.

        Raises:
            CheckpointError: a tensor is missing, or of a wrong type or shape.
        """
        weight = _tensor(tensors, f"{name}.weight", torch.int16, 4)
        bias = _tensor(tensors, f"{name}.bias", torch.int64, 1)
        shift = _tensor(tensors, f"{name}.shift", torch.int32, 1)
        kernel = weight.shape[2]
        if kernel != weight.shape[3] or kernel % 2 == 0 or kernel > 7 or weight.numel() == 0:
            raise CheckpointError(f"{name}.weight has no usable shape: {tuple(weight.shape)}")
        if len(bias) != len(weight) or shift.shape != (1,) or not 0 <= int(shift) <= _MAX_SHIFT:
            raise CheckpointError(f"{name}: bias or shift do not fit weight {tuple(weight.shape)}")
        return cls(weight, bias, int(shift), in_bits=in_bits, in_limit=in_limit)

    def save(self, name: str) -> dict[str, Tensor]:
        """Integer tensors of this layer, under names that begin with `name`."""
        return {
            f"{name}.weight": self.weight,
            f"{name}.bias": self.bias,
            f"{name}.shift": torch.tensor([self.shift], dtype=torch.int32),
        }

    @property
    def in_channels(self) -> int:
        """Channels that the layer reads."""
        return self.weight.shape[1]

    @property
    def out_channels(self) -> int:
        """Channels that the layer returns."""
        return self.weight.shape[0]

    def __call__(self, value: Tensor) -> Tensor:
        """Sums (B, out, h, w) with `out_bits` fraction bits, not yet rounded."""
        if self._pointwise:
            batch, _, height, width = value.shape
            flat = value.reshape(batch, -1, height * width)
            sums = torch.matmul(self._weight[:, :, 0, 0], flat) + self._bias[:, None]
            return sums.reshape(batch, -1, height, width)
        padding = self.weight.shape[-1] // 2
        return functional.conv2d(value, self._weight, self._bias, padding=padding)


def best_shift(weight: Tensor, in_limit: int) -> int:
    """Most fraction bits with which `weight` fits int16 and its sums stay below 2**50."""
    largest = float(weight.abs().max())
    sums = float(weight.abs().sum((1, 2, 3)).max()) * in_limit
    shift = _MAX_SHIFT
    while shift > 0 and (
        largest * 2.0**shift > _WEIGHT_LIMIT or sums * 2.0**shift >= EXACT_LIMIT / 8
    ):
        shift -= 1
    return shift


def _tensor(tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype, ndim: int) -> Tensor:
    if name not in tensors:
        raise CheckpointError(f"the checkpoint lacks the coding tensor {name!r}; get it again")
    tensor = tensors[name]
    if tensor.dtype != dtype or tensor.ndim != ndim:
        raise CheckpointError(
            f"coding tensor {name!r} must be {dtype} with {ndim} axes; "
            f"got {tensor.dtype} with {tensor.ndim}"
        )
    return tensor
