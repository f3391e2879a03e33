"""All engines give the same rows, and the death of a worker is an error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from select import select

import pytest
import spacy
from processes import HANGS
from toy import gold_docs

from spacy_rin.extract.documents import Source, read_batches
from spacy_rin.extract.engines.local import LocalSettings, read_locally
from spacy_rin.extract.engines.worker import identify
from spacy_rin.extract.journal import Done
from spacy_rin.extract.run import extract, journal_path

pytestmark = [pytest.mark.training, pytest.mark.processes]

TEXTS = [doc.text for doc in gold_docs(spacy.blank("en").vocab)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    rows = [{"id": k, "text": text} for k, text in enumerate(TEXTS)]
    path.write_text("\n".join([*map(json.dumps, rows), "{broken"]), encoding="utf8")
    return path


def rows(path: Path) -> Counter[str]:
    return Counter(path.read_text(encoding="utf8").splitlines())


def one_process(source: Path, model: str) -> list[str]:
    output = source.with_name("expected.jsonl")
    extract([source], output, model, batch_size=5, skip_bad=True)
    return output.read_text(encoding="utf8").splitlines()


def test_processes_change_nothing(source: Path, model: str, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    extract([source], output, model, batch_size=5, processes=2, skip_bad=True)
    assert output.read_text(encoding="utf8").splitlines() == one_process(source, model)


def test_ray_changes_nothing_but_the_order(source: Path, model: str, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
    expected, output = Counter(one_process(source, model)), tmp_path / "out.jsonl"
    settings = {"batch_size": 5, "engine": "ray"}
    with pytest.raises(ValueError, match=r"texts\.jsonl:37"):
        extract([source], output, model, **settings)
    # as if the run had been killed in the middle of its third batch
    lines = journal_path(output).read_bytes().splitlines(keepends=True)
    assert len(lines) > 3
    journal_path(output).write_bytes(b"".join(lines[:3]) + lines[3][:40])
    totals = extract([source], output, model, resume=True, skip_bad=True, **settings)
    assert rows(output) == expected and totals.documents == len(TEXTS) + 1


def test_ray_says_what_it_cannot_do(source: Path, tmp_path: Path, model: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
    with pytest.raises(ValueError, match="standard input"):
        extract(["-"], tmp_path / "out.jsonl", model, engine="ray")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(OSError, match="rin component"):
        extract([source], tmp_path / "out.jsonl", tmp_path / "blank", engine="ray")


def test_error_of_a_worker_comes_back(source: Path, tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="rin component"):
        extract([source], tmp_path / "out.jsonl", tmp_path / "blank", processes=2)


def test_endless_input_does_not_pile_up(tmp_path: Path, model: str) -> None:
    path = tmp_path / "long.txt"
    path.write_text("It rained .\n" * 400)
    taken: list[int] = []

    class Taken(Done):
        """Records every batch that is read from the input, since the engine asks for each."""

        def __contains__(self, number: object) -> bool:
            assert isinstance(number, int)
            taken.append(number)
            return False

    source = Source((str(path),), batch_size=4)
    pipeline = identify(model)
    found = read_locally(source, Taken(), pipeline, LocalSettings(processes=2))
    assert next(found).number == 0
    found.close()
    assert len(taken) < 10 < len(list(read_batches(source)))


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@pytest.fixture
def running(tmp_path: Path, model: str) -> subprocess.Popen[str]:
    """An extraction with two workers whose input does not end."""
    code = f"""
from spacy_rin.extract import extract
if __name__ == "__main__":
    try:
        extract(
            ["-"], {str(tmp_path / "out.jsonl")!r}, {model!r}, batch_size=2, processes=2,
            progress=lambda totals: print(totals.documents, flush=True),
        )
    except OSError as error:
        print(error)
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write("Plato was born in Athens .\n" * 100)
    process.stdin.flush()
    assert process.stdout is not None
    assert any(int(line) > 2 for line in process.stdout), "it ended before its input"
    return process


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")


@needs_proc
def test_dead_worker_is_an_error_and_no_hang(running: subprocess.Popen[str]) -> None:
    worker = children(running.pid)[-1]
    os.kill(worker, signal.SIGKILL)
    output, _ = running.communicate("Plato was born in Athens .\n" * 100, timeout=HANGS)
    assert "worker process died" in output and "--resume" in output
    assert running.returncode == 0


@needs_proc
def test_workers_do_not_outlive_a_killed_run(running: subprocess.Popen[str]) -> None:
    workers = [os.pidfd_open(pid) for pid in children(running.pid)]
    assert len(workers) >= 2
    running.kill()
    running.communicate()
    for worker in workers:
        # can be read once its process has ended
        assert select([worker], [], [], HANGS)[0]
        os.close(worker)
