"""`spacy-rin` in a fork of this process, which saves the seconds in which a command imports.

What the command prints and its exit code are those of a process of its own.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from spacy_rin import cli

# A fork has none of the threads of torch, and would wait for them.
torch.set_num_threads(1)
SECONDS_BETWEEN_LOOKS = 0.01


def call_forked(
    work: Path, words: Sequence[object], memory: int, file_size: int, seconds: float
) -> tuple[int, str, str]:
    """Run the command line in a fork.

    work (Path): A folder, for what it prints.
    words (Sequence[object]): The words of the command.
    memory (int): Bytes that it may have.
    file_size (int): Bytes of the largest file that it can write; 0 for any.
    seconds (float): When it is ended.
    RETURNS (tuple[int, str, str]): Its exit code, negative if a signal has ended it; and what it
        has printed.
    """
    printed = [work / f".{name}" for name in ("stdout", "stderr")]
    # A fork would print once more what waits here.
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _run(words, printed, memory, file_size)
    end = time.monotonic() + seconds
    found, status = os.waitpid(child, os.WNOHANG)
    while not found and time.monotonic() < end:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        found, status = os.waitpid(child, os.WNOHANG)
    if not found:
        os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    out, err = (path.read_text(encoding="utf8", errors="replace") for path in printed)
    for path in printed:
        path.unlink()
    return os.waitstatus_to_exitcode(status), out, err if found else "it hangs"


def _run(words: Sequence[object], printed: list[Path], memory: int, file_size: int) -> None:
    """Be the command, and end."""
    code: object = 1
    try:
        os.setsid()
        for number, path in enumerate(printed, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        if file_size:
            # Without the signal, a write fails as it does on a full disk.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        sys.argv = ["spacy-rin", *map(str, words)]
        cli.main()
        code = 0
    except SystemExit as error:
        code = error.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code if isinstance(code, int) else int(code is not None))
