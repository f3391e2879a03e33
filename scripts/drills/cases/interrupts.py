"""Ctrl-C and SIGTERM at any moment end a command with two lines at most, and leave no file."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from itertools import count
from pathlib import Path

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding, finish
from spacy_rin.cli import COMMANDS

TIMES = 20
# Commands that ended before they were interrupted are not counted.
MOST_TRIES = 3 * TIMES
# In seconds. Half of the moments are in the first part, in which Python imports.
FIRST, LAST = 3.0, 10.0


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many of the commands said more, or left something."""
    into = drill.work / "into"
    into.mkdir()
    commands = _commands(drill, into)
    longest = dict.fromkeys(commands, LAST)
    wordy = tracebacks = interrupted = 0
    seen, faults = set[str](), []
    for number in count():
        if interrupted == TIMES or number == MOST_TRIES:
            break
        name = list(commands)[number % len(commands)]
        begun = time.monotonic()
        process = drill.begin(*commands[name])
        most = min(longest[name], FIRST if number % 2 else LAST)
        try:
            process.wait(drill.random.uniform(0.1, most))
            # It needs no longer. The next signal comes earlier.
            longest[name] = time.monotonic() - begun
            finish(process)
            continue
        except subprocess.TimeoutExpired:
            pass
        # Ctrl-C reaches the whole group, SIGTERM the process alone.
        if interrupted % 4 < 2:
            os.killpg(process.pid, signal.SIGINT)
        else:
            os.kill(process.pid, signal.SIGTERM)
        interrupted += 1
        seen.add(name)
        outcome = finish(process)
        # What it had printed before, such as a table of `inspect`, is no word about the signal.
        lines = [line for line in outcome.err.splitlines() if line.strip()]
        tracebacks += "Traceback" in outcome.err
        if outcome.code != 0 and len(lines) > 2:
            wordy += 1
            faults.append(f"{name}: {lines[-1][:200]}")
    hidden = (".tmp", ".old", ".lock", ".work")
    left = [path.name for path in into.rglob("*") if path.name.endswith(hidden)]
    figure = (
        f"{interrupted} signals to {len(seen)} commands: {tracebacks} tracebacks, {wordy} with "
        f"more than two lines, {len(left)} temporary files"
    )
    whole = interrupted == TIMES and not (tracebacks or wordy or left)
    return Finding("; ".join([figure, *faults]), whole)


def _commands(drill: Drill, into: Path) -> dict[str, list[object]]:
    """The words of every command, each with enough to do. Two read with a second process."""
    texts, corpus = drill.texts(20_000), drill.corpus(2_000)
    raw, triples, result = (drill.work / f"{name}.jsonl" for name in ("raw", "triples", "result"))
    rows = [{"text": SENTENCES[k % len(SENTENCES)], "relations": []} for k in range(60_000)]
    srsly.write_jsonl(raw, rows)
    drill.call(
        "extract", drill.texts(60, "few.jsonl"), "--model", drill.pipeline, "--output", triples
    )
    found = list(srsly.read_jsonl(triples))
    many = ({**row, "head": f"{row['head']} {k}"} for k in range(500) for row in found)
    srsly.write_jsonl(triples, many)
    srsly.write_json(result, {})
    model = ["--model", drill.pipeline]
    calls: dict[str, list[object]] = {
        "convert": [raw, into / "out.spacy"],
        "inspect": [corpus, corpus, corpus],
        "init": [corpus, into / "my.cfg"],
        "vectors": [into / "vectors", "--transformer", into],
        "evaluate": [drill.pipeline, corpus, "--output", into / "result.json"],
        "card": [drill.pipeline, into / "card", "--result", result, "--train", corpus],
        "render": [texts, into / "page.html", *model, "--limit", 20_000],
        "graph": [triples, into / "graph.html"],
        "export": [corpus, into / "out.ttl", "--format", "turtle"],
        "extract": [texts, *model, "--output", into / "out.jsonl", "--overwrite", "--processes", 2],
        "facts": [triples, into / "facts.csv", "--overwrite"],
        "serve": [drill.pipeline, "--port", 8765],
    }
    if calls.keys() != COMMANDS.keys():
        raise ValueError(f"Commands that are not tried: {sorted(COMMANDS.keys() - calls.keys())}")
    return {name: [name, *words] for name, words in calls.items()}
