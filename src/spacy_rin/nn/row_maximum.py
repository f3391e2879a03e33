"""Equation (5): what the interaction reads of the relation table; torch only.

Only the winning cell of each word and label carries gradient, so the backward pass has W · L terms
instead of n · W · L: the forward pass keeps which tail has won, and the gradients are sums over
the winners (`embedding_bag`), without the logits again and without a product over the block. With
few labels or many, that costs less than products over a block of zeros that the winners are
scattered into (measured, see CONTRIBUTING.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from .blocks import BlockPlan
from .table import BlockWorkspace, Table, add_pair_gradient

# of the bits of a float32, those that a bfloat16 does without
LOWER_HALF = 2**16 - 1


def row_maximum(table: Table) -> Tensor:
    """The largest logit over the tails j; the σ of equation (5) keeps the order and comes after.

    Of equal cells one wins, and with it gets all of the gradient.

    RETURNS (Tensor): (W, L), differentiable.
    """
    maximum: Tensor = _RowMaximum.apply(
        *table.factors(), table.layout, table.dtype, torch.is_grad_enabled()
    )
    return maximum


class _RowMaximum(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        heads: Tensor,
        tails: Tensor,
        weight: Tensor,
        bias: Tensor,
        layout: BlockPlan,
        dtype: torch.dtype,
        keep: bool,
    ) -> Tensor:
        maximum = heads.new_empty(len(heads), len(bias))
        # One array and not one for each block: kept between what comes and goes, small arrays would
        # leave the heap full of holes.
        winners = maximum.new_empty(
            maximum.shape if keep else (0,),
            dtype=torch.int16 if layout.longest < 2**15 else torch.int32,
        )
        workspace = BlockWorkspace(Table(heads, tails, weight, bias, layout, dtype))
        for block in layout.blocks:
            # The padding of a row repeats its last cell, and may win as well as that.
            z = workspace.products(workspace.pairs(block))
            z = z.view(-1, block.cols.shape[1], len(bias))  # (b·r, n, L)
            if keep:
                largest, places = _maximum_and_places(z, workspace.rounded)
                places = places.index_select(0, block.real)
                winners.index_copy_(0, block.words, places.to(winners.dtype))
            else:
                largest = z.amax(1)
            maximum.index_copy_(0, block.words, largest.index_select(0, block.real))
        # the same for all tails
        maximum += bias
        ctx.save_for_backward(heads, tails, weight, bias, winners)
        ctx.layout = layout
        return maximum

    @staticmethod
    def backward(ctx: Any, d_maximum: Tensor) -> Any:
        heads, tails, weight, bias, winners = ctx.saved_tensors
        workspace = BlockWorkspace(Table(heads, tails, weight, bias, ctx.layout))
        d_heads, d_tails = torch.zeros_like(heads), torch.zeros_like(tails)
        d_weight = torch.zeros_like(weight)
        for block in ctx.layout.blocks:
            m = workspace.features(block)
            won = winners.index_select(0, block.words)
            d_won = d_maximum.index_select(0, block.words)
            starts = block.real * block.cols.shape[1]
            d_m = _gradient(d_weight, d_won, won, starts, m, weight)
            add_pair_gradient(d_heads, d_tails, block, d_m, m)
        return d_heads, d_tails, d_weight, d_maximum.sum(0), None, None, None


def _maximum_and_places(z: Tensor, rounded: bool) -> tuple[Tensor, Tensor]:
    """Find the maximum over the tails, and its tail; `max` with indices takes four times as long.

    z (Tensor): (b·r, n, L), overwritten.
    rounded (bool): Whether z has come from bfloat16, so that the lower half of its bits is zero.
    RETURNS (tuple): (b·r, L) maxima, and their places among the n, whole numbers of any type.
    """
    n = z.shape[1]
    if rounded and n <= LOWER_HALF:
        # A number's place in the half that is free decides between equal ones and comes along.
        places = torch.arange(n, dtype=torch.int32, device=z.device)
        z.view(torch.int32).bitwise_or_(places.view(1, n, 1))
        bits = z.amax(1).view(torch.int32)
        # NaN has a place outside
        return (bits & ~LOWER_HALF).view(z.dtype), (bits & LOWER_HALF).clamp_(max=n - 1)
    largest = z.amax(1)
    places = torch.arange(n, dtype=z.dtype, device=z.device)
    return largest, z.eq_(largest.unsqueeze(1)).mul_(places.view(1, n, 1)).amax(1)


def _gradient(
    d_weight: Tensor, d_won: Tensor, won: Tensor, starts: Tensor, m: Tensor, weight: Tensor
) -> Tensor:
    """Add to the gradient of W_r and find that of the pair features.

    d_weight (Tensor): (L, D), updated in place.
    d_won (Tensor): (R, L) gradient of the maxima. won (Tensor): (R, L) places of the winners.
    starts (Tensor): (R,) first cell of each row.
    m (Tensor): (P, D). weight (Tensor): (L, D).
    RETURNS (Tensor): (P, D).
    """
    R, L = won.shape
    cells = starts.unsqueeze(1) + won
    # by label: d W_r[t] = Σ d_won · m of the cells that t has won
    d_weight += embedding_bag(
        cells.T.flatten(),
        m,
        torch.arange(0, R * L, R, device=m.device),
        mode="sum",
        per_sample_weights=d_won.T.flatten(),
    )
    # by cell: d m = Σ d_won · W_r[t] of the labels that have won there
    labels = _sorted_places(won)
    counts = torch.bincount(cells.flatten(), minlength=len(m))
    return embedding_bag(
        labels.flatten(),
        weight,
        counts.cumsum(0) - counts,
        mode="sum",
        per_sample_weights=d_won.gather(1, labels).flatten(),
    )


def _sorted_places(won: Tensor) -> Tensor:
    """RETURNS (Tensor): (R, L) labels of each row in the order of the tails that they have won."""
    if won.device.type == "cpu":
        # numpy sorts small integers by radix, two to six times faster than torch
        return torch.from_numpy(np.argsort(won.numpy(), axis=1, kind="stable"))
    return won.argsort(dim=1, stable=True)
