"""Several classifiers that answer as one: the mean of their log-posteriors."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from codec_plugin.classifiers.base import Classifier
from codec_plugin.errors import ClassifierError

__all__ = ["Ensemble"]


class Ensemble(Classifier):
    """Mean of the members' log-posteriors over the classes that all of them know.

        images ─┬─► member 1 ─ log-softmax ─┐
                ├─► member 2 ─ log-softmax ─┼─ mean ─► (B, C), equal to logits up to a constant
                └─► member n ─ log-softmax ─┘

    A class that one member rules out is ruled out: what all families see is what counts.

    Args:
        members: two or more, of any sizes, normalisations and orders of classes.
    Raises:
        ClassifierError: they share no class.
    Source: Hinton 2002 (product of experts).
    """

    def __init__(self, members: Sequence[Classifier]) -> None:
        shared = [
            key for key in members[0].class_ids if all(key in m.class_ids for m in members[1:])
        ]
        names = ",".join(member.name for member in members)
        if not shared:
            raise ClassifierError(f"classifiers {names} share no class; ask them one by one")
        sizes = [member.input_size for member in members]
        neutral = {"mean": (0.0,) * 3, "std": (1.0,) * 3}  # members normalise for themselves
        super().__init__(names, nn.Identity(), shared, input_size=max(sizes), **neutral)
        self.members = nn.ModuleList(members)
        for number, member in enumerate(members):
            place = {key: column for column, key in enumerate(member.class_ids)}
            columns = torch.tensor([place[key] for key in shared])
            self.register_buffer(f"columns_{number}", columns)

    def logits(self, images: Tensor) -> Tensor:
        """Mean log-posteriors (B, C) of images taken as they are, without resizing or cropping."""
        return self._mean([member.logits(images) for member in self._members()])

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Mean log-posteriors (B, C) and the inner maps of all members, one after the other."""
        answers = [member.logits_and_features(images) for member in self._members()]
        maps = [found for _, features in answers for found in features]
        return self._mean([logits for logits, _ in answers]), maps

    def forward(self, images: Tensor) -> Tensor:
        """Mean log-posteriors (B, C) of images of any size, each member at its own."""
        return self._mean([member(images) for member in self._members()])

    def _members(self) -> list[Classifier]:
        return [member for member in self.members if isinstance(member, Classifier)]

    def _mean(self, logits: list[Tensor]) -> Tensor:
        answers = [
            values.float().log_softmax(1)[:, self.get_buffer(f"columns_{number}")]
            for number, values in enumerate(logits)
        ]
        return torch.stack(answers).mean(0)
