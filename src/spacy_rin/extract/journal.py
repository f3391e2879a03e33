"""What an interrupted run has done already: batches of documents, one JSON line each.

A line is written when its batch is complete, so that a run killed in the middle of one loses that
batch only, and reads it again. The first line says what the batches are of.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors

# What a document became: {"document", "words", "triples"}, or {"document", "error"} if it failed.
Entry = dict[str, Any]
# Killed processes lose nothing that was written; this is for machines that lose power.
SECONDS_BETWEEN_SYNCS = 1.0


class Done:
    """Numbers of complete batches: all before `first`, and some later ones.

    Batches come nearly in order, so that this stays small however many there are.
    """

    def __init__(self) -> None:
        self.first = 0
        self.later: set[int] = set()

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and (number < self.first or number in self.later)

    def add(self, number: int) -> None:
        """Count one more batch as complete."""
        self.later.add(number)
        while self.first in self.later:
            self.later.remove(self.first)
            self.first += 1


@dataclass
class Totals:
    """What a run has read and found, since it first began."""

    documents: int = 0
    words: int = 0
    triples: int = 0
    failed: int = 0

    def add(self, entries: list[Entry]) -> None:
        """Count the documents of a batch."""
        self.documents += len(entries)
        for entry in entries:
            self.words += entry.get("words", 0)
            self.triples += len(entry.get("triples", ()))
            self.failed += "error" in entry


class Journal:
    """A journal that is being written.

    path (Path): The file. If it exists, it is gone on with after its last whole line.
    header (dict): What the batches are of: inputs, settings, model.
    RAISES (ValueError): If the file is no journal, or one of other batches.
    RAISES (OSError): If it can't be written.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self.path = path
        self.done = Done()
        self.totals = Totals()
        end = self._recover(header) if path.exists() else 0
        # Unbuffered: what has been written is not lost when the process is killed.
        self._file = path.open("ab", buffering=0)
        self._file.truncate(end)
        self._synced = 0.0
        if not end:
            self._write(header)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._file.close()
        if kind is not None and not self.totals.documents:
            # A run that failed before it did anything, as by a wrong setting, needs no resuming.
            self.path.unlink()

    def append(self, number: int, entries: list[Entry]) -> None:
        """Record a batch as complete.

        RAISES (OSError): If the disk is full, or gone. What was recorded before stays.
        """
        if number in self.done:
            return
        self._write({"batch": number, "documents": entries})
        self.done.add(number)
        self.totals.add(entries)

    def _recover(self, header: dict[str, Any]) -> int:
        """Count what is complete; returns where the whole lines end."""
        with self.path.open("rb") as file:
            first = file.readline()
            if not first.endswith(b"\n"):
                return 0
            _check_header(self.path, _parse(first), header)
            end = file.tell()
            for line in file:
                batch = _parse(line)
                if not line.endswith(b"\n") or "batch" not in batch:
                    break
                self.done.add(batch["batch"])
                self.totals.add(batch["documents"])
                end += len(line)
        return end

    def _write(self, line: dict[str, Any]) -> None:
        # A lone surrogate, as of a file name that is not UTF-8, is written as its JSON escape.
        data = json.dumps(line, ensure_ascii=False).encode("utf8", "backslashreplace")
        rest = memoryview(data + b"\n")
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            if time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise OSError(Errors.R071.format(path=self.path, reason=error.strerror)) from None


def read_entries(path: Path) -> Iterator[Entry]:
    """Read a whole journal as a stream.

    YIELDS (Entry): What each document became, in the order of the journal.
    """
    with path.open("rb") as file:
        next(file)
        for line in file:
            yield from json.loads(line)["documents"]


def _parse(line: bytes) -> dict[str, Any]:
    """A line as it was written, or nothing."""
    try:
        data = json.loads(line)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _check_header(path: Path, found: dict[str, Any], expected: dict[str, Any]) -> None:
    if found.keys() != expected.keys():
        raise ValueError(Errors.R069.format(path=path))
    for name, value in expected.items():
        if found[name] != value:
            old, new = _first_difference(found[name], value)
            raise ValueError(Errors.R070.format(path=path, name=name, old=old, new=new))


def _first_difference(old: Any, new: Any) -> tuple[Any, Any]:
    """Where two lists differ, for a message that can be read."""
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{len(old)} of them", f"{len(new)} of them"
        return next((a, b) for a, b in zip(old, new, strict=True) if a != b)
    return old, new
