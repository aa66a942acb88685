"""How matrix products run: in bfloat16 where the hardware multiplies it natively, with few kernels kept.

bfloat16 products with float32 sums take half the time of float32 ones on processors with AVX512-BF16. A
state computed so differs from that in float32 in the third digit, but it does not depend on what shares
its batch, while float32 products of some libraries do in the last digit.
"""

from __future__ import annotations

import os
from typing import Literal

import torch

__all__ = ["Precision", "keep_few_kernels", "product_type"]

Precision = Literal["auto", "float32", "bfloat16"]


def product_type(precision: Precision, device: str) -> torch.dtype:
    """Return the type of matrix products on a device such as ``"cpu"`` or ``"cuda:0"``.

    Examples
    --------
    >>> product_type("float32", "cpu")
    torch.float32
    """
    if precision == "auto":
        if device.startswith("cuda"):
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
        return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16", False) else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def keep_few_kernels() -> None:
    """Let oneDNN keep 64 compiled kernels instead of 1,024, unless the environment says otherwise.

    It compiles one for each shape of a product, and nearly every batch of histories has a shape of its own:
    kernels that never come again then filled 2 GB in a few epochs. It has an effect only before the first
    product of the process.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
