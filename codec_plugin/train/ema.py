"""Exponential moving average of a network's weights."""

import torch
from torch import Tensor, nn

__all__ = ["Ema"]


class Ema:
    """Averaged copy of every floating-point tensor of a network.

    The decay warms up, so that the average of a young run is not its start.

    Args:
        module: network whose state is averaged.
        decay: weight of the old average at each step, 0..1.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in module.state_dict().items()
        }

    def update(self, module: nn.Module, step: int) -> None:
        """Move the average towards the module's weights; `step` counts from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages: list[Tensor] = []
        values: list[Tensor] = []
        with torch.no_grad():
            for name, value in module.state_dict().items():
                # The network may have moved to another device since, as the state of a resumed run.
                average = self.state[name] = self.state[name].to(value.device)
                if average.is_floating_point():
                    averages.append(average)
                    values.append(value.detach())
                else:
                    average.copy_(value)
            torch._foreach_lerp_(averages, values, 1 - decay)

    def copy_to(self, module: nn.Module) -> None:
        """Put the averaged weights into a network of the same shape."""
        module.load_state_dict(self.state)
