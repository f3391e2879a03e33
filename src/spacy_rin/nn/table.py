"""The relation table in factored form, read block by block; torch only.

Equation (7) scores every pair of words for every label. W_m(h_i ⊕ h_j) is a sum of a head term and
a tail term, so the table of a text is described by small factors,

    logit[i, j, t] = relation_t · relu(heads_i + tails_j) + bias_t

and is never built: what reads it (row maximum, loss, decoding) goes through it in blocks of cells
that fit the processor's cache.

Shapes: W words of all texts of a batch, one after the other; D pair width; L relation labels;
P cells of a block = b texts × r rows × n words.
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
    """The relation tables of a batch.

    heads, tails (Tensor): (W, D) head and tail terms of W_m(h_i ⊕ h_j).
    weight (Tensor): (L, D) W_r. bias (Tensor): (L,) b_r.
    layout (BlockPlan): The blocks they are read in.
    dtype (torch.dtype): Precision of the products of whole blocks.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    layout: BlockPlan
    dtype: torch.dtype = torch.float32

    def factors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """RETURNS (tuple): heads, tails, weight and bias."""
        return self.heads, self.tails, self.weight, self.bias

    def detach(self) -> Table:
        """RETURNS (Table): The same table, apart from the graph of its gradient."""
        heads, tails, weight, bias = (factor.detach() for factor in self.factors())
        return Table(heads, tails, weight, bias, self.layout, self.dtype)

    def blocks(self) -> Iterator[tuple[Block, Tensor]]:
        """Read every cell, block by block, without gradient.

        YIELDS (tuple): Block and its (P, L) logits, −∞ in padding; they last until the next block.
        """
        workspace = BlockWorkspace(self)
        for block in self.layout.blocks:
            yield block, workspace.logits(block, workspace.pairs(block))

    def cells_between(
        self, rows: Tensor, cols: Tensor, logit: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scan the given cells for those whose logit is at least `logit`, in float32.

        rows, cols (Tensor): (C,) words.
        RETURNS (tuple): (F,) places in `rows`, labels and logits.
        """
        found = []
        # The arrays of all blocks, see BlockWorkspace.
        heads, tails, weight, bias = self.detach().factors()
        P, (L, D) = min(len(rows), self.layout.max_cells), weight.shape
        m, tail_terms, z = (heads.new_empty(P, width) for width in (D, D, L))
        over = torch.empty_like(z, dtype=torch.bool)
        for start in range(0, len(rows), max(P, 1)):
            block = slice(start, start + P)
            n = len(rows[block])
            torch.index_select(heads, 0, rows[block], out=m[:n])
            torch.index_select(tails, 0, cols[block], out=tail_terms[:n])
            m[:n].add_(tail_terms[:n]).relu_()
            torch.addmm(bias, m[:n], weight.T, out=z[:n])
            cell, label = torch.ge(z[:n], logit, out=over[:n]).nonzero(as_tuple=True)
            found.append((cell + start, label, z[cell, label]))
        if not found:
            none = rows.new_zeros(0)
            return none, none, heads.new_zeros(0)
        places, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return places, labels, logits

    def cells_over(self, logit: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scan the whole table for cells whose logit is at least `logit`.

        RETURNS (tuple): (C,) head words, tail words, labels and logits.
        """
        found = []
        for block, z in self.blocks():
            cell, label = (z >= logit).nonzero(as_tuple=True)
            n = block.cols.shape[1]
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
    """Pair features of a block, m of equation (7).

    features (Tensor): (P, D) relu(heads_i + tails_j).
    operand (Tensor): What products are made of: the same, or (P', D) rounded, with rows of zeros.
    """

    features: Tensor
    operand: Tensor


class BlockWorkspace:
    """Blocks of a table, one after the other, without gradient.

    Methods return views of buffers that the next call overwrites. Reusing buffers avoids holes in
    the heap.

    table (Table): Factors in float32, as is all that comes out of here. The factors of products
        are rounded to the table's dtype; their sums are float32.
    """

    def __init__(self, table: Table) -> None:
        self.heads, self.tails, weight, self.bias = table.detach().factors()
        self._weight = weight.to(table.dtype)
        L, D = weight.shape
        P = table.layout.largest_block
        self._m, self._d_m = weight.new_empty(P, D), weight.new_empty(P, D)
        self._z = weight.new_empty(P, L)
        # rounded factors and products
        self.rounded = table.dtype != weight.dtype
        P_16 = _round_up(P) if self.rounded else 0
        self._m_16 = self._weight.new_empty(P_16, D)
        self._z_16 = self._weight.new_empty(P_16, L)

    def features(self, block: Block) -> Tensor:
        """Compute the pair features of a block.

        block (Block): Its cells.
        RETURNS (Tensor): (P, D) relu(heads_i + tails_j).
        """
        (b, r), n = block.rows.shape, block.cols.shape[1]
        row_terms = self.heads.index_select(0, block.rows.flatten()).view(b, r, 1, -1)
        col_terms = self.tails.index_select(0, block.cols.flatten()).view(b, 1, n, -1)
        m = self._m[: b * r * n]
        torch.add(row_terms, col_terms, out=m.view(b, r, n, -1))
        return m.relu_()

    def pairs(self, block: Block) -> Pairs:
        """Compute the pair features of a block, as products take them too.

        block (Block): Its cells.
        RETURNS (Pairs): For `products`, `logits` and `add_gradient`.
        """
        m = self.features(block)
        return Pairs(m, _fill(self._m_16, m) if self.rounded else m)

    def products(self, pairs: Pairs) -> Tensor:
        """Compute W_r m.

        pairs (Pairs): Of a block.
        RETURNS (Tensor): (P, L), without the bias.
        """
        P = len(pairs.features)
        if not self.rounded:
            return torch.mm(pairs.operand, self._weight.T, out=self._z[:P])
        z_16 = torch.mm(pairs.operand, self._weight.T, out=self._z_16[: len(pairs.operand)])
        return self._z[:P].copy_(z_16[:P])

    def logits(self, block: Block, pairs: Pairs) -> Tensor:
        """Compute the logits of a block.

        block (Block): Its cells.
        pairs (Pairs): Its pair features.
        RETURNS (Tensor): (P, L), −∞ in padding.
        """
        if self.rounded:
            # The bias is added in float32: on top of it, a logit would be rounded more coarsely.
            z = self.products(pairs).add_(self.bias)
        else:
            m = pairs.features
            z = torch.addmm(self.bias, m, self._weight.T, out=self._z[: len(m)])
        if len(block.padding):
            z.index_fill_(0, block.padding, -torch.inf)
        return z

    def add_gradient(self, d_weight: Tensor, d_logits: Tensor, pairs: Pairs) -> Tensor:
        """Add to the gradient of W_r, and compute that of the pair features.

        d_weight (Tensor): (L, D), updated in place.
        d_logits (Tensor): (P, L).
        pairs (Pairs): Of the same block; a rounded operand is overwritten.
        RETURNS (Tensor): (P, D).
        """
        P = len(d_logits)
        d_m = self._d_m[:P]
        if not self.rounded:
            d_weight.addmm_(d_logits.T, pairs.operand)
            return torch.mm(d_logits, self._weight, out=d_m)
        d_z = _fill(self._z_16, d_logits)
        d_weight += d_z.T @ pairs.operand
        return d_m.copy_(torch.mm(d_z, self._weight, out=pairs.operand)[:P])


def _fill(array: Tensor, rows: Tensor) -> Tensor:
    """Write rows to the start of an array. RETURNS (Tensor): They and zeros, of few lengths."""
    filled = array[: _round_up(len(rows))]
    filled[: len(rows)] = rows
    filled[len(rows) :] = 0
    return filled


def _round_up(size: int) -> int:
    """The next multiple of 256: oneDNN compiles and keeps a product for every length it meets."""
    return -(-size // 256) * 256


def add_pair_gradient(
    d_heads: Tensor, d_tails: Tensor, block: Block, d_m: Tensor, m: Tensor
) -> None:
    """Sum the gradient of a block's pair features into those of the head and tail terms.

    d_heads, d_tails (Tensor): (W, D), updated in place.
    d_m (Tensor): (P, D), overwritten. m (Tensor): (P, D) the features, whose zeros let no gradient
        through.
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    torch.ops.aten.threshold_backward.grad_input(d_m, m, 0, grad_input=d_m)
    d_m = d_m.view(b, r, n, -1)
    d_heads.index_add_(0, block.rows.flatten(), d_m.sum(2).view(b * r, -1))
    d_tails.index_add_(0, block.cols.flatten(), d_m.sum(1).view(b * n, -1))
