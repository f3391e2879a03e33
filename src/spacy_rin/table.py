"""The relation table in factored form, read block by block; torch only.

Equation (7) scores every pair of words for every label. W_m(h_i ⊕ h_j) is a sum of a head term and
a tail term, so the table of a text is described by small factors,

    logit[i, j, t] = relation_t · relu(heads_i + tails_j) + bias_t

and is never built: what reads it (row maximum, loss, decoding) goes through it in blocks of cells
that fit the processor's cache. Texts of equal length share blocks, so no cell is padding.

Shapes: W words of all texts of a batch, one after the other; D pair width; L relation labels;
P cells of a block = b texts × r rows × n words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

BLOCK_CELLS = 2048


class Block(NamedTuple):
    """Cells of the table: every pair of `rows` and `cols` of the same text.

    rows (Tensor): (b, r) words; cols (Tensor): (b, n) words of the same b texts.
    """

    rows: Tensor
    cols: Tensor


class Layout:
    """How the tables of a batch of texts are cut into blocks.

    lengths (Sequence[int]): Words of each text.
    device (torch.device): Where the blocks' indices live.
    max_cells (int): Cells of the largest block (a longer row is one block all the same).
    """

    def __init__(
        self, lengths: Sequence[int], device: torch.device, max_cells: int = BLOCK_CELLS
    ) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.offsets = np.cumsum(self.lengths) - self.lengths
        self._device = device
        # Where a text's rows are: its first block, its place in that block, rows of each block.
        self._first_block = np.zeros(len(lengths), dtype=np.int64)
        self._place = np.zeros(len(lengths), dtype=np.int64)
        self._rows = np.ones(len(lengths), dtype=np.int64)
        self.blocks: list[Block] = []
        for n in np.unique(self.lengths):
            if n:
                self._cut(np.flatnonzero(self.lengths == n), int(n), max_cells)

    def locate(self, cells: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """Find cells in the blocks.

        cells (ndarray): (G, 4) text, head word, tail word, label.
        RETURNS (list[tuple[Tensor, Tensor]]): For each block, (g,) cells and (g,) labels.
        """
        text, head, tail, label = cells.T
        block = self._first_block[text] + head // self._rows[text]
        row = head % self._rows[text]
        # The last block of a long text may be shorter, but it holds one text, whose place is 0.
        cell = (self._place[text] * self._rows[text] + row) * self.lengths[text] + tail
        order = np.argsort(block, kind="stable")
        bounds = np.searchsorted(block[order], np.arange(len(self.blocks) + 1))
        return [
            (self._tensor(cell[order[a:b]]), self._tensor(label[order[a:b]]))
            for a, b in pairwise(bounds)
        ]

    def _cut(self, texts: np.ndarray, n: int, max_cells: int) -> None:
        if n * n <= max_cells:
            size, rows = max(1, max_cells // (n * n)), n
        else:
            size, rows = 1, max(1, max_cells // n)
        self._rows[texts] = rows
        for start in range(0, len(texts), size):
            group = texts[start : start + size]
            self._first_block[group] = len(self.blocks)
            self._place[group] = np.arange(len(group))
            offsets = self.offsets[group][:, None]
            cols = self._tensor(offsets + np.arange(n))
            for first in range(0, n, rows):
                words = offsets + np.arange(first, min(first + rows, n))
                self.blocks.append(Block(self._tensor(words), cols))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


@dataclass(frozen=True)
class Table:
    """The relation tables of a batch.

    heads, tails (Tensor): (W, D) head and tail terms of W_m(h_i ⊕ h_j).
    weight (Tensor): (L, D) W_r. bias (Tensor): (L,) b_r.
    layout (Layout): The blocks they are read in.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    layout: Layout

    def factors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """RETURNS (tuple): heads, tails, weight and bias."""
        return self.heads, self.tails, self.weight, self.bias

    def detach(self) -> Table:
        """RETURNS (Table): The same table, apart from the graph of its gradient."""
        heads, tails, weight, bias = (factor.detach() for factor in self.factors())
        return Table(heads, tails, weight, bias, self.layout)

    def cells(self, rows: Tensor, cols: Tensor) -> Tensor:
        """Read single cells.

        rows, cols (Tensor): (C,) words.
        RETURNS (Tensor): (C, L) logits.
        """
        return self._logits(torch.relu(self.heads[rows] + self.tails[cols]))

    def cells_between(
        self, rows: Tensor, cols: Tensor, logit: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scan the given cells for those whose logit is at least `logit`.

        rows, cols (Tensor): (C,) words.
        RETURNS (tuple): (F,) places in `rows`, labels and logits.
        """
        found = []
        for start in range(0, len(rows), BLOCK_CELLS):
            block = slice(start, start + BLOCK_CELLS)
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
        for block in self.layout.blocks:
            z = self._logits(pairs(self.heads, self.tails, block))
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

    def _logits(self, m: Tensor) -> Tensor:
        return torch.addmm(self.bias, m, self.weight.T)


def pairs(heads: Tensor, tails: Tensor, block: Block) -> Tensor:
    """Pair features of a block, m of equation (7).

    RETURNS (Tensor): (P, D) relu(heads_i + tails_j).
    """
    m = heads[block.rows].unsqueeze(2) + tails[block.cols].unsqueeze(1)  # (b, r, n, D)
    return m.flatten(0, 2).relu_()


def add_pair_gradient(d_heads: Tensor, d_tails: Tensor, block: Block, d_m: Tensor) -> None:
    """Sum the gradient of a block's pair features into those of the head and tail terms.

    d_heads, d_tails (Tensor): (W, D), updated in place.
    d_m (Tensor): (P, D), already zero where the feature is.
    """
    (b, r), n = block.rows.shape, block.cols.shape[1]
    d_m = d_m.view(b, r, n, -1)
    d_heads.index_add_(0, block.rows.flatten(), d_m.sum(2).flatten(0, 1))
    d_tails.index_add_(0, block.cols.flatten(), d_m.sum(1).flatten(0, 1))


class _RowMaximum(torch.autograd.Function):
    """Largest logit of every row, for each label; keeps the factors alone for its gradient."""

    @staticmethod
    def forward(
        ctx: Any, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, layout: Layout
    ) -> Tensor:
        ctx.save_for_backward(heads, tails, weight, bias)
        ctx.layout = layout
        maximum = heads.new_empty(len(heads), len(bias))
        for block in layout.blocks:
            z = torch.addmm(bias, pairs(heads, tails, block), weight.T)
            z = z.view(-1, block.cols.shape[1], len(bias))  # (b·r, n, L)
            maximum[block.rows.flatten()] = z.amax(1)
        return maximum

    @staticmethod
    def backward(ctx: Any, d_maximum: Tensor) -> Any:
        heads, tails, weight, bias = ctx.saved_tensors
        d_heads, d_tails = torch.zeros_like(heads), torch.zeros_like(tails)
        d_weight = torch.zeros_like(weight)
        for block in ctx.layout.blocks:
            m = pairs(heads, tails, block)
            z = torch.addmm(bias, m, weight.T).view(-1, block.cols.shape[1], len(bias))
            # Only the winning cell of each row and label carries gradient; equal ones share it.
            won = (z == z.amax(1, keepdim=True)).to(z.dtype)
            won *= (d_maximum[block.rows.flatten()] / won.sum(1)).unsqueeze(1)
            d_z = won.flatten(0, 1)
            d_weight.addmm_(d_z.T, m)
            d_m = torch.ops.aten.threshold_backward(d_z @ weight, m, 0)
            add_pair_gradient(d_heads, d_tails, block, d_m)
        return d_heads, d_tails, d_weight, d_maximum.sum(0), None


def row_maximum(table: Table) -> Tensor:
    """Equation (5) before the σ, which keeps the order: the largest logit over the tails j.

    RETURNS (Tensor): (W, L), differentiable.
    """
    maximum: Tensor = _RowMaximum.apply(*table.factors(), table.layout)
    return maximum
