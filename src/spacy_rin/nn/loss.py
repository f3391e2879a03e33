"""Logits and gold → the two losses and their gradients, equations (8) and (9); torch only.

This is the last step of training. `layers.architecture` hands the gradients back to autograd.
Both losses are sums over the words and cells of a text, and means over the texts of a batch.

Shapes: W words of all texts of a batch; T tags; L relation labels; D pair width; P cells of a
block; g gold cells in a block.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .table import BlockWorkspace, Table, add_distance_gradient, add_pair_gradient


class Loss(NamedTuple):
    """The loss of a batch and its gradient.

    entities (float): Loss of the tags, equation (8).
    relations (float): Loss of the relation table, equation (9).
    gradient (tuple[Tensor, ...]): Gradients of the tag logits (W, T) and of the factors that the
        table has, each of their shape.
    """

    entities: float
    relations: float
    gradient: tuple[Tensor, ...]


def tag_loss(logits: Tensor, gold: Tensor, n_texts: int) -> tuple[float, Tensor]:
    """Compute the cross-entropy of the tags, equation (8).

    logits (Tensor): (W, T) logits of the tags.
    gold (Tensor): (W,) tag numbers, negative where the gold tag is unknown.
    n_texts (int): Texts of the batch.
    RETURNS (tuple[float, Tensor]): Loss and (W, T) gradient.
    """
    known = gold >= 0  # (W,)
    target = gold.clamp(min=0)
    log_p = torch.log_softmax(logits, dim=1)  # (W, T)
    loss = -log_p.gather(1, target.unsqueeze(1)).squeeze(1)[known].sum(dtype=torch.float64)
    gradient = log_p.exp() - F.one_hot(target, logits.shape[1])
    gradient *= known.unsqueeze(1) / n_texts
    return loss.item() / n_texts, gradient


def relation_loss(
    table: Table, gold: list[tuple[Tensor, Tensor]], masked: list[tuple[Tensor, Tensor]]
) -> tuple[float, tuple[Tensor, ...]]:
    """Compute the binary cross-entropy of every cell and label, equation (9), and its gradient.

    Each block is read once, for both: z = logits, loss = Σ softplus(z) − Σ_gold z, dz = σ(z) − y.
    Only gradients of the factors' size outlive a block.

    table (Table): The factored table of a batch.
    gold (list[tuple[Tensor, Tensor]]): For each block, (g,) cells that are true and (g,) labels.
    masked (list[tuple[Tensor, Tensor]]): The same for cells that are neither true nor false.
    RETURNS (tuple): Loss, and the gradients of the factors that the table has.
    """
    gradient = table.factors.map(torch.zeros_like)
    workspace = BlockWorkspace(table)
    loss = table.factors.bias.new_zeros((), dtype=torch.float64)
    for block, positive, ignored in zip(table.layout.blocks, gold, masked, strict=True):
        pairs = workspace.pairs(block)
        z = workspace.logits(block, pairs)  # (P, L)
        loss += F.softplus(z).sum() - z[positive].sum() - F.softplus(z[ignored]).sum()
        d_z = torch.sigmoid_(z)
        d_z[positive] -= 1
        d_z[ignored] = 0
        gradient.bias.add_(d_z.sum(0))
        if gradient.distance_bias is not None:
            d_cells = d_z.view(*block.rows.shape, block.cols.shape[1], -1)  # (b, r, n, L)
            add_distance_gradient(gradient.distance_bias, block, d_cells)
        d_m = workspace.add_gradient(gradient.weight, d_z, pairs)  # (P, D)
        add_pair_gradient(gradient, block, d_m, pairs.features)
    n_texts = len(table.layout.lengths)
    return loss.item() / n_texts, gradient.map(lambda d_factor: d_factor.div_(n_texts)).present()
