"""Whether the processor has instructions for bfloat16."""

from functools import lru_cache

import torch

__all__ = ["multiplies_bfloat16"]


@lru_cache(maxsize=1)
def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16 (AMX or AVX-512)."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
