"""Scores and gold → loss and its gradient (equations (8) and (9)); torch only.

Both losses are sums over the words and cells of a text, and means over the texts of a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .table import BlockWorkspace, Table, add_pair_gradient


class Loss(NamedTuple):
    """Loss of a batch and its gradient.

    entities (float): Equation (8). relations (float): Equation (9).
    gradient (tuple): With respect to the tags (W, T) and the table's four factors.
    """

    entities: float
    relations: float
    gradient: tuple[Tensor, ...]


def tag_loss(logits: Tensor, gold: Tensor, n_texts: int) -> tuple[float, Tensor]:
    """Cross-entropy of the tags, equation (8).

    logits (Tensor): (W, T). gold (Tensor): (W,) tag numbers, negative where gold says nothing.
    n_texts (int): Texts of the batch.
    RETURNS (tuple[float, Tensor]): Loss and (W, T) gradient.
    """
    known = gold >= 0
    target = gold.clamp(min=0)
    log_p = torch.log_softmax(logits, dim=1)
    loss = -log_p.gather(1, target.unsqueeze(1)).squeeze(1)[known].sum(dtype=torch.float64)
    gradient = log_p.exp() - F.one_hot(target, logits.shape[1])
    gradient *= known.unsqueeze(1) / n_texts
    return loss.item() / n_texts, gradient


def relation_loss(
    table: Table, gold: list[tuple[Tensor, Tensor]], masked: list[tuple[Tensor, Tensor]]
) -> tuple[float, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Binary cross-entropy of every cell and label, equation (9), with its gradient in one pass.

    Per block: z = logits, loss = Σ softplus(z) − Σ_gold z, dz = σ(z) − y; only gradients of the
    size of the factors outlive a block.

    table (Table): The factored table of a batch.
    gold (list): For each block of the layout, the (g,) cells and (g,) labels that are true.
    masked (list): The same for those that gold says nothing about.
    RETURNS (tuple): Loss, and the gradients of heads, tails, weight and bias.
    """
    d_heads, d_tails, d_weight, d_bias = (torch.zeros_like(factor) for factor in table.factors())
    workspace = BlockWorkspace(table)
    loss = table.bias.new_zeros((), dtype=torch.float64)
    for block, positive, ignored in zip(table.layout.blocks, gold, masked, strict=True):
        pairs = workspace.pairs(block)
        z = workspace.logits(block, pairs)
        loss += F.softplus(z).sum() - z[positive].sum() - F.softplus(z[ignored]).sum()
        d_z = torch.sigmoid_(z)
        d_z[positive] -= 1
        d_z[ignored] = 0
        d_bias += d_z.sum(0)
        d_m = workspace.add_gradient(d_weight, d_z, pairs)
        add_pair_gradient(d_heads, d_tails, block, d_m, pairs.features)
    n_texts = len(table.layout.lengths)
    gradients = (d_heads, d_tails, d_weight, d_bias)
    for gradient in gradients:
        gradient /= n_texts
    return loss.item() / n_texts, gradients
