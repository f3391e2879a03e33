"""Text or JSON → files that are never half-written.

A file is first written under a temporary name in the same folder, and then moved to its final name.
Commands write their results through this file. Two runs cannot write one output at once.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from .errors import Errors
from .locks import LockedFile

# A disk, a quota or a file that has no room for more. Such an error seldom names its file.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: str | Path, wait: bool = False) -> Iterator[Path]:
    """Replace a file or a directory by what is written under a temporary name, if all goes well.

    A link stays a link, and its target is replaced. A pipe or a device, such as /dev/null, is
    written to directly. What a killed run to the same path has left is removed.

    path (str | Path): The final name of a file or a directory. Its folder is made if need be.
    wait (bool): Whether to wait for another run that writes it; otherwise that is an error.
    YIELDS (Path): The name to write to. After an error it is removed, and the old content stays.
    RAISES (ValueError): If another run is writing it.
    RAISES (OSError): If there is no room for it. The error names the path.
    """
    path = Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        with _naming(path, path):
            yield path
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = _hidden_name(path)
    with _naming(path, path.with_name(hidden)), _locked(path, f"{hidden}.lock", wait) as lock:
        name = hidden if lock.is_locked else f"{hidden}-{uuid4().hex}"
        temporary, old = path.with_name(f"{name}.tmp"), path.with_name(f"{name}.old")
        _clear(path, temporary, old)
        try:
            yield temporary
            if path.is_dir() and temporary.is_dir():
                # A directory that is not empty cannot be replaced in one step.
                path.rename(old)
            elif path.is_file() and temporary.is_file():
                shutil.copymode(path, temporary)
            os.replace(temporary, path)
        finally:
            _clear(path, temporary, old)


@contextmanager
def working_folder(path: str | Path) -> Iterator[Path]:
    """Make an empty folder beside an output, for what a run needs while it makes it.

    It is removed at the end. What a killed run to the same output has left is removed first.

    path (str | Path): The output. Its folder is made if need be.
    YIELDS (Path): The folder.
    RAISES (ValueError): If another run makes the same output.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = f"{_hidden_name(path)}.work"
    with _locked(path, f"{hidden}.lock", wait=False) as lock:
        name = hidden if lock.is_locked else f"{hidden}-{uuid4().hex}"
        folder = path.with_name(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _hidden_name(path: Path) -> str:
    """The same for every run to the path, and short even if the path's own name is long."""
    return f".{uuid5(NAMESPACE_URL, path.name).hex}"


@contextmanager
def _locked(path: Path, name: str, wait: bool) -> Iterator[LockedFile]:
    """Keep other runs from writing a path, by an empty file beside it."""
    try:
        lock = LockedFile(path.with_name(name), wait)
    except BlockingIOError:
        raise ValueError(Errors.R160.format(path=path)) from None
    try:
        yield lock
    finally:
        lock.release()


def _clear(path: Path, temporary: Path, old: Path) -> None:
    """Remove what is not at its final name. The old content goes back if there is no new one."""
    if old.exists() and not path.exists():
        old.rename(path)
    for rest in (temporary, old):
        if rest.is_dir():
            shutil.rmtree(rest)
        else:
            rest.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path, hidden: Path) -> Iterator[None]:
    """Let an error of writing name the path, and neither nothing nor a name that begins hidden."""
    try:
        yield
    except shutil.Error as error:  # It has a list of errors, one for each file.
        raise OSError(errno.EIO, str(error.args[0][0][-1]), str(path)) from error
    except OSError as error:
        if error.errno in NO_ROOM or str(error.filename).startswith(str(hidden)):
            number = error.errno or errno.EIO
            raise OSError(number, os.strerror(number), str(path)) from error
        raise


@contextmanager
def unchanged(*sources: str | Path) -> Iterator[None]:
    """Make sure that files stay as they are while they are read.

    sources (str | Path): The files. What is no plain file, such as a pipe, is not looked at.
    RAISES (ValueError): At the end, if a file has grown, shrunk, was written or is gone.
    """
    before = {path: identity(path) for path in sources}
    yield
    for path, was in before.items():
        if identity(path) != was:
            raise ValueError(Errors.R161.format(path=path))


def identity(path: str | Path) -> tuple[int, int, int] | None:
    """Describe a file, so that another one in its place, or other content, can be told from it.

    path (str | Path): The file.
    RETURNS (tuple[int, int, int] | None): The number of the file, its size, and when it was
        written; None if there is no such file, or if it is a directory, pipe or device.
    """
    path = Path(path)
    if not path.is_file():
        return None
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def check_output(output: Path, *sources: Path) -> None:
    """Find out, before anything is read, whether a command may write its output file.

    output (Path): The file to write; what is there already may be replaced.
    sources (Path): The files and directories that the command reads.
    RAISES (ValueError): If the output is a directory, or writing it would change a source.
    """
    if output.is_dir():
        raise ValueError(Errors.R052.format(path=output))
    refuse_source(output, *sources)


def refuse_source(output: Path, *sources: Path) -> None:
    """Check, before anything is read, that a command does not overwrite what it reads.

    output (Path): The file to write.
    sources (Path): The files and directories to read.
    RAISES (ValueError): If the output is a source, or would be a .spacy file in a source directory.
    """
    # Not `Path.resolve`, which raises an error at links in a circle.
    written, *read = (Path(os.path.realpath(path)) for path in (output, *sources))
    for source in read:
        wrong = None
        if written == source:
            wrong = "it is the file to read"
        elif written.suffix == ".spacy" and source in written.parents:
            wrong = "it lies in the directory to read, as one of its files"
        if wrong:
            raise ValueError(Errors.R121.format(path=output, reason=wrong))


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, whole or not at all.

    path (str | Path): Name of the file.
    text (str): Its content.
    RAISES (ValueError): If there is a directory of that name.
    """
    check_output(Path(path))
    with replacing(path, wait=True) as temporary:
        # Half of a surrogate pair, from a malformed record, is written as its JSON escape.
        temporary.write_text(text, encoding="utf8", errors="backslashreplace")


def write_json(path: str | Path, data: Any) -> None:
    """Write a JSON file, whole or not at all.

    path (str | Path): Name of the file.
    data (Any): What json can write.
    RAISES (ValueError): If there is a directory of that name.
    """
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
