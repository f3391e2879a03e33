"""thinc ↔ torch: a module's bytes, as safetensors (never pickle), and flat arrays of texts.

A module here is made without parameters, since their shapes depend on data. `initialize_like` gives
it parameters of a saved state's shapes, so that a pipeline loads without being initialised first.
"""

from __future__ import annotations

from typing import Protocol

import safetensors.torch
import torch
from thinc.api import Ops
from thinc.types import Floats2d
from torch import Tensor, nn


class LazyModule(Protocol):
    """A torch module that can take its shapes from a saved state."""

    def initialize_like(self, state: dict[str, Tensor]) -> None: ...


def serialize_module(module: nn.Module) -> bytes:
    """RETURNS (bytes): The parameters of a module; none for one that is not initialised."""
    state = {name: tensor.contiguous().cpu() for name, tensor in module.state_dict().items()}
    return safetensors.torch.save(state)


def deserialize_module(module: nn.Module, data: bytes, device: torch.device) -> nn.Module:
    """Load parameters, making them first where the module has none of these shapes.

    RETURNS (Module): The same module, on `device`.
    """
    state = safetensors.torch.load(data)
    if state:
        module.initialize_like(state)  # type: ignore[operator]
        module.load_state_dict(state)
    return module.to(device)


def flatten_texts(ops: Ops, arrays: list[Floats2d], width: int) -> Floats2d:
    """Lay the arrays of texts end to end.

    arrays (list[Floats2d]): (words, width) each; empty ones, or none at all, are fine.
    RETURNS (Floats2d): (W, width).
    """
    if not any(len(array) for array in arrays):
        return ops.alloc2f(0, width)
    return ops.flatten(arrays)
