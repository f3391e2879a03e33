"""The maximum of each row: its gradient, and which cell of equal ones it goes to."""

from __future__ import annotations

import pytest
import torch
from networks import layout

from spacy_rin.nn import row_maximum as row_maximum_module
from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.factors import Factors
from spacy_rin.nn.interaction import PaperInteraction
from spacy_rin.nn.network import RIN
from spacy_rin.nn.row_maximum import row_maximum
from spacy_rin.nn.table import Table

CPU = torch.device("cpu")
WIDTH, N_TAGS, N_LABELS = 20, 5, 12


def test_row_maximum_gradient_is_numerically_right() -> None:
    torch.manual_seed(1)
    lengths = [2, 4, 2]
    factors = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((8, 3), (8, 3), (2, 3), (2,))
    ]
    assert torch.autograd.gradcheck(
        lambda *f: row_maximum(Table(Factors(*f), layout(lengths, max_cells=5), torch.float64)),
        factors,
    )


def test_of_equal_cells_one_takes_the_gradient() -> None:
    heads, tails = torch.ones(3, 2), torch.ones(3, 2)
    weight, bias = torch.ones(4, 2), torch.zeros(4)
    factors = [factor.requires_grad_() for factor in (heads, tails, weight, bias)]
    maximum = row_maximum(Table(Factors(*factors), BlockPlan([3], CPU, 100)))
    assert maximum.tolist() == [[4.0] * 4] * 3
    maximum.sum().backward()
    assert heads.grad.tolist() == [[4.0, 4.0]] * 3
    assert sorted(tails.grad.sum(1).tolist()) == [0.0, 0.0, 24.0]
    assert bias.grad.tolist() == [3.0] * 4


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_winners_are_where_the_maximum_is(precision: torch.dtype) -> None:
    torch.manual_seed(0)
    lengths = [7, 6, 12, 1]  # padded to each other
    heads, tails = torch.randn(2, sum(lengths), 5)
    # Many logits are equal. Before the bias none is larger than 0, and some are exactly 0.
    weight, bias = torch.randint(-1, 1, (4, 5)).float(), torch.tensor([0.0, -3.0, 2.0, 0.0])
    heads, tails = heads.round(), tails.round()
    factors = [factor.requires_grad_() for factor in (heads, tails, weight, bias)]
    found = row_maximum(Table(Factors(*factors), BlockPlan(lengths, CPU, 300), precision))
    d_found = torch.randn_like(found)
    gradients = torch.autograd.grad(found, factors, d_found)

    expected, first = [], 0
    for n in lengths:
        text = slice(first, first + n)
        m = torch.relu(heads[text].unsqueeze(1) + tails[text])
        expected.append((m @ weight.T + bias).amax(1))
        first += n
    torch.testing.assert_close(found, torch.cat(expected))
    # Whichever of equal cells has won, its logit is the maximum.
    torch.testing.assert_close(gradients[3], d_found.sum(0))
    torch.testing.assert_close((gradients[2] * weight).sum(1), (d_found * (found - bias)).sum(0))


def test_prediction_looks_for_no_winners(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    find = row_maximum_module._maximum_and_places
    monkeypatch.setattr(
        row_maximum_module, "_maximum_and_places", lambda *args: asked.append(args) or find(*args)
    )
    network = RIN(PaperInteraction(WIDTH), rounds=2)
    network.initialize(WIDTH, N_TAGS, N_LABELS)
    words, layout = torch.randn(4, WIDTH), BlockPlan([4], CPU, 100)
    with torch.no_grad():
        network(words, layout)
    assert not asked
    network(words, layout)
    assert len(asked) == 2  # a block a round
