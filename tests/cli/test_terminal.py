"""What stands in a text does nothing to the terminal, and every error is one line."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import write_corpus
from typer.testing import CliRunner

from spacy_rin import Relation, cli
from spacy_rin.cli.terminal import UNSEEN, msg, visible
from spacy_rin.interrupts import SIGNALS

COLOURS = re.compile(r"\x1b\[[0-9;]+m")  # wasabi's own
ESCAPES = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202egnp.exe \r"


@given(st.text())
def test_visible_text_can_be_printed_and_does_nothing(text: str) -> None:
    shown = visible(text)
    assert not UNSEEN.search(shown)
    assert shown == text or UNSEEN.search(text)


def test_line_breaks_tabs_and_scripts_from_right_to_left_stay() -> None:
    text = "a\tb\nשלום \u200f(x)"
    assert visible(text) == text


@pytest.mark.parametrize("kind", ["text", "good", "warn", "divider", "table", "table of a dict"])
def test_every_kind_of_message_is_clean(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    if kind == "table":
        msg.table([(ESCAPES, 1)])
    elif kind == "table of a dict":
        msg.table({ESCAPES: ESCAPES})
    else:
        getattr(msg, kind)(ESCAPES)
    out = capsys.readouterr().out
    assert "\\x1b[2J" in out and not set("\x07\x9b\u202e\r") & set(out) and "\x1b[2J" not in out


def odd_corpus(path: Path) -> Path:
    doc = Doc(Vocab(), words=["Ada", ESCAPES, "Rome"])
    ends = Span(doc, 0, 1, f"P{ESCAPES}"), Span(doc, 2, 3, "L")
    doc.ents = list(ends)
    doc._.relations = [Relation(ends[0], f"r{ESCAPES}", ends[1])]
    return write_corpus(path, [doc])


@pytest.mark.parametrize("command", ["inspect", "inspect --json", "export", "convert"])
def test_commands_print_no_escape_of_a_text(tmp_path: Path, command: str) -> None:
    corpus = odd_corpus(tmp_path / "odd.spacy")
    words = [*command.split(), str(corpus)]
    if command == "export":
        words += [str(tmp_path / "out.jsonl"), "--format", "prodigy"]
    if command == "convert":
        row = {
            "text": f"Ada {ESCAPES}",
            "relations": [{"head": ESCAPES, "label": "r", "tail": "x"}],
        }
        raw = tmp_path / "raw.jsonl"
        raw.write_text(json.dumps(row) + "\n")
        words = ["convert", str(raw), str(tmp_path / "out.spacy")]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    assert not UNSEEN.search(COLOURS.sub("", result.output))


def run_main(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> str:
    """What `main` prints when a command raises an error."""

    def fail() -> None:
        raise error

    stderr = io.StringIO()
    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(sys, "stderr", stderr)
    before = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert [signal.getsignal(each) for each in SIGNALS] == before
    return stderr.getvalue()


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"odd {ESCAPES}"),
        KeyError("x" * 5000),
        RecursionError("maximum recursion depth exceeded"),
        OverflowError("int too large"),
        MemoryError(),
        ImportError("no\nmodule"),
        OSError(28, "No space left on device", "out.json"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_error_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    printed = run_main(monkeypatch, error)
    assert len(printed.splitlines()) == 1 and len(printed) < 700
    assert not UNSEEN.search(printed) and printed.startswith("✘ ")


def test_error_that_nobody_has_foreseen_can_be_shown_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cli.TRACEBACK in run_main(monkeypatch, KeyError("x"))
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(KeyError):
        cli.main()


def test_full_disk_is_no_file_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = run_main(monkeypatch, OSError(28, "No space left on device", "out.json"))
    assert printed == "✘ Can't write out.json: No space left on device.\n"


@pytest.mark.parametrize("stdin", [None, "closed"])
@pytest.mark.training
def test_standard_input_that_is_shut_is_said(
    monkeypatch: pytest.MonkeyPatch, model: str, tmp_path: Path, stdin: Any
) -> None:
    from spacy_rin.extract import extract

    if stdin == "closed":
        stdin = io.TextIOWrapper(io.BytesIO())
        stdin.close()
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(ValueError, match="standard input is closed"):
        extract("-", tmp_path / "out.jsonl", model)
    assert list(tmp_path.iterdir()) == []


TRIPLE = (
    {"head": "A", "head_start": 0, "head_end": 1, "head_label": "P", "relation": "r"}
    | {"tail": "B", "tail_start": 2, "tail_end": 3, "tail_label": "P", "score": 0.5}
    | {"sentence": "s", "sentence_start": 0}
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", "1" * 400),
        ("score", "1" * 5000),
        ("score", "1e999"),
        ("score", "NaN"),
        ("score", "[]"),
        ("head_start", "1e999"),
        ("head_start", "NaN"),
    ],
)
def test_number_that_is_none_is_said_with_file_and_line(
    tmp_path: Path, field: str, value: str
) -> None:
    line = json.dumps({**TRIPLE, field: "HERE"}).replace('"HERE"', value)
    path = tmp_path / "triples.jsonl"
    path.write_text(f"{json.dumps(TRIPLE)}\n{line}\n")
    result = CliRunner().invoke(cli.app, ["graph", str(path), str(tmp_path / "graph.html")])
    assert isinstance(result.exception, ValueError)
    assert "triples.jsonl, line 2" in str(result.exception)


@pytest.mark.parametrize("name", ["triples.jsonl", "triples.csv"])
def test_triples_that_are_not_utf8_are_said_with_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"document,h\xe9ad\n\xff")
    result = CliRunner().invoke(
        cli.app, ["graph", str(tmp_path / name), str(tmp_path / "graph.html")]
    )
    assert isinstance(result.exception, ValueError) and name in str(result.exception)
