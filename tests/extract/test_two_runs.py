"""Two runs to one output, two threads of one process, and files that change meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import spacy
from processes import HANGS
from toy import gold_docs, trained
from typer.testing import CliRunner

from spacy_rin.cli import app
from spacy_rin.extract import run
from spacy_rin.extract.engines import worker
from spacy_rin.extract.journal import Totals
from spacy_rin.extract.run import extract, journal_path

pytestmark = pytest.mark.training

TEXTS = [doc.text for doc in gold_docs(spacy.blank("en").vocab)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    rows = [{"id": f"d{k}", "text": text} for k, text in enumerate(TEXTS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def once(action: Callable[[], object]) -> Callable[[Totals], None]:
    """Progress that does something when the first batch has been read."""
    done: list[Totals] = []

    def progress(totals: Totals) -> None:
        if totals.documents and not done:
            done.append(totals)
            action()

    return progress


def begin(output: Path, model: str, *words: str) -> subprocess.Popen[str]:
    """A run that reads standard input, and has read its first batch."""
    code = (
        "import sys; from spacy_rin.extract import extract; "
        "extract('-', sys.argv[1], sys.argv[2], by='document', batch_size=2, "
        "overwrite='overwrite' in sys.argv, resume='resume' in sys.argv, "
        "progress=lambda totals: print(totals.documents, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, output, model, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{TEXTS[0]}\n" * 2)
    process.stdin.flush()
    assert any(int(line) >= 2 for line in process.stdout), "it ended before its input"
    return process


@pytest.mark.processes
@pytest.mark.parametrize("first", ["resume", "overwrite"])
def test_second_run_is_told_of_the_first_and_costs_it_nothing(
    source: Path, model: str, tmp_path: Path, first: str
) -> None:
    output = tmp_path / "out.jsonl"
    process = begin(output, model, first)
    journal = journal_path(output).read_bytes()
    for settings in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(ValueError, match=r"Another run is writing .*out\.jsonl"):
            extract(source, output, model, **settings)
    result = CliRunner().invoke(
        app, ["extract", str(source), "--model", model, "--output", str(output)]
    )
    assert "Another run is writing" in str(result.exception)
    assert journal_path(output).read_bytes() == journal and not output.exists()
    process.communicate(f"{TEXTS[0]}\n" * 6, timeout=HANGS)
    assert process.returncode == 0
    assert [row["document"] for row in rows(output)] == [f"stdin:{k + 1}" for k in range(8)]
    assert {path.name for path in tmp_path.iterdir()} == {"texts.jsonl", "out.jsonl"}


@pytest.mark.processes
def test_killed_run_leaves_the_output_free(source: Path, model: str, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    process = begin(output, model)
    process.kill()
    process.communicate()
    with pytest.raises(ValueError, match="An earlier run"):
        extract(source, output, model)
    totals = extract(source, output, model, overwrite=True)
    assert totals.documents == len(TEXTS)


def test_run_that_failed_in_writing_leaves_the_output_free(
    source: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.jsonl"
    kept = []

    def fail(output: Path, entries: Iterator[Any], by: str) -> None:
        next(entries)
        kept.append(entries)  # as Python 3.13 does, in the traceback
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(run, "write_output", fail)
        with pytest.raises(OSError, match="the disk is full"):
            extract(source, output, model)
    assert extract(source, output, model, resume=True).documents == len(TEXTS)
    assert output.exists() and not journal_path(output).exists()


def test_run_writes_what_it_has_read_although_its_journal_is_gone(
    source: Path, model: str, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    journal = journal_path(output)

    def replace() -> None:
        journal.unlink()
        journal.write_text("another's")

    extract(source, output, model, by="document", batch_size=4, progress=once(replace))
    assert len(rows(output)) == len(TEXTS) and journal.read_text() == "another's"


def test_batch_that_stands_twice_counts_once(source: Path, model: str, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    settings: dict[str, Any] = {"by": "document", "batch_size": 4}
    with pytest.raises(KeyboardInterrupt):
        extract(source, output, model, progress=once(interrupt), **settings)
    lines = journal_path(output).read_bytes().splitlines(keepends=True)
    journal_path(output).write_bytes(b"".join([*lines, lines[-1], lines[-1]]))
    totals = extract(source, output, model, resume=True, **settings)
    assert totals.documents == len(TEXTS)
    assert [row["document"] for row in rows(output)] == [f"texts.jsonl:{k}" for k in numbers()]


def numbers() -> range:
    return range(1, len(TEXTS) + 1)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "line",
    [
        '{"batch": 1}',
        '{"batch": [], "documents": []}',
        '{"batch": true, "documents": []}',
        '{"batch": 1, "documents": [5]}',
        '{"batch": 1, "documents": [{"document": "x"}]}',
        '{"batch": 1, "documents": [{"document": "x", "words": 1, "triples": 5}]}',
        "[" * 100_000,
    ],
)
def test_damaged_line_of_a_journal_is_read_again(
    source: Path, model: str, tmp_path: Path, line: str
) -> None:
    output = tmp_path / "out.jsonl"
    settings: dict[str, Any] = {"by": "document", "batch_size": 4}
    with pytest.raises(KeyboardInterrupt):
        extract(source, output, model, progress=once(interrupt), **settings)
    with journal_path(output).open("a") as file:
        file.write(line + "\n")
    assert extract(source, output, model, resume=True, **settings).documents == len(TEXTS)
    assert [row["document"] for row in rows(output)] == [f"texts.jsonl:{k}" for k in numbers()]


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes", "is written again"])
def test_input_that_changes_is_noticed(
    source: Path, model: str, tmp_path: Path, change: str
) -> None:
    output, text = tmp_path / "out.jsonl", source.read_text(encoding="utf8")

    def act() -> None:
        if change == "grows":
            with source.open("a") as file:
                file.write('{"id": "new", "text": "It rained ."}\n')
        elif change == "shrinks":
            os.truncate(source, text.index("\n", len(text) // 2) + 1)
        elif change == "goes":
            source.unlink()
        else:
            source.write_text(text.replace("born", "seen"), encoding="utf8")

    with pytest.raises(ValueError, match=r"texts\.jsonl changed while it was read"):
        extract(source, output, model, batch_size=4, progress=once(act))
    assert not output.exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_output_that_another_writes_meanwhile_is_kept(
    source: Path, model: str, tmp_path: Path, overwrite: bool
) -> None:
    output = tmp_path / "out.jsonl"
    if overwrite:
        output.write_text("old")
    with pytest.raises(ValueError, match=r"out\.jsonl was written by someone else.*--resume"):
        extract(
            source,
            output,
            model,
            by="document",
            overwrite=overwrite,
            progress=once(lambda: output.write_text("another's")),
        )
    assert output.read_text() == "another's"
    output.unlink()
    extract(source, output, model, by="document", resume=True)
    assert len(rows(output)) == len(TEXTS)


def break_reader(
    monkeypatch: pytest.MonkeyPatch, model: str, error: Exception, most: int
) -> list[int]:
    """Let memory run out wherever more than `most` documents are read at once."""
    reader = worker.load_reader(worker.identify(model), -1)
    pipe, failed = reader.nlp.pipe, list[int]()

    def run_out(texts: list[str], **settings: Any) -> Any:
        if len(texts) > most:
            failed.append(len(texts))
            raise error
        return pipe(texts, **settings)

    monkeypatch.setattr(reader.nlp, "pipe", run_out)
    return failed


class OutOfMemoryError(RuntimeError):
    """As torch names its own, which needs a GPU."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["Python", "GPU", "CPU"],
)
def test_document_that_lacked_memory_is_tried_again(
    source: Path, model: str, tmp_path: Path, error: Exception
) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        break_reader(patch, model, error, most=0)
        with pytest.raises(OSError, match=r"Memory ran out at d0\..*--resume"):
            extract(source, output, model, by="document", id_field="id")
    assert not output.exists()
    # The run that failed had recorded nothing, so that there is nothing to resume.
    totals = extract(source, output, model, by="document", id_field="id", resume=True)
    assert totals.failed == 0 and [row["document"] for row in rows(output)] == [
        f"d{k}" for k in range(len(TEXTS))
    ]


def test_batch_that_lacks_memory_is_read_one_by_one(
    source: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = break_reader(monkeypatch, model, MemoryError(), most=1)
    totals = extract(source, tmp_path / "out.jsonl", model)
    assert failed == [len(TEXTS)] and totals.failed == 0 and totals.documents == len(TEXTS)


@pytest.fixture
def often() -> Iterator[None]:
    """Threads that are switched as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_of_one_process_read_what_one_alone_reads(
    source: Path, model: str, tmp_path: Path, often: None
) -> None:
    def run(name: str) -> list[dict[str, Any]]:
        output = tmp_path / f"{name}.jsonl"
        totals = extract(source, output, model, by="document", batch_size=3)
        assert totals.failed == 0
        return rows(output)

    alone = run("alone")
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, ("one", "two", "three"))) == [alone] * 3


def test_threads_may_have_different_pipelines(source: Path, model: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    trained(threshold=1.0).to_disk(other)
    loaded: list[str] = []

    class Reader(worker.BatchReader):
        def __init__(self, load: str, *rest: Any) -> None:
            loaded.append(load)
            super().__init__(load, *rest)

    def run(name: str) -> int:
        output = tmp_path / f"{name}.jsonl"
        return extract(source, output, other if name == "other" else model, batch_size=2).triples

    expected = run("alone")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(worker, "BatchReader", Reader)
        worker.load_reader.cache_clear()
        assert list(pool.map(run, ("one", "other"))) == [expected, 0]
    assert sorted(loaded) == sorted([model, str(other)])  # each once, not once a batch


def test_run_that_was_interrupted_goes_on_in_the_same_process(
    source: Path, model: str, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(worker, "_entry", lambda *args: interrupt())
        extract(source, output, model, by="document")
    totals = extract(source, output, model, by="document")
    assert totals.failed == 0 and len(rows(output)) == len(TEXTS)


@pytest.mark.parametrize(
    "record",
    [
        b'{"id": "mine"}',
        b'{"id": "mine", "text": 5}',
        b'{"id": "mine", "text": "a \\ud800 b"}',
        b'{"id": "mine", "text": "caf\xe9"}',
    ],
    ids=["no text", "a number", "lone surrogate", "not UTF-8"],
)
def test_malformed_record_keeps_its_id(model: str, tmp_path: Path, record: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(record + b"\n")
    output = tmp_path / "out.jsonl"
    extract(tmp_path / "a.jsonl", output, model, id_field="id", skip_bad=True)
    (row,) = rows(output)
    assert row["document"] == "mine" and row["error"].startswith("a.jsonl:1: ")


@pytest.mark.parametrize("record", [b'{"text": "a"}', b'{"id": "x\xe9", "text": "a"}', b"{"])
def test_record_whose_id_cannot_be_read_has_its_place(
    model: str, tmp_path: Path, record: bytes
) -> None:
    (tmp_path / "a.jsonl").write_bytes(record + b"\n")
    output = tmp_path / "out.jsonl"
    extract(tmp_path / "a.jsonl", output, model, id_field="id", skip_bad=True)
    assert [row["document"] for row in rows(output)] == ["a.jsonl:1"]
