"""Relation table → the largest logit of each word and label, equation (5); torch only.

The interaction reads it in every round, as it reads the tags.

Only the winning cell of each word and label carries gradient. So the backward pass has W · L terms
instead of n · W · L. The forward pass keeps which tail has won, and the gradients are sums over the
winners (`embedding_bag`). They need neither the logits again nor a product over the block. With few
labels or many, that costs less than scattering the winners into a block of zeros and multiplying it
(measured, see CONTRIBUTING.md).

Shapes: W words of all texts of a batch; D pair width; L relation labels; P cells of a block =
b texts × r rows × n columns; R rows of a block that are not padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from .blocks import BlockPlan
from .factors import Factors, clip_distance
from .table import BlockWorkspace, Table, add_pair_gradient

# The bits of a float32 that a bfloat16 does not have.
LOWER_HALF = 2**16 - 1
# A logit that never wins. Of -inf, a place in the lower half of its bits would make NaN.
NEVER = -(2.0**100)


def row_maximum(table: Table) -> Tensor:
    """Find the largest logit over the tails j, for each head word and label.

    Equation (5) is the maximum of probabilities. The σ keeps the order, so it can come after the
    maximum. One of equal cells wins, and takes all of the gradient.

    table (Table): The relation table.
    RETURNS (Tensor): (W, L) logits, differentiable.
    """
    maximum: Tensor = _RowMaximum.apply(
        table.layout, table.dtype, torch.is_grad_enabled(), *table.factors
    )
    return maximum


class _RowMaximum(torch.autograd.Function):
    """The row maximum, with a backward pass of its own."""

    @staticmethod
    def forward(
        ctx: Any, layout: BlockPlan, dtype: torch.dtype, keep: bool, *tensors: Tensor | None
    ) -> Tensor:
        """Find the maxima block by block.

        layout (BlockPlan): As in Table.
        dtype (torch.dtype): As in Table.
        keep (bool): Whether to keep the winners for a backward pass.
        tensors (Tensor): Factors, one by one, since autograd has to see them.
        RETURNS (Tensor): (W, L) maxima.
        """
        factors = Factors(*tensors)  # type: ignore[arg-type]
        heads, bias = factors.heads, factors.bias
        maximum = heads.new_empty(len(heads), len(bias))
        # One array for all blocks. Small arrays, one kept per block between others that are freed,
        # would leave holes in the heap.
        winners = maximum.new_empty(
            maximum.shape if keep else (0,),
            dtype=torch.int16 if layout.longest < 2**15 else torch.int32,
        )
        workspace = BlockWorkspace(Table(factors, layout, dtype))
        for block in layout.blocks:
            z = workspace.products(block, workspace.pairs(block))  # (P, L)
            # Padding repeats the last cell of a row, and may win in its place. But its distance is
            # another, so that with context it has to be masked.
            if factors.has_context and len(block.padding):
                z.index_fill_(0, block.padding, NEVER)
            z = z.view(-1, block.cols.shape[1], len(bias))  # (b·r, n, L)
            if keep:
                largest, places = _maximum_and_places(z, workspace.rounded)
                places = places.index_select(0, block.real)  # (R, L)
                winners.index_copy_(0, block.words, places.to(winners.dtype))
            else:
                largest = z.amax(1)
            maximum.index_copy_(0, block.words, largest.index_select(0, block.real))
        # The bias is the same for all tails, so it can be added after the maximum.
        maximum += bias
        ctx.save_for_backward(*tensors, winners)
        ctx.layout = layout
        return maximum

    @staticmethod
    def backward(ctx: Any, d_maximum: Tensor) -> Any:
        """Pass the gradient of each maximum on to the cell that has won.

        d_maximum (Tensor): (W, L) gradient of the maxima.
        RETURNS (tuple): None for the arguments that are not factors, and gradients of those.
        """
        *tensors, winners = ctx.saved_tensors
        factors = Factors(*tensors)
        workspace = BlockWorkspace(Table(factors, ctx.layout))
        gradient = factors.map(torch.zeros_like)
        gradient.bias.copy_(d_maximum.sum(0))
        for block in ctx.layout.blocks:
            m = workspace.features(block)  # (P, D)
            won = winners.index_select(0, block.words)  # (R, L)
            d_won = d_maximum.index_select(0, block.words)  # (R, L)
            starts = block.real * block.cols.shape[1]  # (R,)
            d_m = _gradient(gradient.weight, d_won, won, starts, m, factors.weight)
            add_pair_gradient(gradient, block, d_m, m)
            if gradient.distance_bias is not None:
                rows = block.distance.index_select(0, block.real % len(block.distance))  # (R, n)
                distance = clip_distance(rows.gather(1, won.long()), len(gradient.distance_bias))
                gradient.distance_bias.scatter_add_(0, distance, d_won)
        return None, None, None, *gradient


def _maximum_and_places(z: Tensor, rounded: bool) -> tuple[Tensor, Tensor]:
    """Find the maximum over the tails, and the tail that has it.

    torch's `max` with indices takes four times as long.

    z (Tensor): (b · r, n, L) logits, overwritten.
    rounded (bool): Whether z was converted from bfloat16. Then the lower half of its bits is zero.
    RETURNS (tuple[Tensor, Tensor]): (b · r, L) maxima and their places among the n tails. The
        places are whole numbers of any type.
    """
    n = z.shape[1]
    if rounded and n <= LOWER_HALF:
        # Write each logit's place into the free half of its bits. It decides between equal logits,
        # and one `amax` finds both.
        places = torch.arange(n, dtype=torch.int32, device=z.device)
        z.view(torch.int32).bitwise_or_(places.view(1, n, 1))
        bits = z.amax(1).view(torch.int32)
        # The lower bits of NaN are no place, so they are limited to one.
        return (bits & ~LOWER_HALF).view(z.dtype), (bits & LOWER_HALF).clamp_(max=n - 1)
    largest = z.amax(1)
    places = torch.arange(n, dtype=z.dtype, device=z.device)
    return largest, z.eq_(largest.unsqueeze(1)).mul_(places.view(1, n, 1)).amax(1)


def _gradient(
    d_weight: Tensor, d_won: Tensor, won: Tensor, starts: Tensor, m: Tensor, weight: Tensor
) -> Tensor:
    """Add to the gradient of W_r, and compute the gradient of the pair features.

    d_weight (Tensor): (L, D) gradient of W_r, updated in place.
    d_won (Tensor): (R, L) gradient of the maxima.
    won (Tensor): (R, L) tail that has won, as its place among the n tails.
    starts (Tensor): (R,) first cell of each row.
    m (Tensor): (P, D) pair features.
    weight (Tensor): (L, D) W_r.
    RETURNS (Tensor): (P, D) gradient of the pair features.
    """
    R, L = won.shape
    cells = starts.unsqueeze(1) + won  # (R, L) cell that has won
    # Sum by label: d W_r[t] = Σ d_won · m, over the cells that have won label t.
    d_weight += embedding_bag(
        cells.T.flatten(),
        m,
        torch.arange(0, R * L, R, device=m.device),
        mode="sum",
        per_sample_weights=d_won.T.flatten(),
    )
    # Sum by cell: d m = Σ d_won · W_r[t], over the labels t that the cell has won. Sorted by tail,
    # the labels of a cell are side by side, as `embedding_bag` wants them.
    labels = _labels_by_tail(won)
    counts = torch.bincount(cells.flatten(), minlength=len(m))  # (P,) labels that each cell has won
    return embedding_bag(
        labels.flatten(),
        weight,
        counts.cumsum(0) - counts,
        mode="sum",
        per_sample_weights=d_won.gather(1, labels).flatten(),
    )


def _labels_by_tail(won: Tensor) -> Tensor:
    """Sort the labels of each row by the tail that has won them.

    won (Tensor): (R, L) tail that has won.
    RETURNS (Tensor): (R, L) labels.
    """
    if won.device.type == "cpu":
        # numpy sorts small integers by radix, two to six times faster than torch.
        return torch.from_numpy(np.argsort(won.numpy(), axis=1, kind="stable"))
    return won.argsort(dim=1, stable=True)
