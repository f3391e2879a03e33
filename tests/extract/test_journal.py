"""A journal that was cut off anywhere is continued after its last complete batch."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.extract.journal import Done, Entry, Journal

HEADER: dict[str, Any] = {"version": 1, "inputs": [{"path": "a.txt"}], "model": "é"}


def entries(number: int) -> list[Entry]:
    triples = [{"head": f"é{number}"}] * (number % 3)
    entry = {"document": f"d{number}", "words": number, "triples": triples}
    return [entry, {"document": f"f{number}", "error": "no\nway"}]


def write(path: Path, numbers: list[int]) -> Journal:
    with Journal(path, HEADER) as journal:
        for number in numbers:
            journal.append(number, entries(number))
    return journal


def read_entries(path: Path) -> list[Entry]:
    with Journal(path, HEADER) as journal:
        return list(journal.entries())


@given(st.permutations(range(6)), st.floats(0, 1))
def test_cut_off_at_any_byte(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], share: float
) -> None:
    path = tmp_path_factory.mktemp("x") / "journal"
    whole = write(path, order)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    with Journal(path, HEADER) as journal:
        missing = [number for number in range(6) if number not in journal.done]
        # the file is the start of what it was, with nothing added
        assert data.startswith(path.read_bytes())
    resumed = write(path, missing)
    assert resumed.totals == whole.totals and resumed.done.first == 6
    expected = [entry for number in range(6) for entry in entries(number)]
    found = read_entries(path)
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_garbage_after_the_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, [0, 1])
    whole = path.read_bytes()
    # what a machine that lost power may leave: a page of zeros, then a line
    path.write_bytes(whole + b"\0\0\0\n" + whole.splitlines(keepends=True)[-1])
    with Journal(path, HEADER) as journal:
        assert path.read_bytes() == whole and journal.totals.documents == 4


def test_a_batch_is_recorded_once(tmp_path: Path) -> None:
    journal = write(tmp_path / "journal", [1, 0, 1])
    assert [entry["document"] for entry in read_entries(journal.path)] == ["d1", "f1", "d0", "f0"]
    assert journal.totals.documents == 4 and journal.totals.failed == 2


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({**HEADER, "model": "other"}, "other model: é, now other"),
        ({**HEADER, "inputs": [{"path": "b.txt"}]}, "b.txt"),
        ({**HEADER, "inputs": []}, "1 of them, now 0 of them"),
        ({"version": 1}, "not written by"),
        ({**HEADER, "version": 2}, "head_id and tail_id are new"),
    ],
)
def test_other_settings_are_an_error(tmp_path: Path, header: dict[str, Any], words: str) -> None:
    path = tmp_path / "journal"
    write(path, [0])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=words):
        Journal(path, header)
    assert path.read_bytes() == before


class FullDisk:
    """A file that has room for 20 bytes more."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.room = 20

    def write(self, data: memoryview) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written: int = self.file.write(data[: self.room])
        self.room -= written
        return written


def test_full_disk_keeps_what_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    with Journal(path, HEADER) as journal:
        journal.append(0, entries(0))
        whole = path.read_bytes()
        with monkeypatch.context() as patch, pytest.raises(OSError, match="journal: No space"):
            patch.setattr(journal, "_file", FullDisk(journal._file))
            journal.append(1, entries(1))
        assert 1 not in journal.done
    assert len(path.read_bytes()) == len(whole) + 20
    write(path, [1])
    assert [entry["document"] for entry in read_entries(path)] == ["d0", "f0", "d1", "f1"]


@given(st.permutations(range(20)))
def test_done_stays_small_and_knows_each_number(order: list[int]) -> None:
    done = Done()
    for k, number in enumerate(order):
        assert number not in done
        done.add(number)
        assert all(n in done for n in order[: k + 1])
    assert done.first == 20 and not done.later
