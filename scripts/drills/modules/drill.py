"""What every drill is given, and what it finds: a pipeline, an empty folder, and the command line.

A drill is a module in scripts/drills/cases/. Its docstring is what is promised. Its function `run`
takes a `Drill` and returns a `Finding`. Nothing else has to be written: drills are discovered.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import srsly
from spacy.tokens import DocBin

from scripts.drills import cases
from scripts.drills.modules.forked import call_forked
from spacy_rin.component import load_pipeline

# What ends a command that hangs, in seconds, and one that takes all memory, in bytes.
SECONDS = 300
MEMORY = 8 << 30
SENTENCES = (
    "Ottilie Ostrander founded Nordrel Steel.",
    "Bram Quill was born in Crowmere.",
    "Wistlux Airlines is headquartered in Fairford.",
    "It rained all day.",
)


@dataclass(frozen=True)
class Finding:
    """What a drill has found.

    figure (str): How much was tried, and what came of it.
    holds (bool): Whether the promise holds.
    inherited (str): Why it does not hold, if spaCy or another package is the reason.
    """

    figure: str
    holds: bool
    inherited: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a command has ended.

    code (int): Its exit code; negative if a signal has ended it.
    out (str): What it has printed.
    err (str): What it has printed to stderr.
    """

    code: int
    out: str
    err: str

    @property
    def is_clean(self) -> bool:
        """RETURNS (bool): Whether it succeeded, or said in one line why not."""
        lines = self.err.strip().splitlines()
        return self.code == 0 or (self.code > 0 and len(lines) <= 1)

    def show(self) -> str:
        """RETURNS (str): The exit code, and the last line of stderr."""
        return f"exit {self.code}: {self.err.strip()[-200:]}"


@dataclass(frozen=True)
class Drill:
    """What a drill works with.

    pipeline (Path): A trained pipeline, which no drill changes.
    work (Path): An empty folder of its own.
    random (random.Random): Seeded.
    """

    pipeline: Path
    work: Path
    random: random.Random

    def texts(self, count: int, name: str = "texts.jsonl") -> Path:
        """RETURNS (Path): A file of documents with the ids d0, d1, ..."""
        path = self.work / name
        rows = ({"id": f"d{k}", "text": SENTENCES[k % len(SENTENCES)]} for k in range(count))
        srsly.write_jsonl(path, rows)
        return path

    def begin(
        self, *words: object, wrapper: Sequence[str] = (), **settings: Any
    ) -> subprocess.Popen[str]:
        """Start `spacy-rin` with these words, in a session of its own.

        wrapper (Sequence[str]): The words of a command that calls it.
        settings (Any): Those of `subprocess.Popen`.
        RETURNS (Popen): The process.
        """
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [*wrapper, sys.executable, "-m", "spacy_rin", *map(str, words)],
            text=True,
            start_new_session=True,
            preexec_fn=_limit_memory,
            **(pipes | settings),
        )

    def call(self, *words: object, file_size: int = 0) -> Outcome:
        """Run `spacy-rin` with these words in a fork of this process.

        file_size (int): Bytes of the largest file that it can write, as on a full disk; 0 for any.
        RETURNS (Outcome): What became of it.
        """
        code, out, err = call_forked(self.work, words, MEMORY, file_size, SECONDS)
        return Outcome(code, out, err)

    def corpus(self, count: int = 60) -> Path:
        """RETURNS (Path): A .spacy file of documents with what the pipeline finds in them."""
        nlp, path = load_pipeline(str(self.pipeline)), self.work / "gold.spacy"
        # No two are alike, so that they are not packed into nothing.
        texts = (f"{SENTENCES[k % len(SENTENCES)]} It was day {k}." for k in range(count))
        DocBin(docs=nlp.pipe(texts), store_user_data=True).to_disk(path)
        return path


def finish(process: subprocess.Popen[str]) -> Outcome:
    """RETURNS (Outcome): What became of a command; one that hangs is ended."""
    try:
        out, err = (text or "" for text in process.communicate(timeout=SECONDS))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome(-signal.SIGKILL, "", "it hangs")
    return Outcome(process.returncode, out, err)


def find_drills() -> dict[str, Callable[[Drill], Finding]]:
    """RETURNS (dict): The function of each drill, by its name."""
    names = sorted(module.name for module in iter_modules(cases.__path__))
    return {name: import_module(f"{cases.__name__}.{name}").run for name in names}


def promise(name: str) -> str:
    """RETURNS (str): What a drill looks for, in one sentence."""
    text = import_module(f"{cases.__name__}.{name}").__doc__ or ""
    return " ".join(text.split("\n\n")[0].split())


def run_drill(name: str, pipeline: Path, work: Path, seed: int = 0) -> dict[str, Any]:
    """Run one drill.

    name (str): Its name.
    pipeline (Path): A trained pipeline.
    work (Path): An empty folder.
    seed (int): Seed of what it does at random.
    RETURNS (dict): Its name, its promise and what it has found, as results/drills.json has it.
    """
    found = find_drills()[name](Drill(pipeline.resolve(), work.resolve(), random.Random(seed)))
    row = {"drill": name, "promise": promise(name), **asdict(found)}
    return {key: value for key, value in row.items() if value != ""}


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
