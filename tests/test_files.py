"""A file is found under its final name whole, or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from processes import run_python

from spacy_rin.files import check_output, replacing, unchanged, write_json, write_text


def test_text_and_json_are_written(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "a.txt", "ä")
    write_json(tmp_path / "b.json", {"x": [1]})
    assert (tmp_path / "new" / "a.txt").read_text(encoding="utf8") == "ä"
    assert json.loads((tmp_path / "b.json").read_text()) == {"x": [1]}
    assert {p.name for p in tmp_path.iterdir()} == {"new", "b.json"}


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_directory_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    with replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert [p.name for p in path.iterdir()] == ["new"] and list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    for text in ("new", "newer"):  # At first the link has no target.
        write_text(link, text)
        assert link.is_symlink() and (tmp_path / "target").read_text() == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "target"]


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    path.chmod(0o600)
    write_text(path, "new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600


def test_long_names_and_links_in_a_circle(tmp_path: Path) -> None:
    write_text(tmp_path / ("ä" * 127), "long")
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    write_text(one, "text")
    assert one.read_text() == "text"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "through it")
    assert os.read(reader, 100) == b"through it"
    os.close(reader)
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_file_does_not_take_the_place_of_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="directory"):
        write_text(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("gold", "found a directory"),
        ("gold/../a.txt", "it is the file to read"),
        ("gold/b.spacy", "as one of its files"),
    ],
)
def test_an_output_that_would_change_a_source_is_refused(
    tmp_path: Path, output: str, reason: str
) -> None:
    (tmp_path / "gold").mkdir()
    with pytest.raises(ValueError, match=reason):
        check_output(tmp_path / output, tmp_path / "a.txt", tmp_path / "gold")


def test_an_output_beside_the_sources_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    (tmp_path / "old.txt").touch()
    for name in ("old.txt", "new/b.spacy", "gold/a.html"):
        check_output(tmp_path / name, tmp_path / "a.txt", tmp_path / "gold")


def test_two_runs_do_not_write_one_output(tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    with replacing(path) as temporary:
        temporary.write_text("first")
        with pytest.raises(ValueError, match=r"Another run is writing .*a\.spacy"):
            replacing(path).__enter__()
        with replacing(tmp_path / "b.spacy") as other:
            other.write_text("another output")
    assert path.read_text() == "first"
    assert {p.name for p in tmp_path.iterdir()} == {"a.spacy", "b.spacy"}


def test_text_that_is_written_at_once_waits_for_another(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    thread = threading.Thread(target=write_text, args=(path, "second"))
    with replacing(path) as temporary:
        thread.start()
        temporary.write_text("first")
    thread.join()
    assert path.read_text() == "second" and list(tmp_path.iterdir()) == [path]


KILLED = """
import os, sys
from pathlib import Path
from spacy_rin.files import replacing
with replacing(sys.argv[1]) as temporary:
    if sys.argv[2] == "directory":
        temporary.mkdir()
        (temporary / "new").touch()
        os.rename(sys.argv[1], temporary.with_suffix(".old"))
    else:
        temporary.write_text("half")
    os._exit(9)
"""


@pytest.mark.processes
@pytest.mark.parametrize("name", ["a.txt", "ä" * 127])
def test_what_a_killed_run_has_left_is_removed_by_the_next(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    assert run_python("-c", KILLED, path, "file").returncode == 9
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 3
    with pytest.raises(RuntimeError), replacing(path):
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.processes
def test_directory_that_a_killed_run_has_moved_away_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    assert run_python("-c", KILLED, path, "directory").returncode == 9
    assert not path.exists()
    with pytest.raises(RuntimeError), replacing(path):
        raise RuntimeError
    assert [p.name for p in path.iterdir()] == ["old"] and list(tmp_path.iterdir()) == [path]


def full(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    "error",
    [
        full(errno.ENOSPC),
        full(errno.EFBIG),
        shutil.Error([("a", "b", f"[Errno 28] {os.strerror(28)}")] * 50),
    ],
    ids=["disk", "size", "list of shutil"],
)
def test_full_disk_names_the_output(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(OSError) as raised, replacing(tmp_path / "a.json"):
        raise error
    assert raised.value.filename == str(tmp_path / "a.json")
    assert len(str(raised.value)) < 300 and list(tmp_path.iterdir()) == []


def test_folder_that_may_not_be_written_names_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Any, *args: object, **settings: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as raised, replacing(tmp_path / "a.json"):
        pass
    assert raised.value.filename == str(tmp_path / "a.json")


def test_error_of_reading_names_what_was_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, replacing(tmp_path / "a.json"):
        (tmp_path / "no.txt").read_text()
    assert raised.value.filename == str(tmp_path / "no.txt")


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes", "is replaced"])
def test_change_of_what_is_read_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("12345")
    with pytest.raises(ValueError, match=r"a\.txt changed while it was read"), unchanged(path):
        if change == "grows":
            path.write_text("123456")
        elif change == "shrinks":
            os.truncate(path, 2)
        elif change == "goes":
            path.unlink()
        else:
            (tmp_path / "b.txt").write_text("54321")
            os.replace(tmp_path / "b.txt", path)
    with unchanged(tmp_path / "no.txt", tmp_path):  # a pipe, a folder: not looked at
        pass
