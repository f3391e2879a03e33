"""Factors of the relation table → its logits and gradients, block by block; torch only.

`network` makes the factors. The row maximum, the loss and decoding read the table.

Equation (7) scores every pair of words for every label. W_m(h_i ⊕ h_j) is the sum of a head term
and a tail term. So small factors describe the table of a text:

    logit[i, j, t] = weight_t · relu(heads_i + tails_j) + bias_t

`factors` says what a cell may see besides. The table is never built. It is read in blocks of cells
that fit the processor's cache.

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
from .factors import Factors, clip_distance, inverse_distance


@dataclass(frozen=True)
class Table:
    """The relation tables of the texts of a batch.

    factors (Factors): What describes them.
    layout (BlockPlan): The blocks in which the tables are read.
    dtype (torch.dtype): Precision of the products of whole blocks.
    """

    factors: Factors
    layout: BlockPlan
    dtype: torch.dtype = torch.float32

    def detach(self) -> Table:
        """Take the table out of autograd's graph.

        RETURNS (Table): The same table, through which no gradient flows.
        """
        return Table(self.factors.map(Tensor.detach), self.layout, self.dtype)

    def blocks(self) -> Iterator[tuple[Block, Tensor]]:
        """Compute the logits of every cell, block by block, without gradient.

        YIELDS (tuple[Block, Tensor]): Block and its (P, L) logits, −∞ in padding. The next block
            overwrites them.
        """
        workspace = BlockWorkspace(self)
        for block in self.layout.blocks:
            yield block, workspace.logits(block, workspace.pairs(block))

    def cells_between(
        self, rows: Tensor, cols: Tensor, logit: float | Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Find the logits of the given cells that are at least `logit`, in float32.

        rows (Tensor): (C,) head word of each cell.
        cols (Tensor): (C,) tail word of each cell.
        logit (float | Tensor): The least logit to find, or (L,) those of the labels.
        RETURNS (tuple[Tensor, Tensor, Tensor]): (F,) places in `rows`, labels and logits.
        """
        found = []
        # All blocks use the same buffers, for the reason given at BlockWorkspace.
        factors = self.factors.map(Tensor.detach)
        P, (L, D) = min(len(rows), self.layout.max_cells), factors.weight.shape
        m, tail_terms, z = (factors.heads.new_empty(P, width) for width in (D, D, L))
        over = torch.empty_like(z, dtype=torch.bool)
        for start in range(0, len(rows), max(P, 1)):
            heads, tails = rows[start : start + P], cols[start : start + P]
            size = len(heads)  # P, less in the last block
            torch.index_select(factors.heads, 0, heads, out=m[:size])
            torch.index_select(factors.tails, 0, tails, out=tail_terms[:size])
            m[:size].add_(tail_terms[:size])  # (size, D)
            if factors.prefix is not None:
                between = factors.prefix[tails] - factors.prefix[heads]
                m[:size].addcmul_(between, inverse_distance(tails - heads).unsqueeze(1))
            if factors.distance is not None:
                distance = clip_distance(tails - heads, len(factors.distance))
                m[:size].add_(factors.distance[distance])
            torch.addmm(factors.bias, m[:size].relu_(), factors.weight.T, out=z[:size])  # (size, L)
            if factors.distance_bias is not None:
                z[:size].add_(factors.distance_bias[distance])
            cell, label = torch.ge(z[:size], logit, out=over[:size]).nonzero(as_tuple=True)
            found.append((cell + start, label, z[cell, label]))
        if not found:
            none = rows.new_zeros(0)
            return none, none, factors.heads.new_zeros(0)
        places, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return places, labels, logits

    def cells_over(self, logit: float | Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find the logits of the whole table that are at least `logit`.

        logit (float | Tensor): The least logit to find, or (L,) those of the labels.
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
            return none, none, none, self.factors.heads.new_zeros(0)
        rows, cols, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return rows, cols, labels, logits


class Pairs(NamedTuple):
    """The pair features of a block, m of equation (7).

    features (Tensor): (P, D) m, in float32.
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
        self.factors = table.factors.map(Tensor.detach)
        weight = self.factors.weight
        self._weight = weight.to(table.dtype)
        L, D = weight.shape
        P = table.layout.largest_block
        self._m, self._d_m = weight.new_empty(P, D), weight.new_empty(P, D)
        self._z = weight.new_empty(P, L)
        self._between = weight.new_empty(P if self.factors.prefix is not None else 0, D)
        # Whether products are rounded, and the buffers of their factors and results.
        self.rounded = table.dtype != weight.dtype
        P_16 = _round_up(P) if self.rounded else 0
        self._m_16 = self._weight.new_empty(P_16, D)
        self._z_16 = self._weight.new_empty(P_16, L)

    def features(self, block: Block) -> Tensor:
        """Compute the pair features of a block.

        block (Block): The block.
        RETURNS (Tensor): (P, D) relu(heads_i + tails_j), with the terms of their distance and of
            what is between them if there are any.
        """
        (b, r), n = block.rows.shape, block.cols.shape[1]
        heads, tails, distance, prefix = (
            self.factors.heads,
            self.factors.tails,
            self.factors.distance,
            self.factors.prefix,
        )
        row_terms = heads.index_select(0, block.rows.flatten()).view(b, r, 1, -1)
        col_terms = tails.index_select(0, block.cols.flatten()).view(b, 1, n, -1)
        m = self._m[: b * r * n]  # (P, D)
        cells = m.view(b, r, n, -1)  # (b, r, n, D)
        torch.add(row_terms, col_terms, out=cells)
        if distance is not None:
            cells += distance[clip_distance(block.distance, len(distance))]  # (r, n, D)
        if prefix is not None:
            between = self._between[: b * r * n].view(b, r, n, -1)
            rows, cols = prefix[block.rows].unsqueeze(2), prefix[block.cols].unsqueeze(1)
            torch.sub(cols, rows, out=between)
            cells.addcmul_(between, inverse_distance(block.distance).unsqueeze(2))
        return m.relu_()

    def pairs(self, block: Block) -> Pairs:
        """Compute the pair features of a block, also in the form that products need.

        block (Block): The block.
        RETURNS (Pairs): What `products`, `logits` and `add_gradient` take.
        """
        m = self.features(block)
        return Pairs(m, _fill(self._m_16, m) if self.rounded else m)

    def products(self, block: Block, pairs: Pairs) -> Tensor:
        """Compute W_r m, the logits of a block without the bias that all cells have.

        block (Block): The block.
        pairs (Pairs): Its pair features.
        RETURNS (Tensor): (P, L) products, with the bias of their distance if there is one.
        """
        P = len(pairs.features)
        if not self.rounded:
            z = torch.mm(pairs.operand, self._weight.T, out=self._z[:P])
        else:
            z_16 = torch.mm(pairs.operand, self._weight.T, out=self._z_16[: len(pairs.operand)])
            z = self._z[:P].copy_(z_16[:P])
        return self._add_distance_bias(block, z)

    def logits(self, block: Block, pairs: Pairs) -> Tensor:
        """Compute the logits of a block.

        block (Block): The block.
        pairs (Pairs): Its pair features.
        RETURNS (Tensor): (P, L) logits, −∞ in padding.
        """
        if self.rounded:
            # The bias is added after rounding. With it, logits are larger and would be rounded more
            # coarsely.
            z = self.products(block, pairs).add_(self.factors.bias)
        else:
            m = pairs.features
            z = torch.addmm(self.factors.bias, m, self._weight.T, out=self._z[: len(m)])
            self._add_distance_bias(block, z)
        if len(block.padding):
            z.index_fill_(0, block.padding, -torch.inf)
        return z

    def _add_distance_bias(self, block: Block, z: Tensor) -> Tensor:
        bias = self.factors.distance_bias
        if bias is not None:
            (b, r), n = block.rows.shape, block.cols.shape[1]
            z.view(b, r, n, -1).add_(bias[clip_distance(block.distance, len(bias))])
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


def add_pair_gradient(gradient: Factors, block: Block, d_m: Tensor, m: Tensor) -> None:
    """Add the gradient of a block's pair features to the gradients of the terms they are made of.

    gradient (Factors): The gradients, updated in place.
    block (Block): The block.
    d_m (Tensor): (P, D) gradient of its pair features, overwritten.
    m (Tensor): (P, D) its pair features. Where they are 0, the relu lets no gradient through.
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    torch.ops.aten.threshold_backward.grad_input(d_m, m, 0, grad_input=d_m)
    d_m = d_m.view(b, r, n, -1)  # (b, r, n, D)
    gradient.heads.index_add_(0, block.rows.flatten(), d_m.sum(2).view(b * r, -1))
    gradient.tails.index_add_(0, block.cols.flatten(), d_m.sum(1).view(b * n, -1))
    if gradient.distance is not None:
        add_distance_gradient(gradient.distance, block, d_m)
    if gradient.prefix is not None:
        d_m *= inverse_distance(block.distance).unsqueeze(2)
        gradient.prefix.index_add_(0, block.rows.flatten(), d_m.sum(2).view(b * r, -1), alpha=-1)
        gradient.prefix.index_add_(0, block.cols.flatten(), d_m.sum(1).view(b * n, -1))


def add_distance_gradient(d_distance: Tensor, block: Block, d_cells: Tensor) -> None:
    """Add the gradients of a block's cells to those of their distances.

    d_distance (Tensor): (C, width) gradient, updated in place.
    block (Block): The block.
    d_cells (Tensor): (b, r, n, width) gradient of each cell.
    """
    distance = clip_distance(block.distance, len(d_distance)).flatten()  # (r · n,)
    d_distance.index_add_(0, distance, d_cells.sum(0).flatten(0, 1))


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
