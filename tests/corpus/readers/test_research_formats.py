"""What each format of research has of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raw_records import CASREL, COPYMTL, COPYRE, JOINTER, copymtl, lines, one, read, reasons, texts

from spacy_rin.corpus.readers import Dropped, Reason, Record


def test_jointer_types_and_tags(tmp_path: Path) -> None:
    record = one(tmp_path, JOINTER)
    assert record.tags == JOINTER["pos_tags"] and record.spaces is None
    assert record.entities == [(0, 2, "ENTITY"), (5, 6, "ENTITY")]
    typed = one(tmp_path, {**JOINTER, "spo_details": [[0, 2, "PER", "x", 5, 6, "None-label"]]})
    assert typed.entities == [(0, 2, "PER"), (5, 6, "ENTITY")]


def test_copymtl_walks_both_arrays(tmp_path: Path) -> None:
    data = [[[4, 5, 6], [2, 6, 1], [6]], [[0, 2, 1, 2, 2, 1, 0, 2, 1], [0, 1, 0], []]]
    first, second, third = read(copymtl(tmp_path, data), strict=True)
    assert isinstance(first, Record) and isinstance(second, Record) and isinstance(third, Record)
    assert texts(first) == [("Ada", "birthPlace", "London"), ("London", "birthPlace", "London")]
    assert reasons(first) == [Reason.DUPLICATE]
    assert second.words == ['"', "London", "UNK"] and second.triples == [] == second.dropped
    assert third.words == ["London"] and third.source.endswith("data.json:1 (record 3)")


def test_copymtl_relations_without_a_name_are_misses(tmp_path: Path) -> None:
    [record] = read(copymtl(tmp_path, [[[4, 5, 6]], [[0, 2, 99]]]))
    assert isinstance(record, Record) and record.triples == [] and record.unplaced == 1
    assert record.dropped[0][:2] == (Reason.UNKNOWN_LABEL, "Ada | relation 99 | London")


@pytest.mark.parametrize(
    ("ids", "flat"),
    [
        ([4, 99], []),
        ([4], [0, 0]),
        ([4], [0, 1, 1]),
        ([], []),
        (4, []),
        ([True], []),
        ([4], [0] * 4),
    ],
)
def test_copymtl_malformed_sentences(tmp_path: Path, ids: Any, flat: Any) -> None:
    path = copymtl(tmp_path, [[[4], ids], [[], flat]])
    good, bad = read(path)
    assert isinstance(good, Record) and isinstance(bad, Dropped)
    with pytest.raises(ValueError, match="record 2"):
        read(path, strict=True)


def test_copymtl_files_that_do_not_fit(tmp_path: Path) -> None:
    misfits: list[Any] = [[[[4], [5]], [[]]], [[[4]], [[], []]]]
    for data in misfits:
        with pytest.raises(ValueError, match=f"found {len(data[0])} sentences, and another number"):
            read(copymtl(tmp_path, data))
    path = copymtl(tmp_path, COPYMTL)
    (tmp_path / "words2id.json").write_text('["Ada"]')
    with pytest.raises(ValueError, match=r"words2id\.json must be a JSON object"):
        read(path)
    (tmp_path / "words2id.json").unlink()
    with pytest.raises(ValueError, match=r"words2id\.json: No such file"):
        read(path)


def test_copyre_types_go_by_text_and_none_is_no_relation(tmp_path: Path) -> None:
    record = one(tmp_path, {**COPYRE, "entityMentions": COPYRE["entityMentions"][:1]})
    assert record.triples[0].head.label == "PERSON" and record.triples[0].tail.label == "ENTITY"
    none = {**COPYRE["relationMentions"][0], "label": "None"}
    record = one(tmp_path, {**COPYRE, "relationMentions": [none]})
    assert record.triples == [] == record.dropped


def test_copyre_last_words_stand_for_entities(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "sentText": ["Italy", "borders", "Turin", ",", "Italy", "and", "old", "Turin"],
        "en_list": [["Turin"], ["Turin", ",", "Italy"], [",", "Italy"], ["old", "Turin"]],
        "relationMentions": [{"em1Text": ["Italy"], "em2Text": ["Turin"], "label": "x"}],
    }
    # The longest that ends with Italy; Turin is an entity itself.
    assert texts(one(tmp_path, row)) == [("Turin , Italy", "x", "Turin")]
    # Without a list, a mention is what it says.
    assert texts(one(tmp_path, {**row, "en_list": []})) == [("Italy", "x", "Turin")]


def test_casrel_keeps_the_words_of_tokenised_text(tmp_path: Path) -> None:
    row = {"text": "Joe Smith-Jones , 9\\/11 Inc. , U.S .", "triple_list": [["Jones", "x", "U.S"]]}
    record = one(tmp_path, row)
    assert record.words == ["Joe", "Smith-Jones", ",", "9/11", "Inc.", ",", "U.S", "."]
    assert record.spaces is None and reasons(record) == [Reason.MENTION_NOT_FOUND]


def test_casrel_splits_raw_text(tmp_path: Path) -> None:
    row = {"text": "Joe Smith, of Oslo, left.", "triple_list": [["Joe Smith", "x", "Oslo"]]}
    record = one(tmp_path, row)
    assert record.words == ["Joe", "Smith", ",", "of", "Oslo", ",", "left", "."]
    assert record.spaces == [True, False, True, True, False, True, False, False]
    assert texts(record) == [("Joe Smith", "x", "Oslo")]


def test_casrel_decides_once_for_a_file(tmp_path: Path) -> None:
    odd = {"text": "Joe works for Acme Inc.", "triple_list": []}
    path = lines(tmp_path, CASREL, odd, CASREL)
    assert [row.words[-1] for row in read(path) if isinstance(row, Record)] == [".", "Inc.", "."]
