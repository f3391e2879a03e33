"""Offsets and texts that fit no words: trimmed, expanded, masked; or left out, if asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from raw_records import one, reasons, texts
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_rin import get_relations
from spacy_rin.arrays.batch import make_batch
from spacy_rin.arrays.tags import MASKED, TagSet
from spacy_rin.arrays.targets import make_targets
from spacy_rin.corpus.convert import Report, convert, make_doc
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import Reason, Record

TEXT = "Marta Quill moved to Staunton, Va. in May."


def row(text: str, *spans: tuple[int, int], relations: Any = ()) -> dict[str, Any]:
    entities = [{"start": start, "end": end, "label": "X"} for start, end in spans]
    return {"text": text, "entities": entities, "relations": list(relations)}


def notes(record: Record) -> list[tuple[Reason, str]]:
    return [(reason, example) for (reason, _), example in record.notes.items()]


LINK = {"head": 0, "label": "to", "tail": 1}


@pytest.mark.parametrize(
    ("spans", "noted"),
    [
        ([(0, 12), (21, 29)], [(Reason.TRIMMED, "'Marta Quill '")]),
        ([(0, 11), (20, 29)], [(Reason.TRIMMED, "' Staunton'")]),
        ([(0, 11), (21, 33)], [(Reason.EXPANDED, "Staunton, Va → Staunton , Va.")]),
        ([(1, 11), (21, 29)], [(Reason.EXPANDED, "arta Quill → Marta Quill")]),
        (
            [(0, 10), (21, 29)],
            [(Reason.EXPANDED, "Marta Quil → Marta Quill")],
        ),
    ],
)
def test_offsets_become_those_of_the_words(
    tmp_path: Path, spans: list[tuple[int, int]], noted: list[tuple[Reason, str]]
) -> None:
    given = row(TEXT, *spans, relations=[LINK])
    record = one(tmp_path, given)
    assert len(record.triples) == 1 and record.dropped == [] and notes(record) == noted
    [relation] = get_relations(make_doc(record, Vocab()))
    assert relation.head.text == "Marta Quill" and relation.tail.text.startswith("Staunton")
    strict = one(tmp_path, given, alignment="strict")
    assert strict.triples == [] and strict.unplaced == 1 and strict.notes == {}
    assert set(reasons(strict)) == {Reason.MENTION_NOT_FOUND}


def test_whitespace_alone_has_no_words(tmp_path: Path) -> None:
    record = one(tmp_path, row("Ada  saw Rome.", (3, 4), (9, 13), relations=[LINK]))
    assert reasons(record) == [Reason.UNALIGNED, Reason.UNALIGNED] and record.unplaced == 1
    assert texts(record) == [] and record.masked == []


def test_two_mentions_of_one_word_are_masked(tmp_path: Path) -> None:
    text = "A Bremsbelag wore out."
    record = one(tmp_path, row(text, (2, 7), (7, 12), relations=[LINK]))
    assert [mention[:2] for mention in record.entities] == [(1, 2)]
    assert reasons(record) == [Reason.UNALIGNED, Reason.UNALIGNED] and record.unplaced == 1
    assert record.masked == [(1, 2)]


def test_masked_words_are_trained_neither_way() -> None:
    record = Record(["Ada", "saw", "New", "York"], [True] * 3 + [False], masked=[(2, 4), (0, 1)])
    record.add_triple(record.mention((0, 1), "P"), "x", record.mention((1, 2), "P"), "")
    doc = make_doc(record, Vocab())
    assert [token.ent_iob_ for token in doc] == ["B", "B", "", ""]
    predicted = spacy.blank("en")("Ada saw New York")
    tags = make_targets(
        [Example(predicted, doc)], make_batch([predicted]), TagSet(["P"]), {"x": 0}, "last"
    ).tags
    assert [tag == MASKED for tag in tags] == [False, False, True, True]


@pytest.mark.parametrize("mention", ["Staunton, Va", " Staunton, Va", "Staunton,  Va"])
def test_a_text_that_ends_within_a_word_takes_it(tmp_path: Path, mention: str) -> None:
    relations = [{"head": "Marta Quill", "label": "to", "tail": mention}]
    given = {"text": TEXT, "relations": relations}
    record = one(tmp_path, given)
    assert texts(record) == [("Marta Quill", "to", "Staunton , Va.")]
    assert [reason for reason, _ in notes(record)] == [Reason.EXPANDED]
    assert reasons(one(tmp_path, given, alignment="strict")) == [Reason.MENTION_NOT_FOUND]


@pytest.mark.parametrize("mention", ["Quil", "arta", "aunton", "Ma"])
def test_a_part_of_letters_is_no_mention(tmp_path: Path, mention: str) -> None:
    relations = [{"head": "Marta Quill", "label": "to", "tail": mention}]
    record = one(tmp_path, {"text": TEXT, "relations": relations})
    assert reasons(record) == [Reason.MENTION_NOT_FOUND] and record.notes == {}


def test_a_whole_word_comes_before_a_part_of_one(tmp_path: Path) -> None:
    relations = [{"head": "Va", "label": "is", "tail": "May"}]
    record = one(tmp_path, {"text": "In Va. or Va in May", "relations": relations})
    assert [head[:2] for head, _, _ in record.triples] == [(3, 4)] and record.notes == {}


def test_the_report_has_an_example_of_each(tmp_path: Path) -> None:
    rows = [row(TEXT, (0, 12), (21, 33), (13, 16), relations=[LINK])]
    data = convert(rows, tmp_path / "out.spacy").as_dict()
    assert data["triples"] == 1 and data["entities"] == 3
    assert data["noted"]["trimmed"]["examples"] == [{"text": "'Marta Quill '", "source": "row 1"}]
    assert data["noted"]["expanded"]["count"] == 2
    (doc,) = read_docs(tmp_path / "out.spacy")
    assert [rel.text for rel in get_relations(doc)] == ["Marta Quill | to | Staunton, Va."]


# What does not overlap is lost nowhere


def test_two_labels_of_the_same_words(tmp_path: Path) -> None:
    entities = [
        {"start": 0, "end": 3, "label": "PERSON"},
        {"start": 0, "end": 3, "label": "AUTHOR"},
        {"start": 8, "end": 12, "label": "CITY"},
    ]
    relations = [{"head": 1, "label": "saw", "tail": 2}]
    record = one(tmp_path, {"text": "Ada saw Rome.", "entities": entities, "relations": relations})
    doc, report = make_doc(record, Vocab()), Report()
    report.add(record, doc)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada", "AUTHOR"), ("Rome", "CITY")]
    assert get_relations(doc)[0].head.label_ == "AUTHOR"
    assert report.noted == {Reason.SECOND_LABEL: 1}
    assert report.examples[Reason.SECOND_LABEL][0].example == "Ada (PERSON)"


def test_overlapping_entities_are_counted_without_a_relation(tmp_path: Path) -> None:
    text = "New York City Hall is in New York."
    spans = [(0, 18), (0, 13), (9, 18), (25, 33)]
    record = one(tmp_path, row(text, *spans))
    doc, report = make_doc(record, Vocab()), Report()
    report.add(record, doc)
    assert [ent.text for ent in doc.ents] == ["New York City Hall", "New York"]
    assert report.noted == {Reason.OVERLAPPING: 2} and report.dropped == {}
    assert len(record.entities) == len(doc.ents) + report.noted[Reason.OVERLAPPING]


def test_an_entity_that_is_listed_twice_is_counted(tmp_path: Path) -> None:
    record = one(tmp_path, row("Ada saw Rome.", (0, 3), (0, 3), (0, 3)))
    assert len(record.entities) == 1
    assert notes(record) == [(Reason.REPEATED, "Ada (X)")] * 2


# Places


CLERK = "New York City clerk Ada rents space in New York"


@pytest.mark.parametrize(
    ("mentions", "start", "noted"), [("free", 7, {}), ("first", 0, {Reason.INSIDE_ANOTHER: 1})]
)
def test_a_free_place_comes_before_one_inside_another(
    tmp_path: Path, mentions: str, start: int, noted: dict[Reason, int]
) -> None:
    triples = [["Ada", "works for", "New York City"], ["Ada", "rents in", "New York"]]
    row = {"text": CLERK + " , it is said .", "triple_list": triples}
    record = one(tmp_path, row, mentions=mentions)
    assert [tail.start for _, _, tail in record.triples] == [0, 8 if start else 0]
    report = Report()
    report.add(record, make_doc(record, Vocab()))
    report.noted.pop(Reason.OVERLAPPING, None)
    assert report.noted == noted


def test_a_place_in_no_longer_mention_is_best_even_where_that_is_not_chosen(
    tmp_path: Path,
) -> None:
    text = "York City , New York City , New York City and New York"
    triples = [["New York City", "x", "New York"]]
    record = one(tmp_path, {"text": text + " .", "triple_list": triples})
    assert [(head.start, tail.start) for head, _, tail in record.triples] == [(3, 11)]


def test_given_entities_draw_their_names(tmp_path: Path) -> None:
    text = "Paris met Ada in Paris."
    row = {
        "text": text,
        "entities": [{"start": 17, "end": 22, "label": "CITY"}],
        "relations": [{"head": "Ada", "label": "in", "tail": "Paris"}],
    }
    assert one(tmp_path, row).triples == [((2, 3, "ENTITY"), "in", (4, 5, "CITY"))]
    assert one(tmp_path, row, mentions="first").triples[0].tail.start == 0


def test_offsets_are_never_moved(tmp_path: Path) -> None:
    spo = [[0, 3, "a", "in", 0, 2, "b"]]
    row = {"tokens": ["New", "York", "City", "or", "New", "York"], "spo_details": spo}
    record = one(tmp_path, row)
    assert record.triples == [((0, 3, "a"), "in", (0, 2, "b"))]
    report = Report()
    report.add(record, make_doc(record, Vocab()))
    assert report.noted == {Reason.OVERLAPPING: 1, Reason.INSIDE_ANOTHER: 1}


def test_lower_case_escapes_are_undone(tmp_path: Path) -> None:
    text = "the plan -lrb- of ada -rrb- , -LSB- x -rsb- ."
    row = {"text": text, "triple_list": [["plan ( of ada )", "x", "[ x ]"]]}
    assert one(tmp_path, row).words == [
        "the",
        "plan",
        "(",
        "of",
        "ada",
        ")",
        ",",
        "[",
        "x",
        "]",
        ".",
    ]
    assert texts(one(tmp_path, row)) == [("plan ( of ada )", "x", "[ x ]")]


@pytest.mark.parametrize("setting", ["mentions", "alignment"])
def test_unknown_settings_are_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ValueError, match=f"Unknown {setting} 'odd'"):
        one(tmp_path, row(TEXT), **{setting: "odd"})
