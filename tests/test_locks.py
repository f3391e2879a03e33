"""A file is locked by one run alone, and what is locked is what stands at the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacy_rin.locks import LockedFile


def test_second_one_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "a"
    first = LockedFile(path)
    first.write(b"x")
    with pytest.raises(BlockingIOError):
        LockedFile(path)
    first.release()
    second = LockedFile(path)
    assert second.is_locked and second.read() == b"x"
    second.release()


def test_empty_file_is_removed(tmp_path: Path) -> None:
    LockedFile(tmp_path / "a").release()
    assert list(tmp_path.iterdir()) == []


def test_file_that_was_removed_before_it_was_locked_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.touch()
    lock = LockedFile._lock
    removed: list[int] = []

    def remove_first(self: LockedFile, wait: bool) -> bool:
        if not removed:
            removed.append(self.fileno())
            path.unlink()
        return lock(self, wait)

    monkeypatch.setattr(LockedFile, "_lock", remove_first)
    file = LockedFile(path)
    assert os.path.samestat(os.fstat(file.fileno()), path.stat())
    with pytest.raises(BlockingIOError):
        LockedFile(path)
    file.release()


def test_file_of_another_at_the_path_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    file = LockedFile(path)
    path.unlink()
    path.touch()
    file.release()
    assert path.exists()


def test_file_system_without_locks_is_used_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def fail(*args: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", fail)
    file = LockedFile(tmp_path / "a")
    assert not file.is_locked
    file.release()
