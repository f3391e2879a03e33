"""`Relation`s ↔ plain values on the Doc: `doc._.relations`, the triples of a Doc.

`ent._.relations` are the triples that start or end at an entity, or at any other Span.

Relations are stored in `doc.user_data[KEY]` as plain ints, strings and floats: character offsets,
entity labels, relation label, score, and the texts of both ends. A getter makes `Relation`s of
them. Character offsets are stored because token numbers change when tokens are merged. Plain values
are stored because nothing else survives `Doc.to_bytes`, `DocBin` and the worker processes of
`nlp.pipe`. The texts tell whether the offsets still belong to the Doc.

Each attribute has a store of its own: `relations` has KEY, another attribute `x` has `KEY.x`. A Doc
that lacks the store of `x` is read from that of `relations`, as gold Docs are.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from spacy.tokens import Doc, Span

from .cautions import Warnings
from .errors import Errors

KEY = "spacy_rin.relations"
ATTRIBUTE = "relations"
# The values of a stored relation before the texts of its ends. Earlier versions stored no texts.
PLACED = 8


class StoredRows(list[list[Any]]):
    """The stored values of a Doc's relations, one row for each; a plain list once it was saved.

    writer (str): Name of the component that has just written them; empty if none has.
    """

    writer: str = ""


@dataclass(frozen=True)
class Relation:
    """One triple of a Doc.

    head (Span): The entity the relation starts from.
    label (str): The relation's label.
    tail (Span): The entity the relation points to.
    score (float): Probability of the cell the triple was read from; 1.0 for gold.

    >>> doc = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    >>> relation = Relation(Span(doc, 0, 1, "PER"), "lives_in", Span(doc, 3, 4, "LOC"))
    >>> relation.text
    'Ada | lives_in | London'
    >>> relation.as_dict()["tail"]
    {'text': 'London', 'start': 13, 'end': 19, 'label': 'LOC'}
    >>> Relation.from_dict(doc, relation.as_dict()) == relation
    True
    """

    head: Span
    label: str
    tail: Span
    score: float = 1.0

    @property
    def text(self) -> str:
        """The triple as a line for people to read.

        RETURNS (str): "head | label | tail".
        """
        return f"{self.head.text} | {self.label} | {self.tail.text}"

    def as_dict(self) -> dict[str, Any]:
        """Write the relation as a dict, for JSON.

        RETURNS (dict): Head and tail, each with text, character offsets and label; label and score.
        """
        return {
            "head": _span_dict(self.head),
            "label": self.label,
            "tail": _span_dict(self.tail),
            "score": self.score,
        }

    @classmethod
    def from_dict(cls, doc: Doc, row: dict[str, Any]) -> Relation:
        """Read a relation from what `as_dict` returned, for example from a JSON file.

        doc (Doc): A Doc of the same text. Its tokens may differ.
        row (dict): Head and tail, each with text, character offsets and label; the label, and the
            score if there is one.
        RETURNS (Relation): The relation, with spans of this Doc.
        RAISES (ValueError): If a field is missing, or the Doc has another text at the offsets.
        """
        try:
            head, tail = (_span_of_dict(doc, **row[side]) for side in ("head", "tail"))
            return cls(head, row["label"], tail, row.get("score", 1.0))
        except (KeyError, TypeError) as err:
            raise ValueError(Errors.R086.format(found=repr(row))) from err


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


def has_relations(doc: Doc, attribute: str = ATTRIBUTE) -> bool:
    """Find out whether a Doc was annotated with relations. An empty list is an annotation, too.

    doc (Doc): Any Doc.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (bool): Whether its relations were ever set.

    >>> doc = Doc(Vocab(), words=["It", "rained"])
    >>> has_relations(doc)
    False
    >>> doc._.relations = []
    >>> has_relations(doc)
    True
    """
    return _store_of(doc, attribute) in doc.user_data


def get_relations(doc: Doc, attribute: str = ATTRIBUTE) -> list[Relation]:
    """Read a Doc's relations, in document order.

    A relation is left out, with a warning, if the Doc has another text at the offsets of its ends.
    `Span.as_doc(copy_user_data=True)` makes such Docs.

    doc (Doc): Any Doc. One without annotated relations has none.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (list[Relation]): Relations with spans of this Doc, also after its tokens were merged.
    RAISES (ValueError): If offsets that were stored without texts lie outside the text.

    >>> doc = Doc(Vocab(), words=["Ada", "and", "Bob", "met"])
    >>> set_relations(doc, [Relation(doc[0:1], "met", doc[2:3])])
    >>> [relation.text for relation in get_relations(doc)]
    ['Ada | met | Bob']
    >>> doc._.relations == get_relations(doc)
    True
    """
    stored = doc.user_data.get(_store_of(doc, attribute), ())
    rows = _rows_of_text(stored, doc.text) if len(stored) else []
    if len(rows) < len(stored):
        lost = len(stored) - len(rows)
        message = Warnings.R180.format(lost=lost, total=len(stored), text=doc.text[:80])
        warnings.warn(message, stacklevel=2)
    return [
        Relation(
            _char_span(doc, head_start, head_end, head_label),
            label,
            _char_span(doc, tail_start, tail_end, tail_label),
            score,
        )
        for (
            head_start,
            head_end,
            head_label,
            label,
            tail_start,
            tail_end,
            tail_label,
            score,
            *_,
        ) in rows
    ]


def get_span_relations(span: Span, attribute: str = ATTRIBUTE) -> list[Relation]:
    """Read the relations that start or end at a span, which may be an entity or any other span.

    span (Span): A span of a Doc. Its bounds matter, its label does not.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (list[Relation]): The relations of the Doc whose head or tail has the same character
        offsets, in document order.

    >>> doc = Doc(Vocab(), words=["Ada", "lives", "in", "London", "with", "Bob"])
    >>> doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC"), Span(doc, 5, 6, "PER")]
    >>> ada, london, bob = doc.ents
    >>> doc._.relations = [Relation(ada, "lives_in", london), Relation(bob, "lives_in", london)]
    >>> [relation.text for relation in london._.relations]
    ['Ada | lives_in | London', 'Bob | lives_in | London']
    >>> [relation.tail.text for relation in doc[0:1]._.relations]
    ['London']
    """
    bounds = char_bounds(span)
    return [
        relation
        for relation in get_relations(span.doc, attribute)
        if bounds in (char_bounds(relation.head), char_bounds(relation.tail))
    ]


def char_bounds(span: Span) -> tuple[int, int]:
    """Find where a span lies in the text of its Doc.

    span (Span): Any span of a Doc.
    RETURNS (tuple[int, int]): Its first character, and the one after its last.
    """
    return span.start_char, span.end_char


def set_relations(
    doc: Doc, relations: Iterable[Relation], attribute: str = ATTRIBUTE, *, writer: str = ""
) -> None:
    """Replace a Doc's relations.

    doc (Doc): The Doc the relations' spans belong to.
    relations (Iterable[Relation]): The relations, in any order.
    attribute (str): Name of the extension that reads the relations.
    writer (str): Name of the component that has found them, if one has.
    RAISES (ValueError): If one is not a Relation, or has an empty span or a span of another Doc.

    >>> doc = Doc(Vocab(), words=["Ada", "and", "Bob", "met"])
    >>> doc._.relations = [Relation(doc[2:3], "met", doc[0:1]), Relation(doc[0:1], "met", doc[2:3])]
    >>> [relation.text for relation in doc._.relations]
    ['Ada | met | Bob', 'Bob | met | Ada']
    """
    rows = []
    for relation in relations:
        if not isinstance(relation, Relation) or not isinstance(relation.label, str):
            raise ValueError(Errors.R004.format(found=repr(relation)))
        for side, span in (("head", relation.head), ("tail", relation.tail)):
            if not isinstance(span, Span) or not len(span):
                raise ValueError(Errors.R005.format(side=side, found=repr(span)))
            if span.doc is not doc:
                raise ValueError(Errors.R003.format(side=side, text=span.text))
        head, tail = relation.head, relation.tail
        rows.append(
            [
                head.start_char,
                head.end_char,
                head.label_,
                relation.label,
                tail.start_char,
                tail.end_char,
                tail.label_,
                float(relation.score),
                head.text,
                tail.text,
            ]
        )
    stored = StoredRows(sorted(rows, key=_document_order))
    stored.writer = writer
    doc.user_data[storage_key(attribute)] = stored


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


def register(attribute: str = ATTRIBUTE) -> None:
    """Register the extensions of Doc and Span for the relations.

    `doc._.<attribute>` reads and writes the relations of a Doc. `span._.<attribute>` reads those of
    a Span. It is safe to call this any number of times.

    attribute (str): Name of both extensions. Each attribute has relations of its own.
    RAISES (ValueError): If another package has registered that name. Then neither is registered.
    """
    extensions: dict[type[Doc] | type[Span], dict[str, Any]] = {
        Doc: {
            "getter": partial(get_relations, attribute=attribute),
            "setter": partial(set_relations, attribute=attribute),
        },
        Span: {"getter": partial(get_span_relations, attribute=attribute), "setter": _refuse},
    }
    missing = [owner for owner in extensions if not owner.has_extension(attribute)]
    for owner in extensions.keys() - missing:
        getter = owner.get_extension(attribute)[2]
        if getattr(getter, "func", None) not in (get_relations, get_span_relations):
            raise ValueError(Errors.R001.format(owner=owner.__name__.lower(), name=attribute))
    for owner in missing:
        owner.set_extension(attribute, **extensions[owner])


def _store_of(doc: Doc, attribute: str) -> str:
    """The key under which a Doc has the relations of an attribute; KEY if it has no other."""
    key = storage_key(attribute)
    return key if key in doc.user_data else KEY


def _rows_of_text(rows: Iterable[list[Any]], text: str) -> list[list[Any]]:
    """The rows whose ends are still in the text. Rows stored without texts are not checked."""
    return [
        row
        for row in rows
        if len(row) <= PLACED
        or (text[row[0] : row[1]] == row[PLACED] and text[row[4] : row[5]] == row[PLACED + 1])
    ]


def _refuse(span: Span, relations: object) -> None:
    """The setter for Spans. Without one, spaCy would accept a value and the getter ignore it."""
    raise ValueError(Errors.R092.format(text=span.text))


def _char_span(doc: Doc, start: int, end: int, label: str) -> Span:
    """The tokens of a Doc that hold the characters start:end."""
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    if span is None:
        raise ValueError(Errors.R002.format(start=start, end=end, length=len(doc.text)))
    return span


def _document_order(row: list[Any]) -> tuple[Any, ...]:
    """What the stored relations are sorted by: the head, then the tail, then the label."""
    head_start, head_end, _, label, tail_start, tail_end, *_ = row
    return head_start, head_end, tail_start, tail_end, label


def _span_dict(span: Span) -> dict[str, Any]:
    return {
        "text": span.text,
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
    }


def _span_of_dict(doc: Doc, text: str, start: int, end: int, label: str) -> Span:
    found = doc.text[start:end]
    if found != text:
        raise ValueError(Errors.R085.format(start=start, end=end, expected=text, found=found))
    return _char_span(doc, start, end, label)
