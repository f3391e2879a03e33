"""Batches that have been read → one JSON line each, so that an interrupted run can be resumed.

A line is written when its batch is complete. A run that is killed loses only the batches that were
not complete, and reads them again. The first line is a header: the inputs, the settings and the
pipeline. When all batches are there, `outputs` makes the output of the journal.

A run locks its journal, so that no other can write it. It reads and writes the file that it has
locked, and never opens the path again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..locks import LockedFile

# The result of a document: {"document", "words", "triples"}, or {"document", "error"} if it failed.
Entry = dict[str, Any]
# What a process has written survives the process. Syncing protects against a loss of power.
SECONDS_BETWEEN_SYNCS = 1.0


class Done:
    """The numbers of the complete batches: all below `first`, and those in `later`.

    Batches are completed nearly in order, so that `later` stays small.
    """

    def __init__(self) -> None:
        self.first = 0
        self.later: set[int] = set()

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and (number < self.first or number in self.later)

    def add(self, number: int) -> None:
        """Record one more batch as complete.

        number (int): The number of the batch.
        """
        self.later.add(number)
        while self.first in self.later:
            self.later.remove(self.first)
            self.first += 1


@dataclass
class Totals:
    """What a run has read and found, including what it did before it was interrupted.

    documents (int): Documents, including those that failed.
    words (int): Words of the documents.
    triples (int): Triples found in them.
    failed (int): Documents that failed.
    """

    documents: int = 0
    words: int = 0
    triples: int = 0
    failed: int = 0

    def add(self, entries: list[Entry]) -> None:
        """Count the documents of a batch.

        entries (list[Entry]): The results of the documents.
        """
        self.documents += len(entries)
        for entry in entries:
            self.words += entry.get("words", 0)
            self.triples += len(entry.get("triples", ()))
            self.failed += "error" in entry


class Journal:
    """A journal that is being written, by one run alone.

    path (Path): The file. If it exists, it is continued after its last complete line.
    header (dict): What the batches depend on: inputs, settings, pipeline.
    admit (Callable[[bool], bool]): Called once the file is locked, with whether it holds work of an
        earlier run. Returns whether to keep that work, or raises an error.
    RAISES (BlockingIOError): If another run is writing it.
    RAISES (ValueError): If the file is not a journal, or has another header.
    RAISES (OSError): If the file can't be written.
    """

    def __init__(
        self, path: Path, header: dict[str, Any], admit: Callable[[bool], bool] = bool
    ) -> None:
        self.path = path
        self.done = Done()
        self.totals = Totals()
        # Unbuffered, so that nothing is lost with a buffer when the process is killed.
        self._file = LockedFile(path)
        self._synced = 0.0
        try:
            end = self._recover(header) if admit(self._file.size() > 0) else 0
            self._file.truncate(end)
            self._file.seek(end)
            if not end:
                self._write(header)
        except BaseException:
            self._file.release()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is not None and not self.totals.documents:
            # The run failed before its first batch, e.g. by a wrong setting: nothing to resume.
            self.clear()
        self._file.release()

    def clear(self) -> None:
        """Forget all batches. An empty journal is removed when it is closed."""
        self._file.truncate(0)

    def append(self, number: int, entries: list[Entry]) -> None:
        """Record a batch as complete; a batch that is recorded already is ignored.

        number (int): The number of the batch.
        entries (list[Entry]): The results of its documents.
        RAISES (OSError): If the disk is full or gone. The batches recorded before are kept.
        """
        if number in self.done:
            return
        self._write({"batch": number, "documents": entries})
        self.done.add(number)
        self.totals.add(entries)

    def entries(self) -> Generator[Entry, None, None]:
        """Read the results of all batches as a stream. Nothing may be written meanwhile.

        The journal stays locked until the stream has ended or is closed.

        YIELDS (Entry): The result of each document, in the order of the journal. A batch that
            stands there twice counts once.
        """
        seen = Done()
        with self._lines() as lines:
            next(lines)
            for number, entries, _ in _parse_batches(lines):
                if number not in seen:
                    seen.add(number)
                    yield from entries

    def _lines(self) -> BufferedReader:
        """The lines from the first on, by the file that is open: closing this leaves it open."""
        self._file.seek(0)
        return open(os.dup(self._file.fileno()), "rb")

    def _recover(self, header: dict[str, Any]) -> int:
        """Count the complete batches of an existing file, and return where they end in bytes."""
        with self._lines() as lines:
            first = lines.readline()
            if not first.endswith(b"\n"):
                return 0
            _check_header(self.path, _parse(first), header)
            end = len(first)
            for number, entries, size in _parse_batches(lines):
                if number not in self.done:
                    self.done.add(number)
                    self.totals.add(entries)
                end += size
        return end

    def _write(self, line: dict[str, Any]) -> None:
        # A lone surrogate, e.g. of a file name that is not UTF-8, is written as its JSON escape.
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


def _parse(line: bytes) -> dict[str, Any]:
    """The dict on a line, or an empty one if the line is damaged."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _parse_batches(lines: Iterable[bytes]) -> Iterator[tuple[int, list[Entry], int]]:
    """The number, the entries and the size of each batch, up to the first damaged line."""
    for line in lines:
        data = _parse(line)
        number, entries = data.get("batch"), data.get("documents")
        if not line.endswith(b"\n") or type(number) is not int or not isinstance(entries, list):
            return
        if not all(map(_is_entry, entries)):
            return
        yield number, entries, len(line)


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("document"), str):
        return False
    if "error" in entry:
        return isinstance(entry["error"], str)
    return type(entry.get("words")) is int and isinstance(entry.get("triples"), list)


def _check_header(path: Path, found: dict[str, Any], expected: dict[str, Any]) -> None:
    if found.get("version", expected["version"]) != expected["version"]:
        raise ValueError(Errors.R220.format(path=path))
    if found.keys() != expected.keys():
        raise ValueError(Errors.R069.format(path=path))
    for name, value in expected.items():
        if found[name] != value:
            old, new = _first_difference(found[name], value)
            raise ValueError(Errors.R070.format(path=path, name=name, old=old, new=new))


def _first_difference(old: Any, new: Any) -> tuple[Any, Any]:
    """The parts in which two values differ, so that a message need not show long lists."""
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{len(old)} of them", f"{len(new)} of them"
        return next((a, b) for a, b in zip(old, new, strict=True) if a != b)
    return old, new
