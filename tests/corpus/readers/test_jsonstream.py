"""Files and JSON lists, read as a stream."""

from __future__ import annotations

import json
import os
import tracemalloc
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_records import JOINTER, read

from spacy_rin.corpus.readers import Record, read_records
from spacy_rin.corpus.readers.jsonstream import JsonStream


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    empty, blank, latin = (tmp_path / name for name in ("empty", "blank", "latin"))
    empty.write_text("")
    blank.write_text(" \n\n")
    latin.write_bytes('{"text": "Köln"}'.encode("latin-1"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, message in [
        (empty, "empty"),
        (blank, "empty"),
        (latin, "not UTF-8, byte 0xf6"),
        (tmp_path, "directory"),
        (tmp_path / "nothing", "No such file"),
        (pipe, "it is a pipe"),
    ]:
        for name in ("auto", "rin", "copymtl" if path.is_dir() else "jointer"):
            with pytest.raises(ValueError, match=message) as err:
                read(path, name)
            assert "\n" not in str(err.value) or name == "copymtl"


def test_byte_order_mark_blank_lines_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    text = json.dumps({"tokens": ["Köln\u2028", "ü"], "relations": []}, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + f"{text}\r\n\r\n{text}".encode())
    first, second = read(path, strict=True)
    assert isinstance(first, Record) and first.words == ["Köln\u2028", "ü"]
    assert second.source == f"{path}:3"


def test_a_list_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    with path.open("w") as handle:
        handle.write("[" + ",\n".join([json.dumps(JOINTER)] * 10_000) + ", broken")
    assert path.stat().st_size > 2_000_000
    tracemalloc.start()
    records = read_records(path, strict=True)
    first = next(records)
    assert first.source == f"{path}:1 (record 1)"
    second = next(records)
    assert second.source == f"{path}:2 (record 2)"
    with pytest.raises(ValueError, match=r"line 10000 \(record 10001\)"):
        for _ in records:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("end", ["", ",", ", ]", "] []", ' {"tokens": 1}]', ', {"tokens": ["a'])
def test_a_broken_list_is_an_error_that_names_the_place(tmp_path: Path, end: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(f"[{json.dumps(JOINTER)}\n{end}")
    with pytest.raises(ValueError, match=r"Broken JSON in .*list\.json, line 2 \(record [12]\)"):
        read(path, "jointer")


def test_malformed_items_of_a_list_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(f"[12, {json.dumps(JOINTER)},\n null, [1, 2]]")
    rows = read(path, "jointer")
    assert [isinstance(row, Record) for row in rows] == [False, True, False, False]
    assert rows[2].source == f"{path}:2 (record 3)"


@given(
    values=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
        max_size=5,
    ),
    chunk=st.integers(1, 40),
    indent=st.none() | st.integers(0, 2),
    ascii=st.booleans(),
)
def test_streaming_gives_what_loading_gives(
    values: list[Any], chunk: int, indent: int | None, ascii: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_rin.corpus.readers.jsonstream.CHUNK", chunk)
        stream = JsonStream(StringIO(text), Path("list.json"))
        assert [value for _, _, value in stream.items()] == json.loads(text)
        stream.end()
