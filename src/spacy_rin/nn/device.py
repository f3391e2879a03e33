"""Device, sizes and setting → the size of the table's blocks and the precision of their products.

Both depend on the processor at hand. `network` and `layers.architecture` ask for them when they
plan a batch.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

# The size of a core's L2 cache, for where torch does not report it.
DEFAULT_CACHE_BYTES = 2**20
# The size of a block's pair features and logits, in L2 caches. Smaller blocks lose more time to
# starting, larger ones to slower memory. Measured on one and two threads, see CONTRIBUTING.md.
CACHES_PER_BLOCK = 4
# The same on a GPU, in bytes: so much that the time to start a kernel does not matter.
GPU_BLOCK_BYTES = 2**27

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@cache
def cpu_capabilities() -> dict[str, Any]:
    """Look up what torch reports of the processor.

    RETURNS (dict): Capabilities by name; empty where torch is too old to report them.
    """
    find = getattr(torch.cpu, "get_capabilities", dict)
    return dict(find())


def block_cells(device: torch.device, width: int, n_labels: int) -> int:
    """Choose the size of a block, so that it stays in the processor's cache while it is computed.

    device (torch.device): Where blocks are computed.
    width (int): D, the width of the pair features.
    n_labels (int): L, the number of relation labels.
    RETURNS (int): Cells, at least one.
    """
    if device.type == "cpu":
        cache_bytes = cpu_capabilities().get("l2_cache_size") or DEFAULT_CACHE_BYTES
        n_bytes = CACHES_PER_BLOCK * cache_bytes * torch.get_num_threads()
    else:
        n_bytes = GPU_BLOCK_BYTES
    # A cell has D features and L logits of four bytes each.
    return max(1, n_bytes // (4 * (width + n_labels)))


def product_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Choose the type in which the products of the blocks are computed.

    precision (str): "float32", "bfloat16" or "auto". "auto" is bfloat16 where the processor
        multiplies it faster: on CPUs with AVX512-BF16 or AMX, and on GPUs from Ampere on.
    device (torch.device): Where blocks are computed.
    RETURNS (torch.dtype): float32 or bfloat16.
    """
    if precision in DTYPES:
        return DTYPES[precision]
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        found = cpu_capabilities()
        fast = device.type == "cpu" and bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return torch.bfloat16 if fast else torch.float32
