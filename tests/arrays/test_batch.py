"""Docs → units → windows: which words each window reads, and which it owns."""

from __future__ import annotations

from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_rin.arrays.batch import (
    Window,
    WindowBatch,
    find_words,
    make_batch,
    make_unit_spans,
    to_words,
)

NLP = spacy.blank("en")


def make_doc(length: int, sent_starts: list[int] | None = None) -> Doc:
    starts = None if sent_starts is None else [i in sent_starts for i in range(length)]
    return Doc(NLP.vocab, words=[f"w{i}" for i in range(length)], sent_starts=starts)


def bounds(batch: WindowBatch) -> list[tuple[int, int]]:
    return [(window.start, window.end) for window in batch.windows]


def test_sentences_are_units() -> None:
    batch = make_batch([make_doc(7, [0, 3, 4])])
    assert bounds(batch) == [(0, 3), (3, 4), (4, 7)]
    assert [window.unit for window in batch.windows] == [0, 1, 2]


def test_doc_unit_does_not_care_for_sentences() -> None:
    assert bounds(make_batch([make_doc(7, [0, 3, 4])], "doc")) == [(0, 7)]


def test_doc_without_sentence_starts_is_one_unit() -> None:
    assert bounds(make_batch([make_doc(7)])) == [(0, 7)]


def test_sentences_of_a_splitter_are_units() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    assert bounds(make_batch([nlp("One two. Three.")])) == [(0, 3), (3, 5)]


def test_windows_name_their_doc() -> None:
    batch = make_batch([make_doc(2), make_doc(4, [0, 2]), make_doc(3)])
    assert batch.windows == [
        Window(doc=0, unit=0, start=0, end=2, own_start=0, own_end=2),
        Window(doc=1, unit=1, start=0, end=2, own_start=0, own_end=2),
        Window(doc=1, unit=2, start=2, end=4, own_start=2, own_end=4),
        Window(doc=2, unit=3, start=0, end=3, own_start=0, own_end=3),
    ]


@pytest.mark.parametrize("unit", ["sentence", "doc"])
def test_empty_docs_have_no_windows(unit: str) -> None:
    batch = make_batch([make_doc(0), make_doc(2), make_doc(0)], unit)
    assert [window.doc for window in batch.windows] == [1]
    assert len(batch.docs) == 3


@pytest.mark.parametrize("unit", ["sentence", "doc"])
def test_whitespace_alone_has_no_windows(unit: str) -> None:
    doc = NLP.make_doc(" \n ")
    assert bounds(make_batch([doc], unit)) == [] and len(doc) > 0


def test_whitespace_is_left_out() -> None:
    doc = NLP.make_doc("\n One  two\nthree four \n ")
    batch = make_batch([doc], max_length=3)
    assert bounds(batch) == [(0, 3), (1, 4)]
    texts = [[(t.text, bool(t.whitespace_)) for t in text] for text in batch.texts()]
    assert texts == [
        [("One", True), ("two", True), ("three", True)],
        [("two", True), ("three", True), ("four", True)],
    ]
    for window, words in zip(batch.windows, texts, strict=True):
        tokens = batch.tokens(window).tolist()
        assert [doc[i].text for i in tokens] == [word for word, _ in words]
    (spans,) = make_unit_spans(max_length=3)([doc])
    assert [span.text_with_ws for span in spans] == [
        "\n One  two\nthree ",
        "two\nthree four \n ",
    ]


@given(st.lists(st.sampled_from(["a", "b", " ", "\n"]), max_size=12), st.data())
def test_spans_are_counted_in_words(words: list[str], data: st.DataObject) -> None:
    doc = Doc(NLP.vocab, words=words)
    end = data.draw(st.integers(0, len(words)))
    start = data.draw(st.integers(0, end))
    expected = tuple(sum(not w.isspace() for w in words[:place]) for place in (start, end))
    assert to_words(find_words(doc), start, end) == expected


def test_sentence_of_whitespace_is_no_unit() -> None:
    doc = Doc(NLP.vocab, words=["a", "\n", "\n", "b"], sent_starts=[True, False, True, True])
    assert bounds(make_batch([doc])) == [(0, 1), (1, 2)]


def test_no_docs_give_an_empty_batch() -> None:
    batch = make_batch([])
    assert (batch.windows, batch.lengths, batch.texts()) == ([], [], [])
    assert batch.offsets.tolist() == [0]


def test_docs_may_come_as_a_stream() -> None:
    docs = [make_doc(1), make_doc(2)]
    assert list(make_batch(iter(docs)).docs) == docs


def test_offsets_are_the_rows_where_windows_start() -> None:
    batch = make_batch([make_doc(5, [0, 2]), make_doc(0), make_doc(4)])
    assert batch.lengths == [2, 3, 4]
    assert batch.offsets.tolist() == [0, 2, 5, 9]


def test_texts_are_the_words_of_the_windows() -> None:
    batch = make_batch([make_doc(5, [0, 2]), make_doc(3)])
    texts = [[token.text for token in text] for text in batch.texts()]
    assert texts == [["w0", "w1"], ["w2", "w3", "w4"], ["w0", "w1", "w2"]]


def test_doc_that_is_one_window_is_its_own_text() -> None:
    doc = make_doc(3)
    (text,) = make_batch([doc], max_length=3).texts()
    assert text is doc


def test_texts_keep_what_a_tok2vec_reads() -> None:
    words = ["He", "'s", "in", "Rome", ",", "now"]
    spaces = [False, True, True, False, False, True]
    doc = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=[1, 0, 0, 1, 0, 0])
    for i, token in enumerate(doc):
        token.tag_, token.lemma_, token.norm_ = f"T{i}", f"l{i}", f"n{i}"
        token.pos_ = "NOUN" if i % 2 else "VERB"
        token.set_morph(f"Number={'Sing' if i % 2 else 'Plur'}")
    texts = make_batch([doc], max_length=2).texts()
    windows = make_batch([doc], max_length=2).windows
    assert len(texts) == 4
    for text, window in zip(texts, windows, strict=True):
        span = doc[window.start : window.end]
        assert text.text == span.text_with_ws and text.vocab is doc.vocab
        for name in (
            "orth",
            "lower",
            "shape",
            "tag",
            "pos",
            "morph",
            "lemma",
            "norm",
            "whitespace_",
        ):
            found = [getattr(token, name) for token in text]
            assert found == [getattr(token, name) for token in span], name


def test_texts_leave_the_doc_alone() -> None:
    doc = make_doc(4, [0, 2])
    before = doc.to_bytes()
    for text in make_batch([doc]).texts():
        for token in text:
            token.tag_ = "X"
    assert doc.to_bytes() == before


def test_unit_of_max_length_is_one_window() -> None:
    assert bounds(make_batch([make_doc(6)], max_length=6)) == [(0, 6)]


def test_unit_one_word_over_max_length_is_two_windows() -> None:
    assert bounds(make_batch([make_doc(7)], max_length=6)) == [(0, 6), (1, 7)]


def test_zero_is_no_limit() -> None:
    assert bounds(make_batch([make_doc(5000)], max_length=0)) == [(0, 5000)]


@pytest.mark.parametrize(
    "max_length, expected",
    [
        (1, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        (2, [(0, 2), (1, 3), (2, 4)]),
        (3, [(0, 3), (1, 4)]),
    ],
)
def test_shortest_windows(max_length: int, expected: list[tuple[int, int]]) -> None:
    assert bounds(make_batch([make_doc(4)], max_length=max_length)) == expected


def test_only_long_sentences_have_several_windows() -> None:
    batch = make_batch([make_doc(10, [0, 2, 8])], max_length=4)
    assert bounds(batch) == [(0, 2), (2, 6), (4, 8), (8, 10)]
    assert [window.unit for window in batch.windows] == [0, 1, 1, 2]
    assert [window[-2:] for window in batch.windows] == [(0, 2), (2, 5), (5, 8), (8, 10)]


lengths = st.integers(1, 70)
max_lengths = st.integers(1, 24)
unit_starts = st.integers(0, 5)


def windows_of_one_unit(length: int, max_length: int, before: int) -> list[Window]:
    """Windows of a unit of `length` words that follows another unit of `before` words."""
    doc = make_doc(before + length, [0, before])
    unit = 1 if before else 0
    return [w for w in make_batch([doc], max_length=max_length).windows if w.unit == unit]


@settings(max_examples=200)
@given(length=lengths, max_length=max_lengths, before=unit_starts)
def test_own_words_of_the_windows_are_the_unit(length: int, max_length: int, before: int) -> None:
    windows = windows_of_one_unit(length, max_length, before)
    own = [i for w in windows for i in range(w.own_start, w.own_end)]
    assert own == list(range(before, before + length))


@settings(max_examples=200)
@given(length=lengths, max_length=max_lengths, before=unit_starts)
def test_windows_hold_their_own_words_and_no_more_than_max_length(
    length: int, max_length: int, before: int
) -> None:
    for w in windows_of_one_unit(length, max_length, before):
        assert before <= w.start <= w.own_start < w.own_end <= w.end <= before + length
        assert w.end - w.start == min(length, max_length)


@settings(max_examples=200)
@given(length=lengths, max_length=max_lengths, before=unit_starts)
def test_neighbouring_windows_overlap_by_half(length: int, max_length: int, before: int) -> None:
    windows = windows_of_one_unit(length, max_length, before)
    for left, right in pairwise(windows):
        assert left.start < right.start
        assert left.end - right.start >= max_length // 2


@settings(max_examples=100)
@given(length=lengths, max_length=max_lengths, before=unit_starts)
def test_close_words_share_a_window(length: int, max_length: int, before: int) -> None:
    windows = windows_of_one_unit(length, max_length, before)
    for i in range(before, before + length):
        for j in range(i, min(i + max_length // 2 + 1, before + length)):
            assert any(w.start <= i and j < w.end for w in windows), (i, j)


@settings(max_examples=100)
@given(length=lengths, max_length=max_lengths, before=unit_starts)
def test_a_word_belongs_to_the_window_where_it_sees_most(
    length: int, max_length: int, before: int
) -> None:
    windows = windows_of_one_unit(length, max_length, before)

    def context(w: Window, i: int) -> int:
        """Words read on the narrower side of word i. An end of the unit hides none."""
        left = length if w.start == before else i - w.start
        right = length if w.end == before + length else w.end - 1 - i
        return min(left, right)

    for w in windows:
        for i in range(w.own_start, w.own_end):
            most = max(context(other, i) for other in windows if other.start <= i < other.end)
            assert context(w, i) >= most - 1  # 1 for a middle between two words


@settings(max_examples=50)
@given(length=st.integers(1, 30), max_length=st.integers(0, 8), data=st.data())
def test_every_word_is_owned_once(length: int, max_length: int, data: st.DataObject) -> None:
    starts = data.draw(st.lists(st.integers(1, length), max_size=4))
    batch = make_batch([make_doc(length, [0, *starts])], max_length=max_length)
    own = [i for w in batch.windows for i in range(w.own_start, w.own_end)]
    assert own == list(range(length))
