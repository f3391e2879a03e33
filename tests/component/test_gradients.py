"""Gradients: numerically right, added up, clipped, and the step they make."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam
from toy import gold_examples, initialised, network, rin_of

from spacy_rin.layers.architecture import clip_gradients
from spacy_rin.layers.embed import find_tables


def recorded_gradients(nlp: Language) -> list[np.ndarray]:
    """What finish_update hands to the optimizer, all parameters in a fixed order; takes no step."""
    seen: list[np.ndarray] = []

    def record(
        key: tuple[int, str], weights: np.ndarray, gradient: np.ndarray, **_: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        seen.append(np.array(gradient, dtype=np.float64))
        gradient[...] = 0  # thinc's optimizers clear it in place
        return weights, gradient

    rin_of(nlp).finish_update(record)
    return seen


def gradients(examples: list[Example], **cfg: Any) -> list[np.ndarray]:
    nlp = initialised(**{"max_grad_norm": 0.0, **cfg})
    rin_of(nlp).update(examples)
    return recorded_gradients(nlp)


def norm(arrays: list[np.ndarray]) -> float:
    return math.sqrt(sum(float((a * a).sum()) for a in arrays))


def test_gradient_of_a_batch_is_the_mean_of_its_docs() -> None:
    examples = gold_examples(initialised())[:3]
    alone = [gradients([eg]) for eg in examples]
    for k, together in enumerate(gradients(examples)):
        expected = sum(a[k] for a in alone) / 3
        np.testing.assert_allclose(together, expected, atol=1e-4 * np.abs(expected).max() + 1e-9)


def test_gradient_of_a_table_is_numerically_right() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:3]
    table = find_tables(rin_of(nlp).model)[0]
    E = table.get_param("E")
    (found,) = [gradient for gradient in gradients(examples) if gradient.shape == E.shape]
    row, column = np.unravel_index(np.abs(found).argmax(), found.shape)
    losses = []
    for step in (1e-2, -2e-2):  # first above, then as much below
        E[row, column] += step
        table.set_param("E", E)
        losses.append(rin_of(nlp).update(examples)["rin"])
    assert found[row, column] == pytest.approx((losses[0] - losses[1]) / 2e-2, rel=0.05)


def test_gradients_of_several_updates_add_up() -> None:
    nlp = initialised(max_grad_norm=0.0)
    examples = gold_examples(nlp)[:4]
    rin_of(nlp).update(examples[:2], sgd=None)
    rin_of(nlp).update(examples[2:], sgd=None)
    both = zip(gradients(examples[:2]), gradients(examples[2:]), strict=True)
    for found, (a, b) in zip(recorded_gradients(nlp), both, strict=True):
        np.testing.assert_allclose(found, a + b, rtol=1e-4, atol=1e-6)


def test_finish_update_forgets_the_gradients() -> None:
    nlp = initialised()
    rin_of(nlp).update(gold_examples(nlp)[:2])
    assert norm(recorded_gradients(nlp)) > 0
    assert norm(recorded_gradients(nlp)) == 0


@pytest.mark.parametrize("max_norm", [0.5, 5.0, 1e6])
def test_gradients_are_clipped_by_their_global_norm_as_torch_does(max_norm: float) -> None:
    examples = gold_examples(initialised())[:6]
    parameters = []
    for gradient in gradients(examples):
        parameters.append(torch.nn.Parameter(torch.zeros(gradient.shape, dtype=torch.float64)))
        parameters[-1].grad = torch.from_numpy(gradient)
    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    clipped = gradients(examples, max_grad_norm=max_norm)
    assert len(clipped) == len(parameters) > 10
    for found, parameter in zip(clipped, parameters, strict=True):
        assert parameter.grad is not None
        np.testing.assert_allclose(found, parameter.grad.numpy(), rtol=1e-4, atol=1e-7)
    assert norm(clipped) <= max_norm * (1 + 1e-5)


def test_layers_of_mixed_precision_are_left_to_thinc() -> None:
    nlp = initialised()
    rin_of(nlp).update(gold_examples(nlp)[:6])
    shims = [shim for node in rin_of(nlp).model.walk() for shim in node.shims]
    assert len(shims) == 2
    shims[0]._mixed_precision = True
    overflown, others = ([p.grad for p in shim._model.parameters()] for shim in shims)
    for gradient in overflown:
        gradient.fill_(math.inf)
    assert norm([gradient.numpy() for gradient in others]) > 1
    clip_gradients(rin_of(nlp).model, 1.0)
    assert norm([gradient.numpy() for gradient in others]) <= 1
    assert all(gradient.isinf().all() for gradient in overflown)


def test_clipping_is_on_by_default_and_spans_embedding_and_network() -> None:
    examples = gold_examples(initialised())[:6]
    assert norm(gradients(examples)) > 5
    assert norm(gradients(examples, max_grad_norm=5.0)) == pytest.approx(5.0, rel=1e-4)


def test_learn_rate_factor_scales_the_step_of_all_own_parameters() -> None:
    def steps(**cfg: Any) -> list[np.ndarray]:
        nlp = initialised(**cfg)
        before = [p.detach().clone() for p in network(nlp).parameters()]
        # Adam's first step is the learning rate in each coordinate that has a gradient
        rin_of(nlp).update(gold_examples(nlp)[:4], sgd=Adam(0.001, L2=0.0, grad_clip=0.0))
        pairs = zip(network(nlp).parameters(), before, strict=True)
        return [(p.detach() - b).numpy() for p, b in pairs]

    for slow, fast in zip(steps(), steps(learn_rate_factor=7.0), strict=True):
        np.testing.assert_allclose(fast, 7 * slow, rtol=1e-3, atol=1e-6)
        assert np.abs(slow).max() > 5e-4
