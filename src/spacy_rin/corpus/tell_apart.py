"""`Record`s → those whose texts are in no other set, such as the test set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from .docbin import read_docs
from .readers import Dropped, Reason, Record


def tell_from(records: Iterable[Record], path: str | Path) -> Iterator[Record | Dropped]:
    """Tell the records whose texts are in another set from the others.

    records (Iterable[Record]): The records.
    path (str | Path): Gold Docs of the other set: a .spacy file, or a directory of them.
    YIELDS (Record | Dropped): Each record, or why it is left out: a text there has the same
        characters, whatever their case and the spaces between them.
    RAISES (ValueError): If there is no such file, or it is damaged.
    """
    texts = {_normalise(token.text for token in doc) for doc in read_docs(path)}
    for record in records:
        if _normalise(record.words) in texts:
            yield Dropped(Reason.IN_ANOTHER_SET, record.raw, record.source)
        else:
            yield record


def _normalise(words: Iterable[str]) -> str:
    return "".join("".join(words).split()).casefold()
