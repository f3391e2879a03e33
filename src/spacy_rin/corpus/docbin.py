"""The .spacy files of a corpus → gold Docs.

Whatever reads a corpus takes it from here: one file, or a directory of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Errors
from ..relations import get_relations


def read_docs(path: str | Path) -> Iterator[Doc]:
    """Read gold Docs one by one.

    path (str | Path): A .spacy file, or a directory of them.
    YIELDS (Doc): A Doc with its entities and relations.
    RAISES (ValueError): If there is no such file.
    """
    files, vocab = find_files(path), Vocab()
    for file in files:
        yield from DocBin().from_disk(file).get_docs(vocab)


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
