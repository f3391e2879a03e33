"""Files and standard input become documents. A malformed record is named by its place."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.extract.documents import (
    BATCH_CHARACTERS,
    Document,
    Source,
    check_source,
    read_batches,
    read_documents,
)


def write(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode("utf8") if isinstance(text, str) else text)
    return str(path)


def read(*inputs: str, **settings: Any) -> list[Document]:
    source = Source(inputs, **settings)
    check_source(source)
    return list(read_documents(source))


def test_text_file_has_a_document_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffFirst é.\r\n\n  Third. \nlast")
    assert read(path) == [
        ("a.txt:1", "First é.", ""),
        ("a.txt:3", "  Third. ", ""),
        ("a.txt:4", "last", ""),
    ]


def test_json_lines_by_any_field(tmp_path: Path) -> None:
    rows = [{"body": "A.", "key": "x"}, {"body": "", "key": 7, "more": [1]}]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert read(path, text_field="body") == [("a.jsonl:1", "A.", ""), ("a.jsonl:2", "", "")]
    documents = read(path, text_field="body", id_field="key")
    assert documents == [("x", "A.", ""), ("7", "", "")]


def test_parquet_by_any_column(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"body": ["A.", None, "C."], "n": [1, 2, 3]}), path)
    first, second, third = read(str(path), text_field="body", id_field="n")
    assert (first, third) == (("1", "A.", ""), ("3", "C.", ""))
    assert second.id == "2" and "None" in second.error and "a.parquet:2" in second.error
    with pytest.raises(ValueError, match=r"'text'.*body, n"):
        read(str(path))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"A.\nB.\n")))
    assert read("-") == [("stdin:1", "A.", ""), ("stdin:2", "B.", "")]
    lines = io.BytesIO(b'{"text": "A."}\n')
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=lines))
    assert read("-", format="jsonl") == [("stdin:1", "A.", "")]


def test_two_files_of_one_name_have_different_ids(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [write(tmp_path / "a.txt", "A."), write(tmp_path / "other" / "a.txt", "B.")]
    assert [document.id for document in read(*paths)] == [f"{path}:1" for path in paths]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"text": ', "Expecting value"),
        (b"[1]", "a JSON object"),
        (b'{"txt": "A."}', "'text' is missing; found 'txt'"),
        (b'{"text": 3}', "expected a string, found 3"),
        (b'{"text": "\\ud800"}', "surrogates not allowed"),
        (b'{"text": "\xff"}', "not UTF-8 (found the byte 0xff)"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_malformed_line_costs_itself_only(tmp_path: Path, line: bytes, words: str) -> None:
    path = write(tmp_path / "a.jsonl", b'{"text": "A."}\n' + line + b'\n{"text": "C."}\n')
    first, second, third = read(path)
    assert (first.text, third.text) == ("A.", "C.")
    assert second.id == "a.jsonl:2" and not second.text and words in second.error


@pytest.mark.parametrize("second", ["a.txt", "./a.txt"])
def test_the_same_input_twice_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    write(tmp_path / "a.txt", "A.")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"a\.txt is given twice"):
        read("a.txt", second)


@pytest.mark.parametrize("id", [None, True, 1.5, ["x"]])
def test_id_is_a_string_or_a_whole_number(tmp_path: Path, id: object) -> None:
    path = write(tmp_path / "a.jsonl", json.dumps({"text": "A.", "id": id}))
    (document,) = read(path, id_field="id")
    assert "id: expected a string" in document.error


@pytest.mark.parametrize(
    ("make", "settings", "words"),
    [
        (lambda path: None, {}, "no such file"),
        (lambda path: path.mkdir(), {}, "directory"),
        (lambda path: path.touch(), {"format": "xml"}, "Unknown format 'xml'"),
        (lambda path: path.touch(), {"batch_size": 0}, "batch_size"),
    ],
)
def test_what_cannot_be_read_is_said_before_reading(
    tmp_path: Path, make: Any, settings: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.txt"
    make(path)
    with pytest.raises(ValueError, match=words):
        read(str(path), **settings)


def test_unknown_suffix_asks_for_the_format(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", "A.")
    with pytest.raises(ValueError, match="--format"):
        read(path)
    assert [document.text for document in read(path, format="text")] == ["A."]


def test_file_that_is_no_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=r"a\.parquet"):
        read(write(tmp_path / "a.parquet", "A."))


def test_nothing_of_an_empty_file(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.txt", "")) == read(write(tmp_path / "b.jsonl", "")) == []


def test_long_documents_are_read_few_at_once(tmp_path: Path) -> None:
    long = "x" * BATCH_CHARACTERS
    path = write(tmp_path / "a.txt", "\n".join(["a", "b", long, "c"]))
    batches = [[d.text for d in batch.documents] for batch in read_batches(Source((path,)))]
    assert batches == [["a", "b", long], ["c"]]


@given(st.integers(0, 30), st.integers(1, 7), st.sets(st.integers(0, 40)))
def test_batches_are_the_same_whichever_are_left_out(
    tmp_path_factory: pytest.TempPathFactory, count: int, size: int, done: set[int]
) -> None:
    path = write(tmp_path_factory.mktemp("x") / "a.txt", "".join(f"d{k}\n" for k in range(count)))
    source = Source((path,), batch_size=size)
    everything = list(read_batches(source))
    assert [d.text for batch in everything for d in batch.documents] == [
        f"d{k}" for k in range(count)
    ]
    assert list(read_batches(source, done)) == [b for b in everything if b.number not in done]
