"""thinc ↔ torch: arrays of texts → one tensor, and torch modules → thinc models.

`encoder` and `architecture` wrap their modules here. A module is made without parameters, since
their shapes depend on the data. It makes them in `initialize`, or in `initialize_like` in the
shapes of a saved state, so that a pipeline loads without being initialised first. Parameters are
saved as safetensors, never by pickle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import safetensors.torch
import torch
from thinc.api import ArgsKwargs, Model, Ops, PyTorchWrapper_v3, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn


def wrap_module(
    module: nn.Module,
    convert_inputs: Callable[..., Any],
    convert_outputs: Callable[..., Any],
    sizes: Sequence[str] = (),
) -> Model:
    """Wrap a torch module as a thinc model, which makes the parameters when it is initialised.

    module (Module): A module with `initialize(nI, *sizes)` and `initialize_like(state)`.
    convert_inputs (Callable): Turns thinc's input into the module's, see thinc's PyTorchWrapper.
    convert_outputs (Callable): Turns the module's output into thinc's.
    sizes (Sequence[str]): Attributes of the model that `initialize` takes after nI.
    RETURNS (Model): The model. It reads its dimension nI off the sample it is initialised with.
    """
    model = PyTorchWrapper_v3(
        module,
        convert_inputs=convert_inputs,
        convert_outputs=convert_outputs,
        serialize_model=serialize_module,
        deserialize_model=deserialize_module,
    )
    model.init = partial(_initialize, sizes=sizes)
    return model


def serialize_module(module: nn.Module) -> bytes:
    """Turn the parameters of a module into bytes.

    module (Module): Any module.
    RETURNS (bytes): Its parameters; none if it is not initialised.
    """
    state = {name: tensor.contiguous().cpu() for name, tensor in module.state_dict().items()}
    return safetensors.torch.save(state)


def deserialize_module(module: nn.Module, data: bytes, device: torch.device) -> nn.Module:
    """Load the parameters of a module, which makes them first in the shapes of the saved ones.

    module (Module): A module with `initialize_like(state)`.
    data (bytes): What `serialize_module` returned.
    device (torch.device): Where the parameters go.
    RETURNS (Module): The same module, on `device`.
    """
    state = safetensors.torch.load(data)
    if state:
        module.initialize_like(state)  # type: ignore[operator]
        module.load_state_dict(state)
    return module.to(device)


@contextmanager
def use_averages(model: Model, params: dict[Any, Any]) -> Iterator[None]:
    """Use averaged parameters in all wrapped modules, inside a `with` block.

    thinc's optimizer averages them (`use_averages`), but its PyTorchShim looks for other keys and
    leaves them as they are. The best model would have averaged vectors and a plain network.

    model (Model): The model whose modules are changed.
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
    """Let an optimizer update all wrapped modules in place, inside a `with` block.

    In each update, thinc's PyTorchShim gives a parameter another tensor of the same memory, which
    holds on to the one before: 0.8 KB a parameter and step that are never given back.

    model (Model): The model whose modules are updated.
    """
    parameters = [p for node in model.walk() for s in node.shims for p in s._model.parameters()]
    kept = [(parameter, parameter.data) for parameter in parameters]
    yield
    for parameter, data in kept:
        if parameter.data_ptr() != data.data_ptr():  # The optimizer made new arrays.
            data.copy_(parameter.data)
        parameter.data = data


def texts_to_torch(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[Tensor, list[int], Callable[[ArgsKwargs], list[Floats2d]]]:
    """Join the arrays of texts, end to end, as a tensor on the device of a wrapped module.

    model (Model): A model of `wrap_module`, initialised.
    X (list[Floats2d]): (words, nI) for each text. Texts may be empty, and so may the list.
    is_train (bool): Whether the tensor needs a gradient.
    RETURNS (tuple): The (W, nI) tensor; the words of each text; and a function that turns the
        gradient of the module's arguments, of which the tensor is the first, into one array for
        each text.
    """
    # The device of the parameters counts: thinc's current ops differ in every new thread.
    device = model.shims[0].device
    lengths = [len(x) for x in X]
    flat = flatten_texts(model.ops, X, model.get_dim("nI"))

    def unflatten(d_inputs: ArgsKwargs) -> list[Floats2d]:
        return model.ops.unflatten(torch2xp(d_inputs.args[0]), model.ops.asarray1i(lengths))

    return xp2torch(flat, requires_grad=is_train, device=device), lengths, unflatten


def flatten_texts(ops: Ops, arrays: list[Floats2d], width: int) -> Floats2d:
    """Join the arrays of texts, end to end.

    ops (Ops): thinc's operations for the arrays' device.
    arrays (list[Floats2d]): (words, width) for each text. Texts may be empty, and so may the list.
    width (int): Columns of the result.
    RETURNS (Floats2d): (W, width) array.
    """
    if not any(len(array) for array in arrays):
        return ops.alloc2f(0, width)
    return ops.flatten(arrays)


def _initialize(
    model: Model, X: list[Floats2d] | None = None, Y: object = None, *, sizes: Sequence[str]
) -> None:
    """Make the parameters of a wrapped module, for inputs as wide as the sample X."""
    shim = model.shims[0]
    nI = X[0].shape[1] if X else model.get_dim("nI")
    model.set_dim("nI", nI, force=True)
    device = shim.device
    shim._model.initialize(nI, *(model.attrs[size] for size in sizes))
    shim._model.to(device)
