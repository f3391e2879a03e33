"""The plan of the blocks: every cell and every text once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import layout, lengths_lists


@settings(max_examples=40)
@given(lengths=lengths_lists, max_cells=st.integers(1, 200))
def test_layout_visits_every_cell_once(lengths: list[int], max_cells: int) -> None:
    blocks = layout(lengths, max_cells)
    visited, rows_once = [], []
    for block in blocks.blocks:
        size = block.rows.numel() * block.cols.shape[1]
        padding = set(block.padding.tolist())
        assert size <= max(max_cells, block.cols.shape[1])
        assert len(padding) <= max_cells / 12
        cells = [
            (i, j)
            for rows, cols in zip(block.rows.tolist(), block.cols.tolist(), strict=True)
            for i in rows
            for j in cols
        ]
        visited += [cell for k, cell in enumerate(cells) if k not in padding]
        assert block.words.equal(block.rows.flatten()[block.real])
        rows_once += block.words.tolist()
    assert sorted(rows_once) == list(range(sum(lengths)))
    offsets = np.cumsum([0, *lengths])
    expected = [
        (int(start + i), int(start + j))
        for start, n in zip(offsets, lengths, strict=False)
        for i in range(n)
        for j in range(n)
    ]
    assert sorted(visited) == sorted(expected)


@settings(max_examples=40)
@given(lengths=lengths_lists, max_cells=st.integers(1, 200), data=st.data())
def test_layout_locates_cells(lengths: list[int], max_cells: int, data: st.DataObject) -> None:
    blocks = layout(lengths, max_cells)
    text = data.draw(st.integers(0, len(lengths) - 1))
    head = data.draw(st.integers(0, lengths[text] - 1))
    tail = data.draw(st.integers(0, lengths[text] - 1))
    found = []
    located = blocks.locate(np.array([(text, head, tail, 3)]))
    for block, (cells, labels) in zip(blocks.blocks, located, strict=True):
        rows = block.rows.unsqueeze(2).expand(-1, -1, block.cols.shape[1]).flatten()
        cols = block.cols.unsqueeze(1).expand(-1, block.rows.shape[1], -1).flatten()
        found += list(zip(rows[cells].tolist(), cols[cells].tolist(), labels.tolist(), strict=True))
    start = sum(lengths[:text])
    assert found == [(start + head, start + tail, 3)]


def test_texts_without_words_are_in_no_block() -> None:
    blocks = layout([0, 2, 0, 2])
    located = blocks.locate(np.array([(3, 1, 0, 2), (1, 0, 1, 3)]))
    (block,) = blocks.blocks
    assert block.rows.tolist() == [[0, 1], [2, 3]]
    assert [(cells.tolist(), labels.tolist()) for cells, labels in located] == [([6, 1], [2, 3])]


@pytest.mark.parametrize("lengths", [[], [0, 0]])
def test_batch_without_words_has_no_blocks(lengths: list[int]) -> None:
    blocks = layout(lengths)
    assert blocks.locate(np.zeros((0, 4), dtype=np.int64)) == blocks.blocks == []
    assert blocks.largest_block == blocks.longest == 0


@settings(max_examples=40)
@given(lengths=lengths_lists, max_words=st.integers(1, 30))
def test_parts_hold_every_text_once(lengths: list[int], max_words: int) -> None:
    starts = np.cumsum([0, *lengths])
    texts = {tuple(range(a, b)) for a, b in pairwise(starts.tolist())}
    found: list[tuple[int, ...]] = []
    for words, part in layout(lengths).parts(max_words):
        assert len(words) <= max_words or len(part.lengths) == 1
        found += [tuple(text.tolist()) for text in words.split(part.lengths.tolist())]
    assert set(found) == texts and len(found) == len(texts)
