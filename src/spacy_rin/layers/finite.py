"""Parameters, word vectors and scores that are not finite: where they are, and what helps.

They make every score of a text NaN, and decoding then finds nothing, without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spacy.vocab import Vocab
from thinc.api import Model, get_array_module

from ..errors import Errors


def check_parameters(model: Model, name: str) -> None:
    """Check that all parameters of a model are finite.

    model (Model): Any model, initialised or not.
    name (str): Name of its component.
    RAISES (ValueError): If a parameter is NaN or infinite.
    """
    found = find_not_finite(model)
    if found:
        raise ValueError(Errors.R188.format(name=name, parameter=found))


def find_not_finite(model: Model) -> str:
    """Find a parameter that is not finite.

    model (Model): Any model, initialised or not.
    RETURNS (str): Name of the first such parameter; empty if there is none.
    """
    for name, parameter in _parameters(model):
        if parameter.dtype.kind == "f" and not _is_finite(parameter):
            return name
    return ""


def find_bad_vector(vocab: Vocab) -> str:
    """Find a word vector that is not finite.

    vocab (Vocab): A vocab, with vectors or without.
    RETURNS (str): The word of such a vector, quoted; empty if there is none.
    """
    data = vocab.vectors.data
    if not data.size or _is_finite(data):
        return ""
    xp = get_array_module(data)
    row = int(xp.flatnonzero(~xp.isfinite(data).all(axis=1))[0])
    words = (vocab.strings[key] for key, place in vocab.vectors.key2row.items() if place == row)
    return repr(next(words, f"row {row}"))


def explain_not_finite(model: Model, vocab: Vocab) -> str:
    """Say why a loss or scores are not finite, and what helps.

    model (Model): The model of the component.
    vocab (Vocab): The vocab of its pipeline.
    RETURNS (str): The reason and the remedy.
    """
    if word := find_bad_vector(vocab):
        return Errors.R190.format(word=word)
    if parameter := find_not_finite(model):
        return Errors.R196.format(parameter=parameter)
    return Errors.R197


def _is_finite(array: Any) -> bool:
    """Whether all values are finite. A sum is finite only then, and is faster than a mask."""
    xp = get_array_module(array)
    return bool(xp.isfinite(array.sum(dtype="float64")))


def _parameters(model: Model) -> Iterator[tuple[str, Any]]:
    """Name and array of all parameters, thinc's and torch's."""
    for node in model.walk():
        for name in node.param_names:
            if node.has_param(name):
                yield f"{node.name}.{name}", node.get_param(name)
        for shim in node.shims:
            # A transformer that is not initialised has no module.
            named = shim._model.named_parameters() if shim._model is not None else ()
            for name, tensor in named:
                if tensor.is_floating_point():
                    yield name, tensor.detach().float().cpu().numpy()
