"""A picture strip: the original beside what each stage decodes to."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.validate import pad_to_stride

__all__ = ["save_strip", "stage_strip"]


@torch.no_grad()
def stage_strip(model: ProgressiveModel, images: Sequence[Tensor]) -> Tensor:
    """Rows of photographs, columns original and stages: (3, sum of heights, width · (1 + stages)).

    Args:
        images: photographs (3, H, W) in 0..1 of one width.
    """
    was_training = model.training
    model.eval()
    rows = []
    for image in images:
        padded = pad_to_stride(image[None])
        cells = [image]
        for stage in range(model.config.n_blocks):
            decoded = model(padded, stage).x_hat[0, :, : image.shape[1], : image.shape[2]]
            cells.append(decoded.clamp(0, 1))
        rows.append(torch.cat(cells, 2))
    model.train(was_training)
    return torch.cat(rows, 1)


def save_strip(path: Path, strip: Tensor) -> None:
    """Write a strip (3, H, W) in 0..1 as PNG, whole or not at all."""
    from PIL import Image

    array = (strip * 255).round().clamp(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
    temporary = path.with_name(f".{path.name}.tmp")
    Image.fromarray(array).save(temporary, format="PNG")
    temporary.replace(path)
