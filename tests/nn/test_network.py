"""The network and its losses against the slow reference, and what must not change their values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import forward, loss, random_params
from torch import Tensor

from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.interaction import PaperInteraction
from spacy_rin.nn.loss import relation_loss, tag_loss
from spacy_rin.nn.network import RIN
from spacy_rin.nn.row_maximum import row_maximum
from spacy_rin.nn.table import Table

WIDTH, N_TAGS, N_LABELS = 6, 5, 4
LENGTHS = [3, 1, 5, 3]
CELLS = [(0, 0, 2, 1), (0, 2, 2, 0), (1, 0, 0, 3), (2, 4, 1, 1), (2, 4, 1, 2), (3, 1, 0, 0)]
MASKED = [(2, 0, 3, 2), (3, 2, 2, 1)]
ABLATIONS = [(True, True), (False, True), (True, False)]


def make_network(
    rounds: int, ablation: tuple[bool, bool] = (True, True), nI: int = WIDTH, seed: int = 0
) -> tuple[RIN, dict[str, Tensor]]:
    params = random_params(
        WIDTH, N_TAGS, N_LABELS, nI if nI != WIDTH else None, seed=seed, dtype=torch.float32
    )
    network = RIN(PaperInteraction(WIDTH, *ablation), rounds)
    network.initialize(nI, N_TAGS, N_LABELS)
    network.load_state_dict(named(network, params))
    return network, {name: p.clone().requires_grad_() for name, p in params.items()}


def named(network: RIN, params: dict[str, Tensor]) -> dict[str, Tensor]:
    """The reference's parameters under the network's names."""
    return {name: params[name.removeprefix("interaction.")] for name in network.state_dict()}


def layout(lengths: list[int], max_cells: int = 12) -> BlockPlan:
    return BlockPlan(lengths, torch.device("cpu"), max_cells)


def whole_table(table: Table, length: int) -> Tensor:
    """(n, n, L) logits of one text, read cell by cell."""
    rows, cols = torch.arange(length).repeat_interleave(length), torch.arange(length).repeat(length)
    return table.cells_between(rows, cols, -torch.inf)[2].view(length, length, -1)


def assert_close(found: Tensor, expected: Tensor, name: str = "") -> None:
    """Allow a difference of 1e-5 of the largest entry."""
    scale = max(float(expected.detach().abs().max()), 1e-12)
    assert float((found - expected).detach().abs().max()) <= 1e-5 * scale, name


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("rounds", [0, 1, 2, 3, 5])
def test_scores_equal_the_reference(rounds: int, ablation: tuple[bool, bool]) -> None:
    network, params = make_network(rounds, ablation)
    for length in (1, 2, 7):
        words = torch.randn(length, WIDTH)
        tag_logits, table = network(words, layout([length]))
        expected_tags, expected_table = forward(params, words, rounds, *ablation)
        assert_close(torch.softmax(tag_logits, 1), expected_tags)
        assert_close(torch.sigmoid(whole_table(table, length)), expected_table)


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("rounds", [0, 1, 2, 4])
@pytest.mark.parametrize("nI", [WIDTH, 9])
def test_losses_and_gradients_equal_the_reference(
    rounds: int, ablation: tuple[bool, bool], nI: int
) -> None:
    network, params = make_network(rounds, ablation, nI)
    words = torch.randn(sum(LENGTHS), nI)
    tags = np.random.default_rng(0).integers(0, N_TAGS, sum(LENGTHS))
    tags[4] = -1
    entities, relations, d_words = our_losses(network, words, tags)

    expected_words = words.clone().requires_grad_()
    sentences = expected_words.split(LENGTHS)
    gold_tags = np.split(tags, np.cumsum(LENGTHS)[:-1])
    gold = [
        (
            [None if tag < 0 else int(tag) for tag in gold_tags[k]],
            {c[1:]: 1 for c in CELLS if c[0] == k} | {c[1:]: None for c in MASKED if c[0] == k},
        )
        for k in range(len(LENGTHS))
    ]
    expected_entities, expected_relations = loss(params, sentences, gold, rounds, *ablation)
    (expected_entities + expected_relations).backward()

    assert entities == pytest.approx(expected_entities.item(), rel=1e-5)
    assert relations == pytest.approx(expected_relations.item(), rel=1e-5)
    assert_close(d_words, expected_words.grad, "words")
    for name, parameter in network.named_parameters():
        expected = params[name.removeprefix("interaction.")].grad
        if expected is None:  # not used in this many rounds
            assert parameter.grad is None or not parameter.grad.any(), name
        else:
            assert_close(parameter.grad, expected, name)


def our_losses(network: RIN, words: Tensor, tags: np.ndarray) -> tuple[float, float, Tensor]:
    words = words.clone().requires_grad_()
    blocks = layout(LENGTHS)
    tag_logits, table = network(words, blocks)
    entities, d_tags = tag_loss(tag_logits.detach(), torch.from_numpy(tags), len(LENGTHS))
    relations, gradients = relation_loss(
        table.detach(), blocks.locate(np.array(CELLS)), blocks.locate(np.array(MASKED))
    )
    torch.autograd.backward([tag_logits, *table.factors()], [d_tags, *gradients])
    return entities, relations, words.grad


lengths_lists = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(lengths=lengths_lists, max_cells=st.integers(1, 200), data=st.data())
def test_batch_order_and_block_size_change_nothing(
    lengths: list[int], max_cells: int, data: st.DataObject
) -> None:
    network, _ = make_network(rounds=2)
    texts = [torch.randn(n, WIDTH) for n in lengths]
    alone = [network(text, layout([len(text)])) for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    shuffled = [len(texts[k]) for k in order]
    together = network(torch.cat([texts[k] for k in order]), layout(shuffled, max_cells))
    for name, rows_of in (
        ("tags", lambda output: output[0]),
        ("heads", lambda output: output[1].heads),
        ("tails", lambda output: output[1].tails),
    ):
        for k, part in zip(order, rows_of(together).split(shuffled), strict=True):
            assert_close(part, rows_of(alone[k]), name)


@settings(max_examples=40, deadline=None)
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


@settings(max_examples=40, deadline=None)
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


@settings(max_examples=40, deadline=None)
@given(lengths=lengths_lists, max_words=st.integers(1, 30))
def test_parts_hold_every_text_once(lengths: list[int], max_words: int) -> None:
    starts = np.cumsum([0, *lengths])
    texts = {tuple(range(a, b)) for a, b in pairwise(starts.tolist())}
    found: list[tuple[int, ...]] = []
    for words, part in layout(lengths).parts(max_words):
        assert len(words) <= max_words or len(part.lengths) == 1
        found += [tuple(text.tolist()) for text in words.split(part.lengths.tolist())]
    assert set(found) == texts and len(found) == len(texts)


@settings(max_examples=40, deadline=None)
@given(lengths=lengths_lists, max_words=st.integers(1, 30))
def test_prediction_in_parts_is_that_of_training(lengths: list[int], max_words: int) -> None:
    network, _ = make_network(rounds=2)
    words = torch.randn(sum(lengths), WIDTH)
    expected_tags, expected = network(words, layout(lengths))
    with torch.no_grad(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_rin.nn.network.PART_WORDS", max_words)
        tags, table = network(words, layout(lengths))
    assert_close(tags, expected_tags)
    assert_close(table.heads, expected.heads)
    assert_close(table.tails, expected.tails)


def test_row_maximum_gradient_is_numerically_right() -> None:
    torch.manual_seed(1)
    lengths = [2, 4, 2]
    factors = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((8, 3), (8, 3), (2, 3), (2,))
    ]
    assert torch.autograd.gradcheck(
        lambda *f: row_maximum(Table(*f, layout(lengths, max_cells=5), torch.float64)), factors
    )


def test_cells_over_finds_what_the_whole_table_holds() -> None:
    network, _ = make_network(rounds=1)
    lengths = [4, 2, 4]
    blocks = layout(lengths)
    table = network(torch.randn(10, WIDTH), blocks)[1].detach()
    rows, cols, labels, logits = table.cells_over(-1.0)
    found = set(zip(rows.tolist(), cols.tolist(), labels.tolist(), strict=True))
    expected, start = set(), 0
    for n in lengths:
        words = slice(start, start + n)
        text = Table(table.heads[words], table.tails[words], table.weight, table.bias, blocks)
        for i, j, t in (whole_table(text, n) >= -1.0).nonzero().tolist():
            expected.add((start + i, start + j, t))
        start += n
    assert found == expected and len(found) == len(rows) > 0
    assert (logits >= -1.0).all()


def test_no_words_give_no_output() -> None:
    network, _ = make_network(rounds=2)
    tag_logits, table = network(torch.zeros(0, WIDTH), layout([]))
    assert tag_logits.shape == (0, N_TAGS) and table.heads.shape == (0, WIDTH)
