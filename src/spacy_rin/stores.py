"""How relations are stored on a Doc: `doc.user_data[KEY]` ↔ rows of plain ints, strings and floats.

A row has character offsets and label of the head, the relation's label, those of the tail, the
score, the texts of both ends, and the ids of both if one has any that `doc.ents` does not have.
Character offsets are stored because token numbers change when tokens are merged. Plain values are
stored because nothing else survives `Doc.to_bytes`, `DocBin` and the worker processes of
`nlp.pipe`. The texts tell whether the offsets still belong to the Doc.

Each attribute has a store of its own: `relations` has KEY, another attribute `x` has `KEY.x`. A Doc
that lacks the store of `x` is read from that of `relations`, as gold Docs are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc

KEY = "spacy_rin.relations"
ATTRIBUTE = "relations"
# The values of a stored relation before the texts of its ends, and before the ids of these. Earlier
# versions stored no texts.
PLACED, WITH_TEXTS = 8, 10


class StoredRows(list[list[Any]]):
    """The stored values of a Doc's relations, one row for each; a plain list once it was saved.

    writer (str): Name of the component that has just written them; empty if none has.
    """

    writer: str = ""


def storage_key(attribute: str) -> str:
    """Name the entry of `doc.user_data` in which the relations of an attribute are stored.

    attribute (str): Name of the extension that reads them.
    RETURNS (str): The key.

    >>> storage_key("relations"), storage_key("triples")
    ('spacy_rin.relations', 'spacy_rin.relations.triples')
    """
    return KEY if attribute == ATTRIBUTE else f"{KEY}.{attribute}"


def stored_attributes(doc: Doc) -> list[str]:
    """List the attributes that have a store of their own on a Doc.

    doc (Doc): Any Doc.
    RETURNS (list[str]): Their names, in alphabetical order.
    """
    keys = [key for key in doc.user_data if isinstance(key, str)]
    others = sorted(key.removeprefix(f"{KEY}.") for key in keys if key.startswith(f"{KEY}."))
    return [ATTRIBUTE, *others] if KEY in doc.user_data else others


def adopt_relations(doc: Doc, attribute: str) -> Doc:
    """Make the relations of an attribute those of `doc._.relations`, for what reads these alone.

    doc (Doc): Any Doc. It is changed if the attribute has a store of its own on it.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (Doc): The same Doc.
    """
    key = storage_key(attribute)
    if key in doc.user_data:
        doc.user_data[KEY] = doc.user_data[key]
    return doc


def writer_of(doc: Doc, attribute: str) -> str:
    """Find out which component has just written a Doc's relations.

    doc (Doc): Any Doc.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (str): The name of the component; empty if they were read from a file, or set by hand.
    """
    stored = doc.user_data.get(storage_key(attribute))
    return stored.writer if isinstance(stored, StoredRows) else ""


def store_of(doc: Doc, attribute: str) -> str:
    """Find the entry of `doc.user_data` from which the relations of an attribute are read.

    doc (Doc): Any Doc.
    attribute (str): Name of the extension that reads them.
    RETURNS (str): The key of the attribute, or KEY if the Doc lacks it.
    """
    key = storage_key(attribute)
    return key if key in doc.user_data else KEY


def rows_of_text(rows: Iterable[list[Any]], text: str) -> list[list[Any]]:
    """Find the rows whose ends are still in the text. Rows stored without texts are not checked.

    rows (Iterable[list]): Stored rows.
    text (str): The text of the Doc.
    RETURNS (list[list]): Those that belong to the text.
    """
    return [
        row
        for row in rows
        if len(row) <= PLACED
        or (text[row[0] : row[1]] == row[PLACED] and text[row[4] : row[5]] == row[PLACED + 1])
    ]


def document_order(row: list[Any]) -> tuple[Any, ...]:
    """Make the key that stored rows are sorted by: the head, then the tail, then the label.

    row (list): A stored row.
    RETURNS (tuple): Its key.
    """
    head_start, head_end, _, label, tail_start, tail_end, *_ = row
    return head_start, head_end, tail_start, tail_end, label
