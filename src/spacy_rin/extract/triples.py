"""Triples of many documents, read back: from Docs with relations, or from what `extract` wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..corpus.docbin import read_docs
from .outputs import read_output
from .rows import rows_of


def read_triples(source: str | Path) -> Iterator[dict[str, Any]]:
    """Read triples as a stream.

    source (str | Path): A .spacy file or a directory of them; or what `spacy-rin extract` wrote.
    YIELDS (dict): A row of `rows.COLUMNS` for each triple.
    RAISES (ValueError): If it is neither.
    """
    source = Path(source)
    if source.suffix == ".spacy" or source.is_dir():
        for doc in read_docs(source):
            yield from rows_of(doc)
    else:
        yield from read_output(source)
