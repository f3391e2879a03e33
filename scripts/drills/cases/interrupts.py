"""Ctrl-C and SIGTERM at any moment end a command with two lines at most, and leave no process."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

from scripts.drills.modules.drill import Drill, Finding, finish

TIMES = 20


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many of the commands said more, or went on."""
    texts, into = drill.texts(20_000), drill.work / "into"
    into.mkdir()
    model = ["--model", drill.pipeline]
    commands: list[list[object]] = [
        ["convert", texts, into / "out.spacy"],
        ["extract", texts, *model, "--output", into / "one.jsonl", "--overwrite"],
        ["extract", texts, *model, "--output", into / "two.jsonl", "--overwrite", "--processes", 2],
        ["render", texts, into / "page.html", *model, "--limit", 20_000],
        ["--help"],
    ]
    wordy = tracebacks = ended = 0
    for number in range(TIMES):
        process = drill.begin(*commands[number % len(commands)])
        # Half of them in the first seconds, in which Python imports.
        seconds = drill.random.uniform(0.2, 3) if number % 2 else drill.random.uniform(3, 12)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        if process.poll() is None:
            ended += 1
            # Ctrl-C reaches the whole group, SIGTERM the process alone.
            if number % 4 < 2:
                os.killpg(process.pid, signal.SIGINT)
            else:
                os.kill(process.pid, signal.SIGTERM)
        outcome = finish(process)
        lines = [line for line in (outcome.out + outcome.err).splitlines() if line.strip()]
        tracebacks += "Traceback" in outcome.err
        wordy += outcome.code != 0 and len(lines) > 2
    left = [path.name for path in into.rglob("*") if path.name.endswith((".tmp", ".old", ".lock"))]
    figure = (
        f"{ended} of {TIMES} commands interrupted: {tracebacks} tracebacks, {wordy} with more than "
        f"two lines, {len(left)} temporary files"
    )
    return Finding(figure, not (tracebacks or wordy or left))
