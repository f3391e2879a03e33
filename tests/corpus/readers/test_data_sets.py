"""The public data sets, counted with and without the readers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from paths import find_data
from raw_records import read

from spacy_rin.corpus.readers import Reason, Record, detect_format

pytestmark = pytest.mark.data


def brute_force(path: Path) -> Counter[str]:
    """Records, and distinct triples of a record, straight from the JSON, without a reader."""
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if text[0] == "[" else [json.loads(line) for line in text.splitlines()]
    count: Counter[str] = Counter()
    if isinstance(rows[0], list):
        rows = [{"flat": flat} for _, flat in zip(*rows, strict=True)]
    for row in rows:
        flat = row.get("flat", [])
        keys = [tuple(flat[i : i + 3]) for i in range(0, len(flat), 3)]
        keys += [tuple(spo) for spo in row.get("spo_details", [])]
        keys += [(rel["head"], rel["type"], rel["tail"]) for rel in row.get("relations", [])]
        keys += [
            (str(rel["em1Text"]), rel["label"], str(rel["em2Text"]))
            for rel in row.get("relationMentions", [])
        ]
        count.update(records=1, triples=len(set(keys)), duplicates=len(keys) - len(set(keys)))
    return count


@pytest.mark.parametrize(
    ("name", "format", "records", "triples", "duplicates"),
    [
        ("webnlg/train.json", "jointer", 5019, 11312, 1),
        ("webnlg/dev.json", "jointer", 500, 1223, 1),
        ("webnlg/test.json", "jointer", 703, 1607, 0),
        ("webnlg_copyre/train.json", "copymtl", 5019, 11687, 89),
        ("webnlg_copyre/valid.json", "copymtl", 500, 1113, 5),
        ("webnlg_copyre/test.json", "copymtl", 703, 1581, 10),
        ("webnlg_copyre/test_authors.jsonl", "copyre", 703, 1581, 0),
        ("nyt/valid.jsonl", "copyre", 5000, 8489 - 504, 504),
        ("nyt/test.jsonl", "copyre", 5000, 8616 - 496, 496),
        ("conll04/train_triples.json", "spert", 922, 1283, 0),
        ("conll04/dev_triples.json", "spert", 231, 343, 0),
        ("conll04/test_triples.json", "spert", 288, 422, 0),
    ],
)
def test_counts_of_the_data_sets(
    name: str, format: str, records: int, triples: int, duplicates: int
) -> None:
    path = find_data(name)
    assert detect_format(path) == format
    expected = {"records": records, "triples": triples, "duplicates": duplicates}
    assert brute_force(path) == Counter(expected)
    rows = [row for row in read(path, strict=True) if isinstance(row, Record)]
    dropped = Counter(dropped.reason for row in rows for dropped in row.dropped)
    found = {"records": len(rows), "triples": sum(len(row.triples) for row in rows)}
    assert {**found, "duplicates": dropped.pop(Reason.DUPLICATE, 0)} == expected
    # One entity of NYT, "Conn", is listed once more than it stands in its sentence.
    assert dropped == ({Reason.MENTION_NOT_FOUND: 1} if name == "nyt/valid.jsonl" else {})
    assert sum(row.unplaced for row in rows) == 0


def test_the_types_of_nyt_are_complete() -> None:
    rows = read(find_data("nyt/valid.jsonl"))
    labels = {ent.label for row in rows if isinstance(row, Record) for ent in row.entities}
    assert labels == {"PERSON", "LOCATION", "ORGANIZATION"}


def test_the_authors_spans_end_where_copymtl_has_its_words() -> None:
    ids = read(find_data("webnlg_copyre/test.json"))
    spans = read(find_data("webnlg_copyre/test_authors.jsonl"))
    same = different = 0
    for one_row, other in zip(ids, spans, strict=True):
        assert isinstance(one_row, Record) and isinstance(other, Record)
        assert one_row.words == other.words
        ends = [{(h.end, label, t.end) for h, label, t in row.triples} for row in (one_row, other)]
        same += len(ends[0] & ends[1])
        different += len(ends[0] ^ ends[1])
    # The one that differs is an UNK: there are two in "AIP Advances had the UNK UNK .".
    assert (same, different) == (1580, 2)


def test_mentions_stand_at_their_first_occurrence_in_nyt() -> None:
    rows = read(find_data("nyt/valid.jsonl"), mentions="first")
    for record in rows:
        assert isinstance(record, Record)
        text = f" {' '.join(record.words)} "
        for mention in {end for head, _, tail in record.triples for end in (head, tail)}:
            words = " ".join(record.words[mention.start : mention.end])
            before = text[: text.index(f" {words} ")]
            assert len(before.split()) == mention.start
