"""Passages → sentences: offsets move, and what crosses a boundary is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from raw_records import lines

from spacy_rin import get_relations
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import Mention, Reason, Record
from spacy_rin.corpus.sentences import split_record

TEXT = "Ada saw Rome. Bob met Ada. It rained."
ENTITIES = [(0, 3, "PER"), (8, 12, "LOC"), (14, 17, "PER"), (22, 25, "PER")]
ROW = {
    "text": TEXT,
    "entities": [{"start": a, "end": b, "label": label} for a, b, label in ENTITIES],
    "relations": [
        {"head": 0, "label": "saw", "tail": 1},
        {"head": 2, "label": "met", "tail": 3},
        {"head": 3, "label": "is", "tail": 0},
    ],
}


def test_sentences_become_docs(tmp_path: Path) -> None:
    path = lines(tmp_path, ROW, {"text": "No end", "relations": []})
    report = convert(path, tmp_path / "out.spacy", sentences="sentencizer")
    docs = list(read_docs(tmp_path / "out.spacy"))
    assert [doc.text for doc in docs] == ["Ada saw Rome. ", "Bob met Ada. ", "It rained.", "No end"]
    found = [[rel.text for rel in get_relations(doc)] for doc in docs]
    assert found == [["Ada | saw | Rome"], ["Bob | met | Ada"], [], []]
    assert [[ent.label_ for ent in doc.ents] for doc in docs[:2]] == [["PER", "LOC"], ["PER"] * 2]
    assert report.dropped == {Reason.ACROSS_SENTENCES: 1} and report.unplaced == 1
    assert report.examples[Reason.ACROSS_SENTENCES][0].example == "Ada | is | Ada"
    assert report.examples[Reason.ACROSS_SENTENCES][0].source.endswith(":1 (sentence 2)")


def test_a_pipeline_splits(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": ["met"]})
    nlp.to_disk(tmp_path / "splitter")
    report = convert([ROW], tmp_path / "out.spacy", sentences=str(tmp_path / "splitter"))
    assert report.docs == 2 and report.dropped == {Reason.ACROSS_SENTENCES: 2}


def test_a_pipeline_that_does_not_split(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="sets none; it has none"):
        convert([ROW], tmp_path / "out.spacy", sentences=str(tmp_path / "blank"))
    with pytest.raises(ValueError, match="no_such_pipeline"):
        convert([ROW], tmp_path / "out.spacy", sentences="no_such_pipeline")
    assert not (tmp_path / "out.spacy").exists()


def test_no_sentence_ends_within_a_mention() -> None:
    record = Record(["St", ".", "Ives", "is", "far", ".", "Go", "."])
    record.add_entity(Mention(0, 3, "LOC"))
    parts = list(split_record(record, [0, 2, 6]))
    assert [part.words for part in parts] == [record.words[:6], record.words[6:]]
    assert parts[0].entities == [(0, 3, "LOC")]


spans = st.tuples(st.integers(0, 9), st.integers(1, 3)).map(lambda s: (s[0], min(s[0] + s[1], 10)))


@given(
    st.lists(st.tuples(spans, st.sampled_from("xy"), spans), max_size=6),
    st.lists(spans, max_size=4),
    st.sets(st.integers(1, 9)),
)
def test_nothing_is_lost(
    triples: list[tuple[tuple[int, int], str, tuple[int, int]]],
    entities: list[tuple[int, int]],
    starts: set[int],
) -> None:
    record = Record([str(i) for i in range(10)], masked=[(3, 5)])
    for span in entities:
        record.add_entity(Mention(*span))
    for head, label, tail in triples:
        record.add_triple(Mention(*head), label, Mention(*tail), "")
    parts = list(split_record(record, sorted(starts)))
    assert [word for part in parts for word in part.words] == record.words
    assert sum(len(part.entities) for part in parts) == len(record.entities)
    across = sum(d.reason is Reason.ACROSS_SENTENCES for part in parts for d in part.dropped)
    kept = [
        (part.text(head), label, part.text(tail))
        for part in parts
        for head, label, tail in part.triples
    ]
    assert len(kept) + sum(part.unplaced for part in parts) == len(record.triples)
    assert set(kept) <= {
        (record.text(head), label, record.text(tail)) for head, label, tail in record.triples
    }
    assert across <= len(record.triples)
    assert sum(b - a for part in parts for a, b in part.masked) == 2
