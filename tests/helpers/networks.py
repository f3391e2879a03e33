"""Small networks with the parameters of the reference, and how their outputs are compared."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from reference import random_params
from torch import Tensor

from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.interaction import PaperInteraction
from spacy_rin.nn.network import RIN
from spacy_rin.nn.table import Table

WIDTH, N_TAGS, N_LABELS = 6, 5, 4


def make_network(
    rounds: int,
    ablation: tuple[bool, bool] = (True, True),
    nI: int = WIDTH,
    seed: int = 0,
    **context: Any,
) -> tuple[RIN, dict[str, Tensor]]:
    params = random_params(
        WIDTH,
        N_TAGS,
        N_LABELS,
        nI if nI != WIDTH else None,
        seed=seed,
        dtype=torch.float32,
        **context,
    )
    network = RIN(PaperInteraction(WIDTH, *ablation), rounds, **context)
    network.initialize(nI, N_TAGS, N_LABELS)
    network.load_state_dict(named(network, params))
    return network, {name: p.clone().requires_grad_() for name, p in params.items()}


def named(network: RIN, params: dict[str, Tensor]) -> dict[str, Tensor]:
    """The reference's parameters under the network's names."""
    return {name: params[name.removeprefix("interaction.")] for name in network.state_dict()}


def layout(lengths: list[int], max_cells: int = 12) -> BlockPlan:
    return BlockPlan(lengths, torch.device("cpu"), max_cells)


def whole_table(table: Table, length: int) -> Tensor:
    """(n, n, L) logits of one text, read cell by cell."""
    rows, cols = torch.arange(length).repeat_interleave(length), torch.arange(length).repeat(length)
    return table.cells_between(rows, cols, -torch.inf)[2].view(length, length, -1)


def assert_close(found: Tensor, expected: Tensor, name: str = "") -> None:
    """Allow a difference of 1e-5 of the largest entry."""
    scale = max(float(expected.detach().abs().max()), 1e-12)
    assert float((found - expected).detach().abs().max()) <= 1e-5 * scale, name


lengths_lists = st.lists(st.integers(1, 9), min_size=1, max_size=8)
