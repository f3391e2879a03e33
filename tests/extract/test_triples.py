"""Triples read back from each file that extraction writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sketches import ada, bob
from spacy.tokens import DocBin

from spacy_rin.extract.journal import Entry
from spacy_rin.extract.outputs import write_output
from spacy_rin.extract.rows import COLUMNS, to_rows
from spacy_rin.extract.triples import read_triples
from spacy_rin.pictures.graph import TextTriple
from spacy_rin.relations import get_relations

NULL = json.dumps(dict.fromkeys(COLUMNS)) + "\n"


def test_long_fields_of_csv_are_read(tmp_path: Path) -> None:
    doc = ada()
    rows = [{**row, "sentence": "x" * 200_000} for row in to_rows(doc)]
    entries: list[Entry] = [{"document": "a", "words": len(doc), "triples": rows}]
    write_output(tmp_path / "a.csv", entries)
    assert len(list(read_triples(tmp_path / "a.csv"))) == len(rows) > 0


@pytest.mark.parametrize("form", [".jsonl", ".csv", ".parquet", ".spacy", "by document"])
def test_triples_are_read_from_what_is_written(tmp_path: Path, form: str) -> None:
    docs = [ada(), bob()]
    if form == ".parquet":
        pytest.importorskip("pyarrow", reason="needs the extra spacy-rin[parquet]")
    path = tmp_path / f"triples{'.jsonl' if form == 'by document' else form}"
    if form == ".spacy":
        DocBin(docs=docs, store_user_data=True).to_disk(path)
    else:
        entries: list[Entry] = [
            {"document": str(k), "words": len(doc), "triples": to_rows(doc)}
            for k, doc in enumerate(docs)
        ]
        entries.insert(1, {"document": "bad", "error": "no text"})
        write_output(path, entries, "document" if form == "by document" else "triple")
    found = list(map(TextTriple.of, read_triples(path)))
    assert [(t.head, t.head_label, t.relation, t.tail, t.tail_label) for t in found] == [
        (r.head.text, r.head.label_, r.label, r.tail.text, r.tail.label_)
        for doc in docs
        for r in get_relations(doc)
    ]
    assert [t.score for t in found] == [r.score for doc in docs for r in get_relations(doc)]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", '{"head": "x"}\n', "a.jsonl, line 1"),
        ("a.jsonl", "[]\n", "a.jsonl, line 1"),
        ("a.jsonl", "{\n", "a.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": null}\n', "a.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": [5]}\n', "a.jsonl, line 1"),
        ("a.jsonl", NULL, "a.jsonl, line 1"),
        ("a.jsonl", "[" * 100_000 + "\n", "a.jsonl, line 1"),
        ("a.csv", "head,tail\nx,y\n", "a.csv, line 2"),
        ("a.txt", "x", "extract"),
    ],
)
def test_what_is_no_triple_is_named(tmp_path: Path, name: str, content: str, expected: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=expected):
        list(read_triples(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no\.jsonl"):
        list(read_triples(tmp_path / "no.jsonl"))
