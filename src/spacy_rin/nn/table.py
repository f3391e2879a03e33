"""Factors of the relation table → its logits and gradients, block by block; torch only.

`network` makes the factors. The row maximum, the loss and decoding read the table.

Equation (7) scores every pair of words for every label. W_m(h_i ⊕ h_j) is the sum of a head term
and a tail term. So small factors describe the table of a text:

    logit[i, j, t] = weight_t · relu(heads_i + tails_j) + bias_t

The table is never built. It is read in blocks of cells that fit the processor's cache.

Shapes: W words of all texts of a batch, one after the other; D pair width; L relation labels;
P cells of a block = b texts × r rows × n columns; P' = P rounded up; C given cells; F found cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .blocks import Block, BlockPlan


@dataclass(frozen=True)
class Table:
    """The relation tables of the texts of a batch.

    heads (Tensor): (W, D) head terms of W_m(h_i ⊕ h_j).
    tails (Tensor): (W, D) tail terms of W_m(h_i ⊕ h_j).
    weight (Tensor): (L, D) W_r of equation (7).
    bias (Tensor): (L,) b_r of equation (7).
    layout (BlockPlan): The blocks in which the tables are read.
    dtype (torch.dtype): Precision of the products of whole blocks.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    layout: BlockPlan
    dtype: torch.dtype = torch.float32

    def factors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """List the factors.

        RETURNS (tuple[Tensor, Tensor, Tensor, Tensor]): heads, tails, weight and bias.
        """
        return self.heads, self.tails, self.weight, self.bias

    def detach(self) -> Table:
        """Take the table out of autograd's graph.

        RETURNS (Table): The same table, through which no gradient flows.
        """
        heads, tails, weight, bias = (factor.detach() for factor in self.factors())
        return Table(heads, tails, weight, bias, self.layout, self.dtype)

    def blocks(self) -> Iterator[tuple[Block, Tensor]]:
        """Compute the logits of every cell, block by block, without gradient.

        YIELDS (tuple[Block, Tensor]): Block and its (P, L) logits, −∞ in padding. The next block
            overwrites them.
        """
        workspace = BlockWorkspace(self)
        for block in self.layout.blocks:
            yield block, workspace.logits(block, workspace.pairs(block))

    def cells_between(
        self, rows: Tensor, cols: Tensor, logit: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Find the logits of the given cells that are at least `logit`, in float32.

        rows (Tensor): (C,) head word of each cell.
        cols (Tensor): (C,) tail word of each cell.
        logit (float): The least logit to find.
        RETURNS (tuple[Tensor, Tensor, Tensor]): (F,) places in `rows`, labels and logits.
        """
        found = []
        # All blocks use the same buffers, for the reason given at BlockWorkspace.
        heads, tails, weight, bias = self.detach().factors()
        P, (L, D) = min(len(rows), self.layout.max_cells), weight.shape
        m, tail_terms, z = (heads.new_empty(P, width) for width in (D, D, L))
        over = torch.empty_like(z, dtype=torch.bool)
        for start in range(0, len(rows), max(P, 1)):
            block = slice(start, start + P)
            size = len(rows[block])  # P, less in the last block
            torch.index_select(heads, 0, rows[block], out=m[:size])
            torch.index_select(tails, 0, cols[block], out=tail_terms[:size])
            m[:size].add_(tail_terms[:size]).relu_()  # (size, D)
            torch.addmm(bias, m[:size], weight.T, out=z[:size])  # (size, L)
            cell, label = torch.ge(z[:size], logit, out=over[:size]).nonzero(as_tuple=True)
            found.append((cell + start, label, z[cell, label]))
        if not found:
            none = rows.new_zeros(0)
            return none, none, heads.new_zeros(0)
        places, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return places, labels, logits

    def cells_over(self, logit: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find the logits of the whole table that are at least `logit`.

        logit (float): The least logit to find.
        RETURNS (tuple[Tensor, Tensor, Tensor, Tensor]): (F,) head words, tail words, labels and
            logits.
        """
        found = []
        for block, z in self.blocks():
            cell, label = (z >= logit).nonzero(as_tuple=True)
            n = block.cols.shape[1]
            # Cells are numbered text by text and row by row, see Block.
            text, col = cell // (block.rows.shape[1] * n), cell % n
            found.append(
                (block.rows.flatten()[cell // n], block.cols[text, col], label, z[cell, label])
            )
        if not found:
            none = torch.zeros(0, dtype=torch.long)
            return none, none, none, self.heads.new_zeros(0)
        rows, cols, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return rows, cols, labels, logits


class Pairs(NamedTuple):
    """The pair features of a block, m of equation (7).

    features (Tensor): (P, D) relu(heads_i + tails_j), in float32.
    operand (Tensor): The factor of products. In float32 it is the features themselves. Else it is
        (P', D), the features rounded to the table's dtype, and rows of zeros after them.
    """

    features: Tensor
    operand: Tensor


class BlockWorkspace:
    """Computes the blocks of a table, one after the other, without autograd.

    Methods return views of buffers that the next call overwrites. Reusing buffers avoids holes in
    the heap. Results are float32, like the table's factors. What is multiplied is rounded to the
    table's dtype; what is added up stays float32.

    table (Table): The table to read.
    """

    def __init__(self, table: Table) -> None:
        self.heads, self.tails, weight, self.bias = table.detach().factors()
        self._weight = weight.to(table.dtype)
        L, D = weight.shape
        P = table.layout.largest_block
        self._m, self._d_m = weight.new_empty(P, D), weight.new_empty(P, D)
        self._z = weight.new_empty(P, L)
        # Whether products are rounded, and the buffers of their factors and results.
        self.rounded = table.dtype != weight.dtype
        P_16 = _round_up(P) if self.rounded else 0
        self._m_16 = self._weight.new_empty(P_16, D)
        self._z_16 = self._weight.new_empty(P_16, L)

    def features(self, block: Block) -> Tensor:
        """Compute the pair features of a block.

        block (Block): The block.
        RETURNS (Tensor): (P, D) relu(heads_i + tails_j).
        """
        (b, r), n = block.rows.shape, block.cols.shape[1]
        row_terms = self.heads.index_select(0, block.rows.flatten()).view(b, r, 1, -1)
        col_terms = self.tails.index_select(0, block.cols.flatten()).view(b, 1, n, -1)
        m = self._m[: b * r * n]  # (P, D)
        torch.add(row_terms, col_terms, out=m.view(b, r, n, -1))  # (b, r, n, D)
        return m.relu_()

    def pairs(self, block: Block) -> Pairs:
        """Compute the pair features of a block, also in the form that products need.

        block (Block): The block.
        RETURNS (Pairs): What `products`, `logits` and `add_gradient` take.
        """
        m = self.features(block)
        return Pairs(m, _fill(self._m_16, m) if self.rounded else m)

    def products(self, pairs: Pairs) -> Tensor:
        """Compute W_r m, the logits of a block without the bias.

        pairs (Pairs): Pair features of the block.
        RETURNS (Tensor): (P, L) products.
        """
        P = len(pairs.features)
        if not self.rounded:
            return torch.mm(pairs.operand, self._weight.T, out=self._z[:P])
        z_16 = torch.mm(pairs.operand, self._weight.T, out=self._z_16[: len(pairs.operand)])
        return self._z[:P].copy_(z_16[:P])

    def logits(self, block: Block, pairs: Pairs) -> Tensor:
        """Compute the logits of a block.

        block (Block): The block.
        pairs (Pairs): Pair features of the block.
        RETURNS (Tensor): (P, L) logits, −∞ in padding.
        """
        if self.rounded:
            # The bias is added after rounding. With it, logits are larger and would be rounded more
            # coarsely.
            z = self.products(pairs).add_(self.bias)
        else:
            m = pairs.features
            z = torch.addmm(self.bias, m, self._weight.T, out=self._z[: len(m)])
        if len(block.padding):
            z.index_fill_(0, block.padding, -torch.inf)
        return z

    def add_gradient(self, d_weight: Tensor, d_logits: Tensor, pairs: Pairs) -> Tensor:
        """Add to the gradient of W_r, and compute the gradient of the pair features.

        d_weight (Tensor): (L, D) gradient of W_r, updated in place.
        d_logits (Tensor): (P, L) gradient of a block's logits.
        pairs (Pairs): Pair features of the block. A rounded operand is overwritten.
        RETURNS (Tensor): (P, D) gradient of the pair features.
        """
        P = len(d_logits)
        d_m = self._d_m[:P]
        if not self.rounded:
            d_weight.addmm_(d_logits.T, pairs.operand)
            return torch.mm(d_logits, self._weight, out=d_m)
        d_z = _fill(self._z_16, d_logits)
        d_weight += d_z.T @ pairs.operand
        return d_m.copy_(torch.mm(d_z, self._weight, out=pairs.operand)[:P])


def add_pair_gradient(
    d_heads: Tensor, d_tails: Tensor, block: Block, d_m: Tensor, m: Tensor
) -> None:
    """Add the gradient of a block's pair features to the gradients of the head and tail terms.

    d_heads (Tensor): (W, D) gradient of the head terms, updated in place.
    d_tails (Tensor): (W, D) gradient of the tail terms, updated in place.
    block (Block): The block.
    d_m (Tensor): (P, D) gradient of its pair features, overwritten.
    m (Tensor): (P, D) its pair features. Where they are 0, the relu lets no gradient through.
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    torch.ops.aten.threshold_backward.grad_input(d_m, m, 0, grad_input=d_m)
    d_m = d_m.view(b, r, n, -1)  # (b, r, n, D)
    d_heads.index_add_(0, block.rows.flatten(), d_m.sum(2).view(b * r, -1))
    d_tails.index_add_(0, block.cols.flatten(), d_m.sum(1).view(b * n, -1))


def _fill(buffer: Tensor, rows: Tensor) -> Tensor:
    """Write rows to the start of a buffer, and zeros after them up to a rounded length.

    buffer (Tensor): (at least P', width), of any type.
    rows (Tensor): (P, width) rows.
    RETURNS (Tensor): (P', width) view of the buffer.
    """
    filled = buffer[: _round_up(len(rows))]
    filled[: len(rows)] = rows
    filled[len(rows) :] = 0
    return filled


def _round_up(size: int) -> int:
    """Round up to a multiple of 256: oneDNN compiles and keeps a product for every length."""
    return -(-size // 256) * 256
