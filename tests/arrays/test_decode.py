"""Decoding, compared with a dense table that is read cell by cell."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import spacy
from dense import DenseReader, make_doc
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_rin.arrays.batch import WindowBatch, make_batch
from spacy_rin.arrays.decode import Prediction, decode_scores
from spacy_rin.arrays.tags import EntitySpan, TagSet

NLP = spacy.blank("en")
TAGS = TagSet(["PER", "LOC"])
LABELS = ["near", "in"]
THRESHOLD = 0.5

FoundTriples = dict[tuple[EntitySpan, str, EntitySpan], float]


def tag_row(spans: list[EntitySpan], i: int) -> np.ndarray:
    """(T,) log-probabilities of the tags of word i, with nearly all on the right one."""
    name = "O"
    for start, end, label in spans:
        if start <= i < end:
            first, last = i == start, i == end - 1
            name = f"{'S' if first and last else 'B' if first else 'E' if last else 'I'}-{label}"
    row = np.full(len(TAGS), -20.0)
    row[TAGS.names.index(name)] = -1e-3
    return row


def make_reader(
    batch: WindowBatch,
    entities: list[list[EntitySpan]],
    cells: dict[tuple[int, int, int, int], float],
) -> DenseReader:
    """A reader that finds these entities of each Doc, and these cells (window, i, j, label)."""
    rows = [tag_row(entities[w.doc], i) for w in batch.windows for i in range(w.start, w.end)]
    tables = [np.zeros((n, n, len(LABELS))) for n in batch.lengths]
    for (window, i, j, label), score in cells.items():
        tables[window][i, j, label] = score
    return DenseReader(batch, np.array(rows).reshape(-1, len(TAGS)), tables)


def run(
    reader: DenseReader,
    batch: WindowBatch,
    *,
    partial: bool = False,
    keep: bool = False,
    anchor: str = "last",
    threshold: float = THRESHOLD,
) -> list[Prediction]:
    return decode_scores(
        reader,
        batch,
        TAGS,
        LABELS,
        threshold=threshold,
        anchor=anchor,
        decode="partial" if partial else "exact",
        keep=keep,
    )


def triples(prediction: Prediction) -> FoundTriples:
    """The triples with their scores. Each must be there once."""
    found = {(t.head, t.label, t.tail): t.score for t in prediction.triples}
    assert len(found) == len(prediction.triples)
    return found


ANN, OSLO = (0, 2, "PER"), (3, 5, "LOC")


def one_doc(cells: dict[tuple[int, int, int, int], float]) -> tuple[DenseReader, WindowBatch]:
    batch = make_batch([make_doc(6)])
    return make_reader(batch, [[ANN, OSLO]], cells), batch


def test_exact_relates_entities_by_their_last_words() -> None:
    reader, batch = one_doc({(0, 1, 4, 1): 0.9, (0, 0, 3, 0): 0.9})
    (prediction,) = run(reader, batch)
    assert prediction.entities == [ANN, OSLO]
    assert triples(prediction) == {(ANN, "in", OSLO): 0.9}


def test_exact_relates_entities_by_their_first_words() -> None:
    reader, batch = one_doc({(0, 1, 4, 1): 0.9, (0, 0, 3, 0): 0.9})
    (prediction,) = run(reader, batch, anchor="first")
    assert triples(prediction) == {(ANN, "near", OSLO): 0.9}


def test_exact_reads_only_cells_between_entities() -> None:
    reader, batch = one_doc({})
    run(reader, batch)
    assert sorted(reader.cells_read) == [(1, 1), (1, 4), (4, 1), (4, 4)]


def test_exact_does_not_relate_other_words() -> None:
    reader, batch = one_doc({(0, 2, 4, 0): 0.9, (0, 4, 5, 0): 0.9})
    assert triples(run(reader, batch)[0]) == {}


def test_entity_may_be_related_to_itself() -> None:
    reader, batch = one_doc({(0, 1, 1, 0): 0.9})
    assert triples(run(reader, batch)[0]) == {(ANN, "near", ANN): 0.9}


def test_pair_may_have_several_labels() -> None:
    reader, batch = one_doc({(0, 4, 1, 0): 0.9, (0, 4, 1, 1): 0.8})
    assert triples(run(reader, batch)[0]) == {(OSLO, "near", ANN): 0.9, (OSLO, "in", ANN): 0.8}


def test_partial_relates_any_words() -> None:
    reader, batch = one_doc({(0, 2, 4, 0): 0.9, (0, 0, 5, 1): 0.8})
    assert triples(run(reader, batch, partial=True)[0]) == {
        ((2, 3, ""), "near", OSLO): 0.9,
        ((0, 1, ""), "in", (5, 6, "")): 0.8,
    }


@pytest.mark.parametrize("partial", [False, True])
def test_score_of_the_threshold_is_enough(partial: bool) -> None:
    reader, batch = one_doc({(0, 1, 4, 0): 0.7, (0, 4, 1, 0): 0.69})
    found = triples(run(reader, batch, partial=partial, threshold=0.7)[0])
    assert found == {(ANN, "near", OSLO): 0.7}


def test_no_entities_have_no_triples() -> None:
    batch = make_batch([make_doc(3)])
    reader = make_reader(batch, [[]], {(0, 0, 1, 0): 0.9})
    assert run(reader, batch) == [Prediction([], [])]


def test_empty_docs_have_an_empty_prediction() -> None:
    batch = make_batch([make_doc(0), make_doc(6), make_doc(0)])
    reader = make_reader(batch, [[], [ANN, OSLO], []], {(0, 1, 4, 0): 0.9})
    first, second, third = run(reader, batch)
    assert first == third == Prediction([], [])
    assert triples(second) == {(ANN, "near", OSLO): 0.9}


def test_entity_does_not_go_on_in_the_next_sentence() -> None:
    batch = make_batch([make_doc(4, {2})])
    reader = make_reader(batch, [[(1, 3, "PER")]], {})
    (prediction,) = run(reader, batch)
    assert all(end <= 2 or start >= 2 for start, end, _ in prediction.entities)


def test_entities_of_two_sentences_are_not_related() -> None:
    batch = make_batch([make_doc(4, {2})])
    left, right = (1, 2, "PER"), (3, 4, "PER")
    cells = {(0, 1, 1, 0): 0.9, (1, 1, 1, 0): 0.8}
    (prediction,) = run(make_reader(batch, [[left, right]], cells), batch)
    assert triples(prediction) == {(left, "near", left): 0.9, (right, "near", right): 0.8}


@pytest.mark.parametrize("partial", [False, True])
def test_triple_of_two_windows_takes_its_best_score(partial: bool) -> None:
    # Windows 0:4 and 2:6; words 2 and 3 are in both.
    batch = make_batch([make_doc(6)], max_length=4)
    left, right = (2, 3, "PER"), (3, 4, "LOC")
    for first, second in ((0.6, 0.9), (0.9, 0.6), (0.1, 0.9), (0.9, 0.1)):
        cells = {(0, 2, 3, 0): first, (1, 0, 1, 0): second}
        reader = make_reader(batch, [[left, right]], cells)
        (prediction,) = run(reader, batch, partial=partial)
        assert triples(prediction) == {(left, "near", right): 0.9}


def test_entity_across_a_window_border_is_found_once_and_related() -> None:
    # Windows 0:4 and 2:6, which own 0:3 and 3:6.
    batch = make_batch([make_doc(6)], max_length=4)
    crossing = (2, 5, "PER")
    reader = make_reader(batch, [[crossing]], {(1, 2, 2, 0): 0.9, (0, 3, 3, 0): 0.9})
    (prediction,) = run(reader, batch)
    assert prediction.entities == [crossing]
    assert triples(prediction) == {(crossing, "near", crossing): 0.9}


def test_entity_cut_by_a_window_is_not_related_in_it() -> None:
    # Entity 2:5 ends after window 0:4. Its last word in that window is not its anchor.
    batch = make_batch([make_doc(6)], max_length=4)
    reader = make_reader(batch, [[(0, 1, "PER"), (2, 5, "PER")]], {(0, 0, 3, 0): 0.9})
    assert triples(run(reader, batch)[0]) == {}


def test_words_take_their_tags_from_their_own_window() -> None:
    batch = make_batch([make_doc(6)], max_length=4)
    reader = make_reader(batch, [[(1, 2, "PER"), (4, 5, "LOC")]], {})
    reader.tag_scores[3] = tag_row([(3, 4, "LOC")], 3)  # word 3, which the second window owns
    reader.tag_scores[4] = tag_row([(2, 3, "LOC")], 2)  # word 2, which the first window owns
    assert run(reader, batch)[0].entities == [(1, 2, "PER"), (4, 5, "LOC")]


def with_entities(doc: Doc, entities: list[EntitySpan]) -> Doc:
    doc.ents = [Span(doc, *entity) for entity in entities]
    return doc


def test_entities_on_the_doc_are_kept_and_related() -> None:
    there = (5, 6, "GPE")  # a label that the tagger does not have
    batch = make_batch([with_entities(make_doc(6), [there])])
    reader = make_reader(batch, [[ANN]], {(0, 1, 5, 0): 0.9})
    (prediction,) = run(reader, batch, keep=True)
    assert prediction.entities == [ANN, there]
    assert triples(prediction) == {(ANN, "near", there): 0.9}


def test_predictions_that_overlap_kept_entities_are_dropped() -> None:
    there = (1, 4, "GPE")
    batch = make_batch([with_entities(make_doc(6), [there])])
    reader = make_reader(batch, [[ANN, OSLO, (5, 6, "PER")]], {(0, 1, 3, 0): 0.9})
    (prediction,) = run(reader, batch, keep=True)
    assert prediction.entities == [there, (5, 6, "PER")]
    assert triples(prediction) == {}


def test_entities_on_the_doc_are_replaced_unless_kept() -> None:
    batch = make_batch([with_entities(make_doc(6), [(1, 4, "GPE")])])
    reader = make_reader(batch, [[ANN, OSLO]], {(0, 1, 4, 0): 0.9})
    (prediction,) = run(reader, batch, keep=False)
    assert prediction.entities == [ANN, OSLO]
    assert triples(prediction) == {(ANN, "near", OSLO): 0.9}


def test_decoding_does_not_change_the_doc() -> None:
    doc = with_entities(make_doc(6), [(1, 4, "GPE")])
    batch = make_batch([doc])
    run(make_reader(batch, [[ANN, OSLO]], {(0, 1, 4, 0): 0.9}), batch)
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [(1, 4, "GPE")]
    assert doc._.relations == []


def read_dense(
    reader: DenseReader,
    batch: WindowBatch,
    entities: list[list[EntitySpan]],
    anchor: str,
    partial: bool,
) -> list[FoundTriples]:
    """The triples of each Doc, by reading every cell of every window."""
    found: list[FoundTriples] = [{} for _ in batch.docs]
    for k, w in enumerate(batch.windows):
        ends = {}  # word → the mention with this anchor
        if partial:
            ends = {i: (i, i + 1, "") for i in range(w.start, w.end)}
        for start, end, label in entities[w.doc]:
            word = start if anchor == "first" else end - 1
            whole = w.start <= start and end <= w.end
            if whole or (partial and w.start <= word < w.end):
                ends[word] = (start, end, label)
        for i, head in ends.items():
            for j, tail in ends.items():
                for t, name in enumerate(LABELS):
                    score = reader.tables[k][i - w.start, j - w.start, t]
                    if score >= THRESHOLD:
                        key = (head, name, tail)
                        found[w.doc][key] = max(found[w.doc].get(key, 0.0), score)
    return found


@st.composite
def flat_spans(draw: st.DrawFn, start: int, end: int) -> list[EntitySpan]:
    spans = []
    while start < end:
        start += draw(st.integers(0, 2))
        stop = start + draw(st.integers(1, 3))
        if stop <= end:
            spans.append((start, stop, draw(st.sampled_from(["PER", "LOC"]))))
        start = stop
    return spans


@settings(max_examples=100)
@given(data=st.data(), anchor=st.sampled_from(["last", "first"]), max_length=st.integers(0, 5))
@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_decoding_equals_reading_the_dense_table(
    partial: bool, keep: bool, data: st.DataObject, anchor: str, max_length: int
) -> None:
    docs, tagged, expected = [], [], []
    for length in data.draw(st.lists(st.integers(0, 9), max_size=3)):
        starts = data.draw(st.none() | st.sets(st.integers(1, 8), max_size=2))
        there = data.draw(flat_spans(0, length))
        docs.append(with_entities(make_doc(length, starts), there))
        cuts = sorted({0, length, *(i for i in starts or () if i < length)})
        tagged.append(
            [span for left, right in pairwise(cuts) for span in data.draw(flat_spans(left, right))]
        )
        kept = there if keep else []
        free = [s for s in tagged[-1] if not any(s[0] < e[1] and e[0] < s[1] for e in kept)]
        expected.append(sorted(kept + free))

    batch = make_batch(docs, max_length=max_length)
    reader = make_reader(batch, tagged, {})
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    reader.tables = [rng.random((n, n, len(LABELS))).round(1) for n in batch.lengths]

    predictions = run(reader, batch, partial=partial, keep=keep, anchor=anchor)
    assert [prediction.entities for prediction in predictions] == expected
    assert [triples(prediction) for prediction in predictions] == read_dense(
        reader, batch, expected, anchor, partial
    )
