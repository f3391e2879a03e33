"""The .spacy files of a corpus → gold Docs.

Whatever reads a corpus takes it from here: one file, or a directory of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5
from math import isfinite
from pathlib import Path
from textwrap import shorten
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Errors
from ..relations import get_relations


def read_docs(path: str | Path) -> Iterator[Doc]:
    """Read gold Docs one by one.

    path (str | Path): A .spacy file, or a directory of them.
    YIELDS (Doc): A Doc with its entities and relations.
    RAISES (ValueError): If there is no such file, or it is damaged.
    """
    files, vocab = find_files(path), Vocab()
    for file in files:
        for doc in unpack_docs(file, vocab):
            _check_relations(doc, file)
            yield doc


def unpack_docs(file: Path, vocab: Vocab) -> Iterator[Doc]:
    """Read the Docs of one file, whatever relations they have.

    file (Path): A .spacy file.
    vocab (Vocab): The vocabulary of the Docs.
    YIELDS (Doc): Each Doc.
    RAISES (ValueError): If it is damaged.
    """
    try:
        yield from DocBin().from_disk(file).get_docs(vocab)
    except OSError:  # It names the file.
        raise
    # What is damaged can raise anything, in spaCy and in the packages that it calls.
    except Exception as error:
        raise _damaged(file, error) from error


def check_docs(path: str | Path) -> None:
    """Find out whether a corpus can be read, before something that names no file reads it.

    path (str | Path): A .spacy file, or a directory of them.
    RAISES (ValueError): If there is no such file, or it is damaged.
    """
    for _ in read_docs(path):
        pass


def find_files(path: str | Path) -> list[Path]:
    """Find the files of a corpus.

    path (str | Path): A .spacy file, or a directory of them.
    RETURNS (list[Path]): At least one file, in the order of their names.
    RAISES (ValueError): If there is no such file.
    """
    path = Path(path)
    is_file = path.is_file() and path.suffix == ".spacy"
    if not is_file and not (path.is_dir() and any(path.rglob("*.spacy"))):
        found = (
            "another file" if path.is_file() else "no such file in it" if path.is_dir() else "none"
        )
        raise ValueError(Errors.R055.format(found=found, path=path))
    return [path] if is_file else sorted(path.rglob("*.spacy"))


def describe_corpus(path: str | Path) -> dict[str, Any]:
    """Describe a corpus so that another one can be told from it.

    path (str | Path): A .spacy file, or a directory of them.
    RETURNS (dict): Checksum of its files ("md5"), number of Docs and of triples.
    RAISES (ValueError): If there is no such file.
    """
    digest = md5(usedforsecurity=False)
    for file in find_files(path):
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    docs = triples = 0
    for doc in read_docs(path):
        docs += 1
        triples += len(get_relations(doc))
    return {"md5": digest.hexdigest(), "docs": docs, "triples": triples}


def _check_relations(doc: Doc, file: Path) -> None:
    """Make sure that the relations of a Doc can be read."""
    try:
        for relation in get_relations(doc):
            if not isinstance(relation.label, str) or not isfinite(relation.score):
                raise ValueError(f"a relation with label {relation.label!r}, {relation.score}")
    # What is stored in their place may be anything.
    except Exception as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> ValueError:
    """The error of a file: what Python, zlib, msgpack or spaCy says, on one line."""
    reason = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    return ValueError(Errors.R164.format(path=file, reason=shorten(reason, 300)))
