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

import torch
from torch import Tensor

from .layout import Block, Layout


class RelationClassifier:
    """W_r and b_r of equation (7) on blocks of pair features, in the precision chosen.

    weight (Tensor): (L, D). bias (Tensor): (L,). Both float32, as all that comes out of here.
    dtype (torch.dtype): What the factors of a product are rounded to; its sums are float32.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self.weight = weight.to(dtype)
        self.bias = bias
        self.dtype = dtype

    def logits(self, m: Tensor) -> Tensor:
        """m (Tensor): (P, D) pair features. RETURNS (Tensor): (P, L)."""
        if self.dtype == self.bias.dtype:
            return torch.addmm(self.bias, m, self.weight.T)
        # The bias is added in float32: on top of it, a logit would be rounded more coarsely.
        return (m.to(self.dtype) @ self.weight.T).to(self.bias.dtype).add_(self.bias)

    def add_gradient(self, d_weight: Tensor, d_logits: Tensor, m: Tensor) -> Tensor:
        """Add to the gradient of W_r and find that of the pair features.

        d_weight (Tensor): (L, D), updated in place.
        d_logits (Tensor): (P, L). m (Tensor): (P, D).
        RETURNS (Tensor): (P, D).
        """
        d_z = d_logits.to(self.dtype)
        if self.dtype == d_weight.dtype:
            d_weight.addmm_(d_z.T, m)
        else:
            d_weight += d_z.T @ m.to(self.dtype)
        return (d_z @ self.weight).to(m.dtype)


@dataclass(frozen=True)
class Table:
    """The relation tables of a batch.

    heads, tails (Tensor): (W, D) head and tail terms of W_m(h_i ⊕ h_j).
    weight (Tensor): (L, D) W_r. bias (Tensor): (L,) b_r.
    layout (Layout): The blocks they are read in.
    dtype (torch.dtype): Precision of the products of whole blocks.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    layout: Layout
    dtype: torch.dtype = torch.float32

    def factors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """RETURNS (tuple): heads, tails, weight and bias."""
        return self.heads, self.tails, self.weight, self.bias

    def detach(self) -> Table:
        """RETURNS (Table): The same table, apart from the graph of its gradient."""
        heads, tails, weight, bias = (factor.detach() for factor in self.factors())
        return Table(heads, tails, weight, bias, self.layout, self.dtype)

    def cells(self, rows: Tensor, cols: Tensor) -> Tensor:
        """Read single cells, in float32.

        rows, cols (Tensor): (C,) words.
        RETURNS (Tensor): (C, L) logits.
        """
        m = torch.relu(self.heads[rows] + self.tails[cols])
        return torch.addmm(self.bias, m, self.weight.T)

    def blocks(self) -> Iterator[tuple[Block, Tensor, Tensor]]:
        """Read every cell, block by block.

        YIELDS (tuple): Block, its (P, D) pair features and its (P, L) logits, −∞ in padding.
        """
        classifier = RelationClassifier(self.weight, self.bias, self.dtype)
        for block in self.layout.blocks:
            m = pairs(self.heads, self.tails, block)
            z = classifier.logits(m)
            if len(block.padding):
                z.index_fill_(0, block.padding, -torch.inf)
            yield block, m, z

    def cells_between(
        self, rows: Tensor, cols: Tensor, logit: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scan the given cells for those whose logit is at least `logit`.

        rows, cols (Tensor): (C,) words.
        RETURNS (tuple): (F,) places in `rows`, labels and logits.
        """
        found = []
        for start in range(0, len(rows), self.layout.max_cells):
            block = slice(start, start + self.layout.max_cells)
            z = self.cells(rows[block], cols[block])
            cell, label = (z >= logit).nonzero(as_tuple=True)
            found.append((cell + start, label, z[cell, label]))
        if not found:
            none = rows.new_zeros(0)
            return none, none, self.heads.new_zeros(0)
        places, labels, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
        return places, labels, logits

    def cells_over(self, logit: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scan the whole table for cells whose logit is at least `logit`.

        RETURNS (tuple): (C,) head words, tail words, labels and logits.
        """
        found = []
        for block, _, z in self.blocks():
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


def pairs(heads: Tensor, tails: Tensor, block: Block) -> Tensor:
    """Pair features of a block, m of equation (7).

    RETURNS (Tensor): (P, D) relu(heads_i + tails_j).
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    row_terms = heads.index_select(0, block.rows.flatten()).view(b, r, 1, -1)
    col_terms = tails.index_select(0, block.cols.flatten()).view(b, 1, n, -1)
    return (row_terms + col_terms).view(b * r * n, -1).relu_()


def add_pair_gradient(
    d_heads: Tensor, d_tails: Tensor, block: Block, d_m: Tensor, m: Tensor
) -> None:
    """Sum the gradient of a block's pair features into those of the head and tail terms.

    d_heads, d_tails (Tensor): (W, D), updated in place.
    d_m (Tensor): (P, D). m (Tensor): (P, D) the features, whose zeros let no gradient through.
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    d_m = torch.ops.aten.threshold_backward(d_m, m, 0).view(b, r, n, -1)
    d_heads.index_add_(0, block.rows.flatten(), d_m.sum(2).view(b * r, -1))
    d_tails.index_add_(0, block.cols.flatten(), d_m.sum(1).view(b * n, -1))
