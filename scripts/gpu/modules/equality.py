"""A training step of a component on the device in use → its outputs, losses and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from spacy.util import fix_random_seed

from spacy_rin.component import RelationExtractor


def step(rin: RelationExtractor, examples: list[Any]) -> dict[str, Any]:
    """Compute one training step. RETURNS (dict): Outputs, losses and gradients by name."""
    fix_random_seed(0)
    scores, backprop = rin.model.begin_update(rin._batch(eg.predicted for eg in examples))
    _, loss = rin.get_loss(examples, scores)
    found = {"output tags": scores.tag_logits, "loss tags": loss.entities}
    found |= {f"output {k}": t for k, t in enumerate(scores.table.factors.present())}
    found |= {"loss relations": loss.relations, "output maximum": scores.row_maximum()}
    backprop(loss.gradient)
    for place, node in enumerate(rin.model.walk()):
        for name in node.param_names:
            found[f"gradient {place} {name}"] = node.ops.to_numpy(node.get_grad(name))
        for shim in node.shims:
            for name, tensor in shim._model.named_parameters():
                found[f"gradient {place} {name}"] = tensor.grad
    return {name: to_array(value) for name, value in found.items() if value is not None}


def to_array(value: Any) -> np.ndarray:
    """RETURNS (ndarray): A tensor, array or number as an array of float64."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype="float64")


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """RETURNS (float): The largest difference, as a share of the largest value."""
    if not expected.size:
        return 0.0
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12))


def max_by_kind(differences: dict[str, float]) -> dict[str, float]:
    """RETURNS (dict): The largest difference of the outputs, the losses and the gradients."""
    kinds = {name.split()[0] for name in differences}
    return {k: max(d for n, d in differences.items() if n.startswith(k)) for k in sorted(kinds)}
