"""The network and its losses against the slow reference, and what must not change their values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import N_TAGS, WIDTH, assert_close, layout, lengths_lists, make_network, whole_table
from reference import forward, loss
from torch import Tensor

from spacy_rin.nn.loss import relation_loss, tag_loss
from spacy_rin.nn.network import RIN

LENGTHS = [3, 1, 5, 3]
CELLS = [(0, 0, 2, 1), (0, 2, 2, 0), (1, 0, 0, 3), (2, 4, 1, 1), (2, 4, 1, 2), (3, 1, 0, 0)]
MASKED = [(2, 0, 3, 2), (3, 2, 2, 1)]
ABLATIONS = [(True, True), (False, True), (True, False)]


# What a cell sees of its pair beyond the paper's form.
CONTEXTS: list[dict[str, Any]] = [
    {"distance": 2},
    {"between": True},
    {"types": True},
    {"distance": 9, "between": True, "types": True},
]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("rounds", [0, 2])
def test_scores_with_context_equal_the_reference(rounds: int, context: dict[str, Any]) -> None:
    network, params = make_network(rounds, **context)
    for length in (1, 2, 7):
        words = torch.randn(length, WIDTH)
        expected_tags, expected_table = forward(params, words, rounds)
        for is_training in (True, False):
            with torch.set_grad_enabled(is_training):
                tag_logits, table = network(words, layout([length]))
            assert_close(torch.softmax(tag_logits, 1), expected_tags)
            assert_close(torch.sigmoid(whole_table(table, length)), expected_table)


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("rounds", [0, 1, 2, 3, 5])
def test_scores_equal_the_reference(rounds: int, ablation: tuple[bool, bool]) -> None:
    network, params = make_network(rounds, ablation)
    for length in (1, 2, 7):
        words = torch.randn(length, WIDTH)
        tag_logits, table = network(words, layout([length]))
        expected_tags, expected_table = forward(params, words, rounds, *ablation)
        assert_close(torch.softmax(tag_logits, 1), expected_tags)
        assert_close(torch.sigmoid(whole_table(table, length)), expected_table)


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("rounds", [0, 1, 2, 4])
@pytest.mark.parametrize("nI", [WIDTH, 9])
def test_losses_and_gradients_equal_the_reference(
    rounds: int, ablation: tuple[bool, bool], nI: int
) -> None:
    check_losses(*make_network(rounds, ablation, nI), rounds, ablation, nI)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_losses_and_gradients_with_context_equal_the_reference(
    rounds: int, context: dict[str, Any]
) -> None:
    check_losses(*make_network(rounds, **context), rounds)


def check_losses(
    network: RIN,
    params: dict[str, Tensor],
    rounds: int,
    ablation: tuple[bool, bool] = (True, True),
    nI: int = WIDTH,
) -> None:
    words = torch.randn(sum(LENGTHS), nI)
    tags = np.random.default_rng(0).integers(0, N_TAGS, sum(LENGTHS))
    tags[4] = -1
    entities, relations, d_words = our_losses(network, words, tags)

    expected_words = words.clone().requires_grad_()
    sentences = expected_words.split(LENGTHS)
    gold_tags = np.split(tags, np.cumsum(LENGTHS)[:-1])
    gold = [
        (
            [None if tag < 0 else int(tag) for tag in gold_tags[k]],
            {c[1:]: 1 for c in CELLS if c[0] == k} | {c[1:]: None for c in MASKED if c[0] == k},
        )
        for k in range(len(LENGTHS))
    ]
    expected_entities, expected_relations = loss(params, sentences, gold, rounds, *ablation)
    (expected_entities + expected_relations).backward()

    assert entities == pytest.approx(expected_entities.item(), rel=1e-5)
    assert relations == pytest.approx(expected_relations.item(), rel=1e-5)
    assert_close(d_words, expected_words.grad, "words")
    for name, parameter in network.named_parameters():
        expected = params[name.removeprefix("interaction.")].grad
        if expected is None:  # not used in this many rounds
            assert parameter.grad is None or not parameter.grad.any(), name
        else:
            assert_close(parameter.grad, expected, name)


def our_losses(network: RIN, words: Tensor, tags: np.ndarray) -> tuple[float, float, Tensor]:
    words = words.clone().requires_grad_()
    blocks = layout(LENGTHS)
    tag_logits, table = network(words, blocks)
    entities, d_tags = tag_loss(tag_logits.detach(), torch.from_numpy(tags), len(LENGTHS))
    relations, gradients = relation_loss(
        table.detach(), blocks.locate(np.array(CELLS)), blocks.locate(np.array(MASKED))
    )
    torch.autograd.backward([tag_logits, *table.factors.present()], [d_tags, *gradients])
    return entities, relations, words.grad


@pytest.mark.parametrize("context", [{}, CONTEXTS[-1]])
@settings(max_examples=40)
@given(lengths=lengths_lists, max_cells=st.integers(1, 200), data=st.data())
def test_batch_order_and_block_size_change_nothing(
    context: dict[str, Any], lengths: list[int], max_cells: int, data: st.DataObject
) -> None:
    network, _ = make_network(rounds=2, **context)
    texts = [torch.randn(n, WIDTH) for n in lengths]
    alone = [network(text, layout([len(text)])) for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    shuffled = [len(texts[k]) for k in order]
    together = network(torch.cat([texts[k] for k in order]), layout(shuffled, max_cells))
    for name, rows_of in {
        "tags": lambda output: output[0],
        "heads": lambda output: output[1].factors.heads,
        "tails": lambda output: output[1].factors.tails,
        **({"prefix": lambda output: output[1].factors.prefix} if context else {}),
    }.items():
        for k, part in zip(order, rows_of(together).split(shuffled), strict=True):
            assert_close(part, rows_of(alone[k]), name)


@pytest.mark.parametrize("context", [{}, CONTEXTS[-1]])
@settings(max_examples=40)
@given(lengths=lengths_lists, max_words=st.integers(1, 30))
def test_prediction_in_parts_is_that_of_training(
    context: dict[str, Any], lengths: list[int], max_words: int
) -> None:
    network, _ = make_network(rounds=2, **context)
    words = torch.randn(sum(lengths), WIDTH)
    expected_tags, expected = network(words, layout(lengths))
    with torch.no_grad(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_rin.nn.network.PART_WORDS", max_words)
        tags, table = network(words, layout(lengths))
    assert_close(tags, expected_tags)
    for found, wanted in zip(table.factors.per_word(), expected.factors.per_word(), strict=True):
        assert_close(found, wanted)


def test_no_words_give_no_output() -> None:
    network, _ = make_network(rounds=2)
    tag_logits, table = network(torch.zeros(0, WIDTH), layout([]))
    assert tag_logits.shape == (0, N_TAGS) and table.factors.heads.shape == (0, WIDTH)
