"""A file is found under its final name whole, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from spacy_rin.files import check_output, replacing, write_json, write_text


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
