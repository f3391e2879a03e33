"""The registry of formats: detection, messages and help are made from its entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from typer.testing import CliRunner

from spacy_rin.cli import app
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import FORMATS, Format, Record, detect_format, read_records
from spacy_rin.corpus.readers.checks import check_text
from spacy_rin.corpus.readers.records import Opened


def open_notes(path: Path, lang: str) -> Opened:
    return ((f"{file}:1", file.read_text()) for file in sorted(path.glob("*.txt"))), parse_note


def parse_note(row: Any, source: str) -> Record:
    return Record(check_text(row, "the note").split(), source=source)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Add a form of folders to the registry, and make a folder of it."""
    known = Format("a folder of .txt", open_notes, is_path=lambda path: any(path.glob("*.txt")))
    monkeypatch.setitem(FORMATS, "notes", known)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in {"a": "It rained .", "b": " ", "c": "Ada left ."}.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_folder_is_recognised_and_read(notes: Path) -> None:
    assert detect_format(notes) == "notes"
    first, malformed, last = read_records(notes)
    assert first == Record(["It", "rained", "."], source=f"{notes / 'a.txt'}:1")
    assert malformed.source == f"{notes / 'b.txt'}:1" and not isinstance(malformed, Record)
    assert isinstance(last, Record)


def test_folder_is_converted(notes: Path, tmp_path: Path) -> None:
    report = convert(notes, tmp_path / "out.spacy")
    assert report.docs == 2 and report.dropped == {"malformed": 1}
    assert [len(doc) for doc in read_docs(tmp_path / "out.spacy")] == [3, 3]


def test_messages_list_the_new_format(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"sentence": "x"}')
    with pytest.raises(ValueError, match=r"\n  notes +a folder of \.txt\n"):
        detect_format(tmp_path / "odd.jsonl")
    with pytest.raises(ValueError, match=r"Unknown format 'conll'.* auto, .*, notes"):
        list(read_records(notes, "conll"))


def test_help_lists_every_format() -> None:
    result = CliRunner().invoke(app, ["convert", "--help"])
    assert all(name in result.output for name in ("auto", *FORMATS))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"rin"}))
def test_page_of_your_own_data_has_every_other_form(name: str) -> None:
    page = (ROOT / "docs" / "your-own-data.md").read_text(encoding="utf8")
    assert f"| `{name}` |" in page
