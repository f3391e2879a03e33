"""The relation table, block by block: its cells, its products, and what a block leaves behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from networks import N_LABELS, WIDTH, layout, make_network, whole_table

from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.factors import Factors
from spacy_rin.nn.table import BlockWorkspace, Table

CPU = torch.device("cpu")
BF16_ROUNDING = 2**-8


def test_cells_over_finds_what_the_whole_table_holds() -> None:
    network, _ = make_network(rounds=1)
    lengths = [4, 2, 4]
    blocks = layout(lengths)
    table = network(torch.randn(10, WIDTH), blocks)[1].detach()
    rows, cols, labels, logits = table.cells_over(-1.0)
    found = set(zip(rows.tolist(), cols.tolist(), labels.tolist(), strict=True))
    expected, start = set(), 0
    for n in lengths:
        words = slice(start, start + n)
        factors = table.factors
        of_text = factors._replace(heads=factors.heads[words], tails=factors.tails[words])
        text = Table(of_text, blocks)
        for i, j, t in (whole_table(text, n) >= -1.0).nonzero().tolist():
            expected.add((start + i, start + j, t))
        start += n
    assert found == expected and len(found) == len(rows) > 0
    assert (logits >= -1.0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_block_keeps_nothing_of_the_one_before(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layout = BlockPlan([20, 3], CPU, 400)
    heads, tails = torch.randn(23, WIDTH), torch.randn(23, WIDTH)
    factors = Factors(heads, tails, torch.randn(N_LABELS, WIDTH), torch.randn(N_LABELS))
    table = Table(factors, layout, dtype)
    large, small = layout.blocks
    reader, found = BlockWorkspace(table), []
    for block in (small, large, small):
        pairs = reader.pairs(block)
        z = reader.logits(block, pairs).clone()
        d_weight = torch.zeros_like(table.factors.weight)
        d_m = reader.add_gradient(d_weight, torch.sigmoid(z), pairs).clone()
        found.append((z, d_weight, d_m))
    for first, again in zip(found[0], found[2], strict=True):
        assert torch.equal(first, again)


def test_bfloat16_rounds_the_factors_and_not_the_sums() -> None:
    torch.manual_seed(0)
    heads, tails, W = torch.rand(20, 500), torch.rand(20, 500), torch.rand(3, 500)
    bias = torch.full((3,), -1000.0)
    table = Table(Factors(heads, tails, W, bias), BlockPlan([20], CPU, 400), torch.bfloat16)
    ((_, found),) = table.blocks()
    m = (heads.unsqueeze(1) + tails).view(400, 500)
    assert found.dtype == torch.float32
    exact = m.bfloat16().double() @ W.bfloat16().double().T
    # The product is rounded once; sums in bfloat16 would be off by several times this.
    np.testing.assert_allclose(found - bias, exact, rtol=BF16_ROUNDING)
