"""Which cells of the relation tables of a batch are read together; torch only.

A block holds texts of about equal length, side by side, or some rows of a long text. It is as large
as the processor likes it; its padding is less than what another block would cost to start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# Share of the largest block that may be padding: starting a block takes about as long.
PADDING = 1 / 12


class Block(NamedTuple):
    """Cells of the table: every pair of `rows` and `cols` of the same text.

    rows (Tensor): (b, r) words. cols (Tensor): (b, n) words of the same b texts. Where a text is
        shorter, its last word again.
    words (Tensor): (R,) the words of the rows that are no padding.
    real (Tensor): (R,) places of these rows among all b · r.
    padding (Tensor): (Q,) cells that are padding.
    """

    rows: Tensor
    cols: Tensor
    words: Tensor
    real: Tensor
    padding: Tensor


class BlockPlan:
    """How the tables of a batch of texts are cut into blocks.

    lengths (Sequence[int]): Words of each text.
    device (torch.device): Where the blocks' indices live.
    max_cells (int): Cells of the largest block (a longer row is one block all the same).
    """

    def __init__(self, lengths: Sequence[int], device: torch.device, max_cells: int) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.offsets = np.cumsum(self.lengths) - self.lengths
        self.max_cells = max_cells
        self._device = device
        # Where a text's rows are: its first block, its place in that block, the block's shape.
        self._n_blocks = 0
        self._first_block = np.zeros(len(lengths), dtype=np.int64)
        self._place = np.zeros(len(lengths), dtype=np.int64)
        self._rows = np.ones(len(lengths), dtype=np.int64)
        self._cols = np.ones(len(lengths), dtype=np.int64)

    @cached_property
    def blocks(self) -> list[Block]:
        """RETURNS (list[Block]): Blocks that hold every cell once."""
        return [block for group in self._groups() for block in self._cut(group)]

    @property
    def largest_block(self) -> int:
        """RETURNS (int): Cells of the largest block, with padding."""
        return max((b.rows.numel() * b.cols.shape[1] for b in self.blocks), default=0)

    @property
    def longest(self) -> int:
        """RETURNS (int): Words of the longest text."""
        return int(self.lengths.max(initial=0))

    def locate(self, cells: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """Find cells in the blocks.

        cells (ndarray): (G, 4) text, head word, tail word, label.
        RETURNS (list[tuple[Tensor, Tensor]]): For each block, (g,) cells and (g,) labels.
        """
        n_blocks = len(self.blocks)  # cuts them, which says where each text is
        text, head, tail, label = cells.T
        block = self._first_block[text] + head // self._rows[text]
        row = head % self._rows[text]
        # The last block of a long text may be shorter, but it holds one text, whose place is 0.
        cell = (self._place[text] * self._rows[text] + row) * self._cols[text] + tail
        order = np.argsort(block, kind="stable")
        bounds = np.searchsorted(block[order], np.arange(n_blocks + 1))
        return [
            (self._tensor(cell[order[a:b]]), self._tensor(label[order[a:b]]))
            for a, b in pairwise(bounds)
        ]

    def parts(self, max_words: int) -> Iterator[tuple[Tensor, BlockPlan]]:
        """Split the batch, texts of similar length together.

        max_words (int): Words of the largest part (a longer text is one part all the same).
        YIELDS (tuple): (w,) words of a part, and the layout of its texts.
        """
        parts: list[list[int]] = []
        size = 0
        for text in np.argsort(-self.lengths, kind="stable").tolist():
            size += int(self.lengths[text])
            if not parts or size > max_words:
                parts.append([])
                size = int(self.lengths[text])
            parts[-1].append(text)
        for texts in parts:
            lengths = self.lengths[texts]
            first = np.repeat(self.offsets[texts] - np.cumsum(lengths) + lengths, lengths)
            words = first + np.arange(lengths.sum())
            yield self._tensor(words), BlockPlan(lengths.tolist(), self._device, self.max_cells)

    def _groups(self) -> list[list[int]]:
        """Texts that share a block: from the longest down, until it is full or too much padding."""
        groups: list[list[int]] = []
        n = padding = 0
        for text in np.argsort(-self.lengths, kind="stable").tolist():
            length = int(self.lengths[text])
            if not length:
                break
            padding += n * n - length * length
            full = bool(groups) and (len(groups[-1]) + 1) * n * n > self.max_cells
            if not groups or full or padding > PADDING * self.max_cells:
                groups.append([])
                n, padding = length, 0
            groups[-1].append(text)
        return groups

    def _cut(self, group: list[int]) -> Iterator[Block]:
        n = int(self.lengths[group[0]])
        rows = n if n * n <= self.max_cells else max(1, self.max_cells // n)
        self._first_block[group] = self._n_blocks
        self._place[group] = np.arange(len(group))
        self._rows[group], self._cols[group] = rows, n
        lengths = self.lengths[group][:, None]
        words = self.offsets[group][:, None] + np.minimum(np.arange(n), lengths - 1)  # (b, n)
        real = np.arange(n) < lengths
        cols = self._tensor(words)
        for first in range(0, n, rows):
            part = slice(first, first + rows)
            cells = real[:, part, None] & real[:, None, :]  # (b, r, n)
            yield Block(
                self._tensor(words[:, part]),
                cols,
                self._tensor(words[:, part][real[:, part]]),
                self._tensor(np.flatnonzero(real[:, part])),
                self._tensor(np.flatnonzero(~cells)),
            )
            self._n_blocks += 1

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
