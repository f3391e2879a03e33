"""Updates of wrapped modules: in place, and with the averages of `use_averages`."""

from __future__ import annotations

import gc

import numpy as np
from spacy.language import Language
from thinc.api import Adam
from torch import Tensor
from torch.nn import Parameter
from toy import blank, gold_examples, initialised, rin_of


def weights(nlp: Language) -> dict[str, np.ndarray]:
    """Copies of all parameters of rin, thinc's and torch's, by name."""
    found = {}
    for k, node in enumerate(rin_of(nlp).model.walk()):
        for name in node.param_names:
            if node.has_param(name):
                found[f"{k} {name}"] = np.array(node.get_param(name))
        for shim in node.shims:
            for name, parameter in shim._model.named_parameters():
                found[f"{k} torch {name}"] = parameter.detach().numpy().copy()
    return found


def test_averages_take_the_place_of_all_parameters_and_leave_again() -> None:
    nlp = initialised()
    optimizer = Adam(0.01, L2=0.0, grad_clip=0.0, use_averages=True)
    examples = gold_examples(nlp)
    start = weights(nlp)
    history = []
    for _ in range(3):
        nlp.update(examples[:8], sgd=optimizer)
        history.append(weights(nlp))
    with nlp.use_params(optimizer.averages):
        averaged = weights(nlp)
        saved = nlp.to_bytes()
    after = weights(nlp)
    trained = [name for name in start if (start[name] != after[name]).any()]
    assert any("torch" in name for name in trained) and any("torch" not in n for n in trained)
    for name in start:
        np.testing.assert_array_equal(after[name], history[-1][name])
    for name in trained:
        assert (averaged[name] != after[name]).any(), name
        expected = np.zeros_like(after[name])
        for t, step in enumerate(history, 1):
            decay = (1 + t) / (10 + t)  # thinc's, which starts from nought
            expected = decay * expected + (1 - decay) * step[name]
        np.testing.assert_allclose(averaged[name], expected, atol=1e-6)
    loaded = weights(blank().from_bytes(saved))
    for name in trained:
        np.testing.assert_array_equal(loaded[name], averaged[name])


def test_averages_of_another_model_change_nothing() -> None:
    nlp = initialised()
    other, optimizer = initialised(), Adam(0.01, L2=0.0, grad_clip=0.0, use_averages=True)
    other.update(gold_examples(other)[:8], sgd=optimizer)
    before = weights(nlp)
    with nlp.use_params(optimizer.averages):
        for name, array in weights(nlp).items():
            np.testing.assert_array_equal(array, before[name])


def test_an_update_leaves_no_tensor_behind() -> None:
    nlp = initialised()
    optimizer, examples = Adam(0.01, L2=0.0, grad_clip=0.0), gold_examples(nlp)
    counts = []
    for _ in range(4):
        nlp.update(examples[:8], sgd=optimizer)
        gc.collect()
        counts.append(sum(type(thing) in (Tensor, Parameter) for thing in gc.get_objects()))
    assert counts[1:] == counts[1:2] * 3


def test_an_optimizer_that_makes_new_arrays_is_heard() -> None:
    nlp = initialised()
    examples, before = gold_examples(nlp), weights(nlp)

    def halve(key: object, array: np.ndarray, gradient: np.ndarray, **_: object) -> tuple:
        return array / 2, gradient

    rin_of(nlp).update(examples[:8])
    rin_of(nlp).finish_update(halve)
    found = {name: array for name, array in weights(nlp).items() if "torch" in name}
    for name, array in found.items():
        np.testing.assert_array_equal(array, before[name] / 2)
