"""The slides' forms of the model, against their equations, one word and one pair at a time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from reference import gru, pair_logits, row_maximum, tag_logits
from torch import Tensor
from toy import gold_examples, initialised, small_config, train, triples

from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.interaction import SeparateTasks, SlidesInteraction
from spacy_rin.nn.network import RIN

WIDTH, N_TAGS, N_LABELS = 6, 5, 4
CPU = torch.device("cpu")


def slides_forward(params: dict[str, Tensor], sentence: Tensor, rounds: int) -> list[Tensor]:
    """Compute tag probabilities (N, T) and table (N, N, L) by the slides' equations.

    h̃ = relu(W_r h + b_r)   h̄ = relu(W_e h + b_e)
    ȳ = softmax(W_g h̄ + b_g)   p = σ(W_p m + b)   ŷ = max_j p(i, j)
    x = relu(W_a(ŷ ⊕ ȳ ⊕ h) + b_a)   h̃ = GRU(x, h̃)   h̄ = GRU(x, h̄)
    """

    def linear(name: str, vector: Tensor) -> Tensor:
        return params[f"{name}.weight"] @ vector + params[f"{name}.bias"]

    words = list(sentence)
    relations = [torch.relu(linear("relation_features", h)) for h in words]
    entities = [torch.relu(linear("tag_features", h)) for h in words]
    for k in range(rounds + 1):
        tags = [torch.softmax(tag_logits(params, h), dim=0) for h in entities]
        table = [[torch.sigmoid(pair_logits(params, a, b)) for b in relations] for a in relations]
        if k == rounds:
            break
        for i, h in enumerate(words):
            x = torch.relu(linear("feature", torch.cat([row_maximum(table[i]), tags[i], h])))
            relations[i] = gru(params, "relation_gru", x, relations[i])
            entities[i] = gru(params, "tag_gru", x, entities[i])
    return [torch.stack(tags), torch.stack([torch.stack(row) for row in table])]


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_scores_equal_the_equations(rounds: int) -> None:
    torch.manual_seed(rounds)
    network = RIN(SlidesInteraction(WIDTH), rounds)
    network.initialize(WIDTH, N_TAGS, N_LABELS)
    torch.nn.init.normal_(network.relations.bias)
    params = {n.removeprefix("interaction."): p for n, p in network.state_dict().items()}
    for n in (1, 4):
        words = torch.randn(n, WIDTH)
        tags, table = network(words, BlockPlan([n], CPU, 5))
        rows, cols = torch.arange(n).repeat_interleave(n), torch.arange(n).repeat(n)
        expected_tags, expected_table = slides_forward(params, words, rounds)
        torch.testing.assert_close(torch.softmax(tags, 1), expected_tags)
        found = torch.sigmoid(table.cells_between(rows, cols, -torch.inf)[2]).view(n, n, -1)
        torch.testing.assert_close(found, expected_table)


def test_separate_encoders_share_nothing() -> None:
    network = RIN(SeparateTasks(WIDTH), rounds=0)
    network.initialize(2 * WIDTH, N_TAGS, N_LABELS)
    words = torch.randn(4, 2 * WIDTH, requires_grad=True)
    tags, table = network(words, BlockPlan([4], CPU, 50))
    (of_tags,) = torch.autograd.grad(tags.sum(), words)
    (of_table,) = torch.autograd.grad(table.factors.heads.sum() + table.factors.tails.sum(), words)
    assert not of_tags[:, :WIDTH].any() and of_tags[:, WIDTH:].all()
    assert of_table[:, :WIDTH].all() and not of_table[:, WIDTH:].any()


@pytest.mark.training
@pytest.mark.parametrize(("interaction", "rounds"), [("slides", 0), ("slides", 2), ("separate", 0)])
def test_slides_systems_learn_save_and_load(interaction: str, rounds: int) -> None:
    model = small_config(interaction, rounds=rounds)
    nlp = initialised(model=model)
    history = train(nlp, 12)
    assert history[-1] < history[0] / 3
    fresh = initialised(model=model).from_bytes(nlp.to_bytes())
    for example in gold_examples(nlp)[:6]:
        assert triples(fresh(example.text)) == triples(nlp(example.text))


@pytest.mark.parametrize(
    "wrong",
    [
        {"interaction": "separate", "rounds": 1},
        {"interaction": "slides", "use_entities": False},
        {"interaction": "separate", "rounds": 0, "use_relations": False},
    ],
)
def test_settings_that_do_not_go_together_are_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="both true unless"):
        initialised(model=small_config(**wrong))
