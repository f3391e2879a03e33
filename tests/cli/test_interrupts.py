"""Ctrl-C and SIGTERM end a command with one line at most, from its first moment on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT
from processes import HANGS, run_python

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A shell starts what runs in the background without SIGINT, and children inherit that."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


MAIN = """
import os, signal, sys
from spacy_rin import cli
def work():
    {work}
cli.app = work
cli.main()
"""


def run_main(work: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the command line with another command, which a signal reaches."""
    return run_python("-c", MAIN.format(work=work), **settings)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_import_of_spacy_is_interrupted_without_a_word(tmp_path: Path, name: str) -> None:
    (tmp_path / "spacy").mkdir()
    code = f"import os, signal; os.kill(os.getpid(), signal.{name}); print('it goes on')"
    (tmp_path / "spacy" / "__init__.py").write_text(code)
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    done = run_python("-m", "spacy_rin", "--help", env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == -getattr(signal, name) and done.stdout == done.stderr == ""


def test_other_programs_are_interrupted_as_before() -> None:
    code = "import signal, spacy_rin; print(signal.getsignal(2) is signal.default_int_handler)"
    assert run_python("-c", code, check=True).stdout.strip() == "True"


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_command_is_interrupted_on_one_line(name: str, code: int) -> None:
    done = run_main(f"os.kill(os.getpid(), signal.{name}); print('it goes on')")
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.splitlines() == ["✘ Interrupted"]


@pytest.mark.parametrize(
    "work",
    [
        # As pybind11 does with what comes up while it imports a module.
        """
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException as error:
        raise ImportError("KeyboardInterrupt: <EMPTY MESSAGE>")
""",
        # In a destructor Python prints an exception and goes on.
        """
    class Late:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
    Late()
    print("it goes on")
""",
    ],
    ids=["another error", "destructor"],
)
def test_interruption_that_is_swallowed_still_ends_the_command(work: str) -> None:
    done = run_main(work.strip())
    assert done.returncode == 130 and done.stdout == ""
    assert len(done.stderr.splitlines()) <= 1


def test_second_interruption_ends_at_once() -> None:
    work = """
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        print("it goes on")
"""
    done = run_main(work.strip())
    assert done.returncode == -signal.SIGINT and done.stdout == done.stderr == ""


def test_signal_that_a_shell_ignores_is_ignored() -> None:
    code = "import signal; signal.signal(2, signal.SIG_IGN);" + MAIN.format(
        work="os.kill(os.getpid(), signal.SIGINT); print('it goes on')"
    )
    done = run_python("-c", code.replace(";\nimport", "; import"))
    assert done.returncode == 0 and done.stdout.strip() == "it goes on"


@pytest.mark.training
@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_reaches_the_whole_group(model: str, tmp_path: Path, processes: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from spacy_rin.cli import extract, main\n"
        "run = extract.extract\n"
        "def show(totals):\n"
        "    print(totals.documents, flush=True)\n"
        "extract.extract = lambda *args, **settings: run(*args, **{**settings, 'progress': show})\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    words = ["extract", "-", "--model", model, "--output", tmp_path / "out.jsonl"]
    process = subprocess.Popen(
        [sys.executable, script, *words, "--batch-size", "2", "--processes", str(processes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("Plato was born in Athens .\n" * 40)
    process.stdin.flush()
    assert any(int(line) >= 2 for line in process.stdout), "it ended before its input"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 130 and "--resume" in out
    assert len((out + err).splitlines()) <= 20 + 2 and err == ""
    assert {path.name for path in tmp_path.iterdir()} == {"script.py", ".out.jsonl.journal"}
