"""Lengths of texts → blocks: which cells of their relation tables are computed together.

The row maximum, the loss and decoding read the tables of a batch block by block. A block holds
texts of about equal length, side by side, or some rows of one long text. Its size is what suits the
processor (`device`). Its padding costs less than another block would cost to start.

Shapes: B texts of a batch; b texts, r rows and n columns of a block; R rows of a block that are not
padding; Q cells of a block that are padding; G cells to find; w words of a part of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# The share of the largest block that may be padding. To compute so much padding takes about as long
# as to start another block.
PADDING = 1 / 12


class Block(NamedTuple):
    """The cells of every row and every column of the same text, for some texts.

    Cells are numbered text by text and row by row: cell (text · r + row) · n + column.

    rows (Tensor): (b, r) word of each row. A shorter text repeats its last word.
    cols (Tensor): (b, n) word of each column. A shorter text repeats its last word.
    words (Tensor): (R,) words of the rows that are not padding.
    real (Tensor): (R,) places of these rows among all b · r rows.
    padding (Tensor): (Q,) cells whose row or column is padding.
    distance (Tensor): (r, n) how many words the column is after the row; negative if it is before.

    A text of two words (0 and 1) and one of three (2, 3 and 4) share a block, the longer one first:

    >>> plan = BlockPlan([2, 3], torch.device("cpu"), max_cells=100)
    >>> (block,) = plan.blocks
    >>> block.rows.tolist()
    [[2, 3, 4], [0, 1, 1]]
    >>> block.words.tolist(), block.real.tolist()
    ([2, 3, 4, 0, 1], [0, 1, 2, 3, 4])
    >>> block.padding.tolist()  # cells 9 to 17 are those of the shorter text
    [11, 14, 15, 16, 17]
    >>> block.distance[0].tolist(), block.distance[2].tolist()
    ([0, 1, 2], [-2, -1, 0])
    """

    rows: Tensor
    cols: Tensor
    words: Tensor
    real: Tensor
    padding: Tensor
    distance: Tensor


class _Group(NamedTuple):
    """Texts that share blocks. A text that needs several blocks is alone in its group.

    texts (list[int]): The texts, the longest first.
    n_rows (int): r of the blocks; the last block of a long text may have fewer rows.
    n_cols (int): n of the blocks, the words of the longest text.
    """

    texts: list[int]
    n_rows: int
    n_cols: int


class _Positions(NamedTuple):
    """Where the rows of each text are, (B,) each. A text without words is nowhere.

    first_block (ndarray): The first block that holds rows of the text.
    place (ndarray): The text's place among the b texts of its blocks.
    n_rows (ndarray): r of its blocks.
    n_cols (ndarray): n of its blocks.
    """

    first_block: np.ndarray
    place: np.ndarray
    n_rows: np.ndarray
    n_cols: np.ndarray


class BlockPlan:
    """How the tables of a batch of texts are cut into blocks.

    lengths (Sequence[int]): Words of each text.
    device (torch.device): Where the indices of the blocks are kept.
    max_cells (int): The most cells of a block. A row with more cells is a block of its own.
    """

    def __init__(self, lengths: Sequence[int], device: torch.device, max_cells: int) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)  # (B,)
        self.offsets = np.cumsum(self.lengths) - self.lengths  # (B,) first word of each text
        self.max_cells = max_cells
        self._device = device

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks, which together hold every cell once.

        RETURNS (list[Block]): None for a batch without words.
        """
        return [block for group in self._groups for block in self._cut(group)]

    @property
    def largest_block(self) -> int:
        """The size of the largest block.

        RETURNS (int): Its cells, with padding.
        """
        return max((b.rows.numel() * b.cols.shape[1] for b in self.blocks), default=0)

    @property
    def longest(self) -> int:
        """The length of the longest text.

        RETURNS (int): Its words.
        """
        return int(self.lengths.max(initial=0))

    def starts(self) -> Tensor:
        """Find where each word's text begins.

        RETURNS (Tensor): (W,) the first word of the text of each word.
        """
        return self._tensor(np.repeat(self.offsets, self.lengths))

    def locate(self, cells: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """Find cells in the blocks.

        cells (ndarray): (G, 4) text, head word, tail word, label. Words are counted in the text.
        RETURNS (list[tuple[Tensor, Tensor]]): For each block, the cells that are in it and their
            labels, both (cells found,).

        The second word of text 0 and its first, in the block that is shown at `Block`:

        >>> plan = BlockPlan([2, 3], torch.device("cpu"), max_cells=100)
        >>> plan.locate(np.array([(0, 1, 0, 7)]))
        [(tensor([12]), tensor([7]))]
        """
        text, head, tail, label = cells.T  # (G,) each
        first_block, place, n_rows, n_cols = (array[text] for array in self._positions)
        block, row = first_block + head // n_rows, head % n_rows
        # This is also right in the last block of a long text, which may have fewer rows: the text
        # is alone there, so that its place is 0.
        cell = (place * n_rows + row) * n_cols + tail
        order = np.argsort(block, kind="stable")
        bounds = np.searchsorted(block[order], np.arange(len(self.blocks) + 1))
        return [
            (self._tensor(cell[order[a:b]]), self._tensor(label[order[a:b]]))
            for a, b in pairwise(bounds)
        ]

    def parts(self, max_words: int) -> Iterator[tuple[Tensor, BlockPlan]]:
        """Split the batch into parts, each of texts of similar length.

        max_words (int): The most words of a part. A text with more words is a part of its own.
        YIELDS (tuple[Tensor, BlockPlan]): The (w,) words of a part, and the plan of its texts.
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
            starts = np.cumsum(lengths) - lengths  # first word of each text, counted in the part
            words = np.arange(lengths.sum()) + np.repeat(self.offsets[texts] - starts, lengths)
            yield self._tensor(words), BlockPlan(lengths.tolist(), self._device, self.max_cells)

    @cached_property
    def _groups(self) -> list[_Group]:
        """Texts that share blocks: from the longest down, until full or too much is padding."""
        groups: list[_Group] = []
        n = padding = 0
        for text in np.argsort(-self.lengths, kind="stable").tolist():
            length = int(self.lengths[text])
            if not length:
                break
            padding += n * n - length * length
            full = bool(groups) and (len(groups[-1].texts) + 1) * n * n > self.max_cells
            if not groups or full or padding > PADDING * self.max_cells:
                n, padding = length, 0
                n_rows = n if n * n <= self.max_cells else max(1, self.max_cells // n)
                groups.append(_Group([], n_rows, n))
            groups[-1].texts.append(text)
        return groups

    @cached_property
    def _positions(self) -> _Positions:
        """Where each text is in the blocks; only the loss needs it."""
        first_block, place, n_rows, n_cols = np.zeros((4, len(self.lengths)), dtype=np.int64)
        n_blocks = 0
        for group in self._groups:
            first_block[group.texts] = n_blocks
            place[group.texts] = np.arange(len(group.texts))
            n_rows[group.texts], n_cols[group.texts] = group.n_rows, group.n_cols
            n_blocks += -(-group.n_cols // group.n_rows)  # rounded up
        return _Positions(first_block, place, n_rows, n_cols)

    def _cut(self, group: _Group) -> Iterator[Block]:
        """Cut the rows of a group of texts into blocks."""
        texts, r, n = group
        lengths = self.lengths[texts][:, None]  # (b, 1)
        words = self.offsets[texts][:, None] + np.minimum(np.arange(n), lengths - 1)  # (b, n)
        real = np.arange(n) < lengths  # (b, n)
        cols = self._tensor(words)
        for first in range(0, n, r):
            part = slice(first, first + r)
            cells = real[:, part, None] & real[:, None, :]  # (b, r, n)
            yield Block(
                self._tensor(words[:, part]),
                cols,
                self._tensor(words[:, part][real[:, part]]),
                self._tensor(np.flatnonzero(real[:, part])),
                self._tensor(np.flatnonzero(~cells)),
                self._tensor(np.arange(n) - np.arange(n)[part, None]),
            )

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
