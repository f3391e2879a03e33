"""Text or JSON → files that are never half-written.

A file is first written under a temporary name in the same folder, and then moved to its final name.
Commands write their results through this file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from .errors import Errors


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Replace a file or a directory by what is written under a temporary name, if all goes well.

    A link stays a link, and its target is replaced. A pipe or a device, such as /dev/null, is
    written to directly.

    path (str | Path): The final name of a file or a directory. Its folder is made if need be.
    YIELDS (Path): The name to write to. After an error it is removed, and the old content stays.
    """
    path = Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    old = temporary.with_suffix(".old")
    try:
        yield temporary
        if path.is_dir() and temporary.is_dir():
            # A directory that is not empty cannot be replaced in one step.
            path.rename(old)
        elif path.is_file() and temporary.is_file():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        for rest in (temporary, old):
            if rest.is_dir():
                shutil.rmtree(rest)
            else:
                rest.unlink(missing_ok=True)


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
    with replacing(path) as temporary:
        # Half of a surrogate pair, from a malformed record, is written as its JSON escape.
        temporary.write_text(text, encoding="utf8", errors="backslashreplace")


def write_json(path: str | Path, data: Any) -> None:
    """Write a JSON file, whole or not at all.

    path (str | Path): Name of the file.
    data (Any): What json can write.
    RAISES (ValueError): If there is a directory of that name.
    """
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
