"""thinc ↔ torch: a module's bytes, as safetensors (never pickle), and flat arrays of texts.

A module here is made without parameters, since their shapes depend on data. `initialize_like` gives
it parameters of a saved state's shapes, so that a pipeline loads without being initialised first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import safetensors.torch
import torch
from thinc.api import ArgsKwargs, Model, Ops, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn


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


@contextmanager
def use_averages(model: Model, params: dict[Any, Any]) -> Iterator[None]:
    """Put averaged parameters in the place of those of all wrapped modules, for the block's time.

    thinc's optimizer averages them (`use_averages`), but its PyTorchShim looks for other keys and
    leaves them as they are, so that the best model would have averaged vectors and a plain network.

    params (dict): The optimizer's averages, by (shim id, name).
    """
    kept: list[tuple[Tensor, Tensor]] = []
    for shim in (shim for node in model.walk() for shim in node.shims):
        for name, parameter in shim._model.named_parameters():
            if (shim.id, name) in params:
                kept.append((parameter, parameter.data))
                average = xp2torch(params[shim.id, name], device=parameter.device)
                parameter.data = average.detach()
    try:
        yield
    finally:
        for parameter, data in kept:
            parameter.data = data


@contextmanager
def keep_tensors(model: Model) -> Iterator[None]:
    """Let an optimizer update all wrapped modules in place, for the block's time.

    After each update thinc's PyTorchShim gives a parameter another tensor of the same memory, which
    holds on to the one before: 0.8 KB a parameter and step that are never given back.
    """
    parameters = [p for node in model.walk() for s in node.shims for p in s._model.parameters()]
    kept = [(parameter, parameter.data) for parameter in parameters]
    yield
    for parameter, data in kept:
        if parameter.data_ptr() != data.data_ptr():  # an optimizer that makes new arrays
            data.copy_(parameter.data)
        parameter.data = data


def texts_to_torch(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[Tensor, list[int], Callable[[ArgsKwargs], list[Floats2d]]]:
    """Lay the arrays of texts end to end, as a tensor on the device of a wrapped module.

    model (Model): A PyTorchWrapper with the dimension nI.
    X (list[Floats2d]): (words, nI) for each text; empty ones, or none at all, are fine.
    RETURNS (tuple): The (W, nI) tensor, the words of each text, and what turns the gradient of a
        call whose first argument is that tensor into one array for each text.
    """
    # The device is the parameters': thinc's current ops are another in every new thread.
    device = model.shims[0].device
    lengths = [len(x) for x in X]
    flat = flatten_texts(model.ops, X, model.get_dim("nI"))

    def unflatten(d_inputs: ArgsKwargs) -> list[Floats2d]:
        return model.ops.unflatten(torch2xp(d_inputs.args[0]), model.ops.asarray1i(lengths))

    return xp2torch(flat, requires_grad=is_train, device=device), lengths, unflatten


def flatten_texts(ops: Ops, arrays: list[Floats2d], width: int) -> Floats2d:
    """Lay the arrays of texts end to end.

    arrays (list[Floats2d]): (words, width) each; empty ones, or none at all, are fine.
    RETURNS (Floats2d): (W, width).
    """
    if not any(len(array) for array in arrays):
        return ops.alloc2f(0, width)
    return ops.flatten(arrays)
