"""One triple in the records of every format, and how the tests of the readers read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spacy_rin.corpus.readers import Dropped, Reason, Record, read_records

WORDS = ["Ada", "Lovelace", "was", "born", "in", "London", "."]
JOINTER: dict[str, Any] = {
    "tokens": WORDS,
    "pos_tags": ["NNP", "NNP", "VBD", "VBN", "IN", "NNP", "."],
    "spo_details": [[0, 2, "None-label", "birthPlace", 5, 6, "None-label"]],
}
SPERT: dict[str, Any] = {
    "tokens": WORDS,
    "entities": [
        {"type": "Peop", "start": 0, "end": 2},
        {"type": "Loc", "start": 5, "end": 6},
    ],
    "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
}
COPYRE: dict[str, Any] = {
    "sentText": " ".join(WORDS),
    "entityMentions": [
        {"start": 0, "label": "PERSON", "text": "Ada Lovelace"},
        {"start": 1, "label": "LOCATION", "text": "London"},
    ],
    "relationMentions": [{"em1Text": "Ada Lovelace", "em2Text": "London", "label": "birthPlace"}],
}
AUTHORS: dict[str, Any] = {
    "sentText": WORDS,
    "pos": JOINTER["pos_tags"],
    "en_list": [["Ada", "Lovelace"], ["London"]],
    "relationMentions": [{"em1Text": ["Lovelace"], "em2Text": ["London"], "label": "birthPlace"}],
}
CASREL: dict[str, Any] = {
    "text": " ".join(WORDS),
    "triple_list": [["Ada Lovelace", "birthPlace", "London"]],
}
PRODIGY: dict[str, Any] = {
    "text": "Ada Lovelace was born in London.",
    "tokens": [
        {"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True},
        {"text": "Lovelace", "start": 4, "end": 12, "id": 1, "ws": True},
        {"text": "was", "start": 13, "end": 16, "id": 2, "ws": True},
        {"text": "born", "start": 17, "end": 21, "id": 3, "ws": True},
        {"text": "in", "start": 22, "end": 24, "id": 4, "ws": True},
        {"text": "London", "start": 25, "end": 31, "id": 5, "ws": False},
        {"text": ".", "start": 31, "end": 32, "id": 6, "ws": False},
    ],
    "spans": [
        {"start": 0, "end": 12, "token_start": 0, "token_end": 1, "label": "PERSON"},
        {"start": 25, "end": 31, "token_start": 5, "token_end": 5, "label": "GPE"},
    ],
    "relations": [{"head": 1, "child": 5, "label": "birthPlace"}],
    "answer": "accept",
}
RIN: dict[str, Any] = {
    "text": "Ada Lovelace was born in London.",
    "entities": [
        {"start": 0, "end": 12, "label": "PERSON"},
        {"start": 25, "end": 31, "label": "GPE"},
    ],
    "relations": [{"head": 0, "label": "birthPlace", "tail": 1}],
}
DOCCANO: dict[str, Any] = {
    "id": 4,
    "text": "Ada Lovelace was born in London.",
    "entities": [
        {"id": 11, "label": "PERSON", "start_offset": 0, "end_offset": 12},
        {"id": 12, "label": "GPE", "start_offset": 25, "end_offset": 31},
    ],
    "relations": [{"id": 3, "from_id": 11, "to_id": 12, "type": "birthPlace"}],
}
COPYMTL: list[Any] = [[[4, 5, 6]], [[0, 2, 1]]]
RECORDS = {
    "jointer": JOINTER,
    "spert": SPERT,
    "copyre": COPYRE,
    "casrel": CASREL,
    "prodigy": PRODIGY,
    "rin": RIN,
}


def lines(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "data.jsonl"
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def copymtl(tmp_path: Path, data: Any) -> Path:
    words = {"PAD": 0, "UNK": 1, "``": 2, "Ada": 4, "in": 5, "London": 6}
    (tmp_path / "words2id.json").write_text(json.dumps(words))
    (tmp_path / "relations2id.json").write_text(json.dumps({"None": 0, "birthPlace": 1}))
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data))
    return path


def read(path: Any, format: str = "auto", **settings: Any) -> list[Record | Dropped]:
    return list(read_records(path, format, **settings))


def one(tmp_path: Path, row: Any, format: str = "auto", **settings: Any) -> Record:
    [record] = read(lines(tmp_path, row), format, strict=True, **settings)
    assert isinstance(record, Record)
    return record


def texts(record: Record) -> list[tuple[str, str, str]]:
    words = record.words
    return [
        (" ".join(words[head.start : head.end]), label, " ".join(words[tail.start : tail.end]))
        for head, label, tail in record.triples
    ]


def reasons(record: Record) -> list[Reason]:
    return [dropped.reason for dropped in record.dropped]
