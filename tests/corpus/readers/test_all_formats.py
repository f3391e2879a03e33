"""What holds for every format: how it is told, what it reads, and what an error costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_records import AUTHORS, COPYMTL, RECORDS, RIN, SPERT, WORDS, copymtl, lines, one, read

from spacy_rin.corpus.readers import FORMATS, Dropped, Reason, Record, detect_format


@pytest.mark.parametrize("row", [*RECORDS.values(), AUTHORS])
def test_every_format_reads_the_same_triple(tmp_path: Path, row: dict[str, Any]) -> None:
    record = one(tmp_path, row)
    assert record.words == WORDS
    assert [triple[0][:2] + triple[2][:2] for triple in record.triples] == [(0, 2, 5, 6)]
    assert {mention[:2] for mention in record.entities} == {(0, 2), (5, 6)}
    assert record.dropped == [] and record.unplaced == 0
    assert record.source.endswith("data.jsonl:1")


@pytest.mark.parametrize(("name", "row"), RECORDS.items())
def test_the_format_is_told_from_the_record(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    assert detect_format(lines(tmp_path, row)) == name
    assert detect_format(lines(tmp_path, "no json", row)) == name
    (tmp_path / "list.json").write_text(json.dumps([row, row], indent=1))
    assert detect_format(tmp_path / "list.json") == name


def test_the_format_of_the_other_forms_is_told(tmp_path: Path) -> None:
    assert detect_format(copymtl(tmp_path, COPYMTL)) == "copymtl"
    assert detect_format(lines(tmp_path, AUTHORS)) == "copyre"
    assert detect_format(lines(tmp_path, {"text": "Nothing here."})) == "rin"
    empty = {"tokens": ["a"], "entities": [], "relations": []}
    assert detect_format(lines(tmp_path, empty, SPERT)) == "spert"
    assert detect_format(lines(tmp_path, empty)) == "rin"


def test_an_unknown_form_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found fields 'sentence', 'labels'") as err:
        detect_format(lines(tmp_path, {"sentence": "x", "labels": []}))
    assert all(name in str(err.value) for name in FORMATS)
    with pytest.raises(ValueError, match="Unknown format 'conll'"):
        read(lines(tmp_path, RIN), "conll")


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize(
    "bad", ["{", "7", "null", "[]", '"x"', "{}", '{"text": 1}', '{"text": "\\ud800"}', '{"a": []}']
)
def test_a_malformed_line_costs_only_itself(tmp_path: Path, name: str, bad: str) -> None:
    path = lines(tmp_path, RECORDS[name], bad, RECORDS[name])
    first, malformed, last = read(path, name)
    assert isinstance(first, Record) and isinstance(last, Record)
    assert isinstance(malformed, Dropped) and malformed.reason is Reason.MALFORMED
    assert malformed.source == f"{path}:2" and last.source == f"{path}:3"
    with pytest.raises(ValueError, match=r"data\.jsonl:2: "):
        read(path, name, strict=True)


@pytest.mark.parametrize(("name", "row"), [*RECORDS.items(), ("copyre", AUTHORS)])
def test_a_record_without_relations_is_one(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    lists = ("spo_details", "relations", "relationMentions", "triple_list")
    record = one(tmp_path, {**row, **{key: [] for key in lists if key in row}}, name)
    assert record.words == WORDS and record.triples == [] and record.dropped == []
