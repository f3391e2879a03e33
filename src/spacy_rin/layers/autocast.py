"""`spacy-rin.autocast.v1`: pipeline → the same, whose transformers multiply in bfloat16 on a CPU.

Processors with AVX512-BF16 or AMX are faster with it. On a GPU the transformer's own setting
`mixed_precision` does the same; on a CPU that fails. Nothing of this is saved. A loaded pipeline
computes in float32 until the callback is called on it, as `spacy-rin extract` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from spacy.language import Language
from torch import nn

from ..nn.device import product_dtype


def make_autocast(precision: str = "auto") -> Callable[[Language], Language]:
    """Construct a callback for `[initialize.after_init]`, or for any pipeline that was loaded.

    precision (str): "float32", "bfloat16", or "auto" for bfloat16 where the processor is faster
        with it.
    RETURNS (Callable): Takes a pipeline, changes its transformers and returns it.
    """

    return partial(_set_precision, precision)


def _set_precision(precision: str, nlp: Language) -> Language:
    for module in _transformers(nlp):
        device = next(module.parameters()).device
        dtype = product_dtype(precision, device)
        # Not those that have it already: called twice, it would wrap the wrapper.
        is_wrapped = isinstance(module.forward, InPrecision)
        if device.type == "cpu" and dtype != torch.float32 and not is_wrapped:
            module.forward = InPrecision(module.forward, dtype)
    return nlp


def _transformers(nlp: Language) -> list[nn.Module]:
    """The torch modules of the components that spacy-transformers has made."""
    models = (getattr(component, "model", None) for _, component in nlp.components)
    nodes = (node for model in models if model is not None for node in model.walk())
    return [shim._model for node in nodes for shim in node.shims if hasattr(shim, "_hfmodel")]


class InPrecision:
    """A `forward` whose products are computed in `dtype`, and whose output is float32.

    It can be pickled, with the pipeline whose module it belongs to.

    forward (Callable): The module's own method.
    dtype (torch.dtype): The type of the products.
    """

    def __init__(self, forward: Callable[..., Any], dtype: torch.dtype) -> None:
        self.forward = forward
        self.dtype = dtype

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward pass.

        args (Any): The arguments of the module's own method.
        kwargs (Any): Those by name.
        RETURNS (Any): Its output, with tensors of float32.
        """
        with torch.autocast("cpu", dtype=self.dtype):
            output = self.forward(*args, **kwargs)
        for name, value in output.items():
            output[name] = _to_float32(value)
        return output


def _to_float32(value: Any) -> Any:
    """Convert a tensor, or a tuple of tensors: numpy, which reads them, has no bfloat16."""
    return tuple(map(_to_float32, value)) if isinstance(value, tuple) else value.float()
