"""Docs with relations, or an output of `extract` → rows of triples, for a graph of them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..corpus.docbin import read_docs
from .outputs import read_output
from .rows import to_rows


def read_triples(source: str | Path) -> Iterator[dict[str, Any]]:
    """Read triples as a stream.

    source (str | Path): A .spacy file, a directory of them, or an output of `spacy-rin extract`.
    YIELDS (dict): One row per triple, with the columns of `rows.COLUMNS` except `document` and
        `error`.
    RAISES (ValueError): If it is none of these.
    """
    source = Path(source)
    if source.suffix == ".spacy" or source.is_dir():
        for doc in read_docs(source):
            yield from to_rows(doc)
    else:
        yield from read_output(source)
