"""Sources that no form recognises: what they look like, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raw_records import DOCCANO, lines

from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.readers import detect_format


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ({"text": "x", "label": [[0, 1, "A"]]}, "doccano's JSONL, which has no relations"),
        ({"id": 1, "text": "x", "label": [], "annotator": 1, "lead_time": 2.0}, "JSON-MIN"),
        ({"id": 1, "data": {"text": "x"}, "meta": {}}, "Label Studio without annotations"),
        ({"token": ["x"], "subj_start": 0, "obj_start": 1, "relation": "y"}, "TACRED"),
        ({"tokenized_text": ["x"], "ner": []}, "GLiNER"),
        ({"sentences": [["x"]], "ner": [[]]}, "dygie, but has no 'relations'"),
        ({"sents": [["x"]], "title": "t"}, "docred, but has no 'vertexSet'"),
        ({"sentence": "x", "head": "x", "relation": "y"}, "csv, but has no column 'tail'"),
        (
            [["x y", {"entities": [[0, 1, "A"]]}]],
            "training tuples, which have no relations",
        ),
    ],
)
def test_a_form_that_is_nearly_another(tmp_path: Path, row: Any, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        detect_format(lines(tmp_path, row))


@pytest.mark.parametrize(
    ("name", "begin", "reason"),
    [
        ("x.zip", b"PK\x03\x04rest", "zip archive"),
        ("x.json.gz", b"\x1f\x8brest", "gzip"),
        ("x.json", b"\x1f\x8brest", "gzip"),
        ("x.db", b"SQLite format 3\0", "database"),
        ("x.pdf", b"%PDF-1.7", "PDF"),
        ("x.bin", b"ab\0cd", "binary file"),
        ("x.ann", b"T1\tX 0 1\tx", "folder of its .txt and .ann"),
        ("x.xmi", b"<?xml version", "WebAnno TSV"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, name: str, begin: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(begin)
    with pytest.raises(ValueError, match=reason):
        detect_format(tmp_path / name)


def test_a_folder_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("a.json", "b.json", "c"):
        (tmp_path / name).write_text("x")
    with pytest.raises(ValueError, match=r"2 \.json, 1 no suffix; .*brat \(\.txt and \.ann\)"):
        detect_format(tmp_path)


def test_the_wrong_format_is_told(tmp_path: Path) -> None:
    path = lines(tmp_path, DOCCANO)
    with pytest.raises(ValueError, match="looks like doccano: read it with --format doccano"):
        convert(path, tmp_path / "out.spacy", format="rin")
