"""`spacy-rin.autocast.v1`: pipeline → the same, whose transformers multiply in bfloat16 on a CPU.

Processors with AVX512-BF16 or AMX are faster with it. On a GPU the transformer's own setting
`mixed_precision` does the same; on a CPU that fails. Nothing of this is saved. A loaded pipeline
computes in float32 until the callback is called on it, as `spacy-rin extract` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
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

    def after_init(nlp: Language) -> Language:
        for module in _transformers(nlp):
            device = next(module.parameters()).device
            dtype = product_dtype(precision, device)
            if device.type == "cpu" and dtype != torch.float32:
                module.forward = _in_precision(module.forward, dtype)
        return nlp

    return after_init


def _transformers(nlp: Language) -> list[nn.Module]:
    """The torch modules of the components that spacy-transformers has made."""
    models = (getattr(component, "model", None) for _, component in nlp.components)
    nodes = (node for model in models if model is not None for node in model.walk())
    return [shim._model for node in nodes for shim in node.shims if hasattr(shim, "_hfmodel")]


def _in_precision(forward: Callable[..., Any], dtype: torch.dtype) -> Callable[..., Any]:
    """Wrap a `forward` so that its products are computed in `dtype` and its output is float32."""

    @wraps(forward)
    def run(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast("cpu", dtype=dtype):
            output = forward(*args, **kwargs)
        for name, value in output.items():
            output[name] = _to_float32(value)
        return output

    return run


def _to_float32(value: Any) -> Any:
    """Convert a tensor, or a tuple of tensors: numpy, which reads them, has no bfloat16."""
    return tuple(map(_to_float32, value)) if isinstance(value, tuple) else value.float()
