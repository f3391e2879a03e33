"""What the processor at hand likes: size and precision of the blocks; torch only."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

# A core's second cache where torch does not know it.
DEFAULT_CACHE_BYTES = 2**20
# A block's pair features and logits, in second caches: smaller ones cost more to start, larger ones
# to read from further away. Measured on one and two threads, see CONTRIBUTING.md.
CACHES_PER_BLOCK = 4
# On a GPU: enough that the time to start a kernel does not show.
GPU_BLOCK_BYTES = 2**27

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@cache
def cpu_capabilities() -> dict[str, Any]:
    """RETURNS (dict): What torch says of the processor; nothing in older versions."""
    find = getattr(torch.cpu, "get_capabilities", dict)
    return dict(find())


def block_cells(device: torch.device, width: int, n_labels: int) -> int:
    """Cells of a block that stays in the processor's cache while it is computed.

    width (int): D, width of the pair features. n_labels (int): L.
    """
    if device.type == "cpu":
        cache_bytes = cpu_capabilities().get("l2_cache_size") or DEFAULT_CACHE_BYTES
        n_bytes = CACHES_PER_BLOCK * cache_bytes * torch.get_num_threads()
    else:
        n_bytes = GPU_BLOCK_BYTES
    return max(1, n_bytes // (4 * (width + n_labels)))


def product_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The type whose products the blocks are computed with.

    precision (str): "float32", "bfloat16", or "auto" for bfloat16 where the processor multiplies
        it faster: CPUs with AVX512-BF16 or AMX, GPUs from Ampere on.
    """
    if precision in DTYPES:
        return DTYPES[precision]
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        found = cpu_capabilities()
        fast = device.type == "cpu" and bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return torch.bfloat16 if fast else torch.float32
