"""`Relation`s ↔ plain values on the Doc: `doc._.relations`, the triples of a Doc.

`ent._.relations` are the triples that start or end at an entity, or at any other Span.

Relations are stored in `doc.user_data`, see `stores`. A getter makes `Relation`s of the rows.

Ids are read from `doc.ents`, since an entity linker may set them after the relations were found.
Those of other spans are stored behind the texts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from spacy.pipeline import EntityLinker
from spacy.tokens import Doc, Span

from .errors import Errors, Warnings
from .stores import (
    ATTRIBUTE,
    PLACED,
    WITH_TEXTS,
    StoredRows,
    document_order,
    rows_of_text,
    storage_key,
    store_of,
)

# What spaCy's entity linker sets for an entity that it found in no knowledge base: no id.
NO_ID = ("", EntityLinker.NIL)


@dataclass(frozen=True)
class Relation:
    """One triple of a Doc. As a dict it is `as_dict()`; `dataclasses.asdict` can't copy Spans.

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

    @property
    def doc(self) -> Doc:
        """The Doc of the relation.

        RETURNS (Doc): The Doc that head and tail belong to.
        """
        return self.head.doc

    @property
    def sent(self) -> Span:
        """The sentence of the relation.

        RETURNS (Span): The sentence of head and tail, or all sentences from one to the other; the
            whole text if the Doc has no sentences.
        """
        doc = self.doc
        if not doc.has_annotation("SENT_START"):
            return doc[:]
        first, last = min(self.head.start, self.tail.start), max(self.head.end, self.tail.end)
        return doc[doc[first].sent.start : doc[last - 1].sent.end]

    def __deepcopy__(self, memo: dict[int, Any]) -> Relation:
        """Nothing of a relation can be changed, and spaCy cannot copy a Span without its Doc."""
        return self

    def _repr_html_(self) -> str:
        """A table in a notebook, with one row."""
        return RelationList([self])._repr_html_()

    def as_dict(self) -> dict[str, Any]:
        """Write the relation as a dict, for JSON.

        RETURNS (dict): Head and tail, each with text, character offsets and label, and with its id
            if it has one (`span_id`); the label and the score.
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
            score and the ids if there are any.
        RETURNS (Relation): The relation, with spans of this Doc.
        RAISES (ValueError): If a field is missing, or the Doc has another text at the offsets.
        """
        try:
            head, tail = (_span_of_dict(doc, **row[side]) for side in ("head", "tail"))
            return cls(head, row["label"], tail, row.get("score", 1.0))
        except (KeyError, TypeError) as err:
            raise ValueError(Errors.R086.format(found=repr(row))) from err


class RelationList(list[Relation]):
    """A list of relations that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        """A table in a notebook, with one row for each relation."""
        heads = "".join(f"<th>{name}</th>" for name in ("head", "relation", "tail", "score"))
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td>{escape(text)}</td>"
                for text in (r.head.text, r.label, r.tail.text, f"{r.score:.2f}")
            )
            + "</tr>"
            for r in self
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


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
    return store_of(doc, attribute) in doc.user_data


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
    stored = doc.user_data.get(store_of(doc, attribute), ())
    rows = rows_of_text(stored, doc.text) if len(stored) else []
    if len(rows) < len(stored):
        lost = len(stored) - len(rows)
        message = Warnings.R180.format(lost=lost, total=len(stored), text=doc.text[:80])
        warnings.warn(message, stacklevel=2)
    entities = {(ent.start, ent.end): ent for ent in doc.ents} if rows else {}

    def read_span(start: int, end: int, label: str, id: str = "") -> Span:
        span = _char_span(doc, start, end, label, id)
        entity = entities.get((span.start, span.end))
        if entity is None or not span_id(entity):
            return span
        ids = {"kb_id": entity.kb_id, "span_id": entity.id}
        return Span(doc, span.start, span.end, label, **ids)

    return RelationList(
        Relation(
            read_span(head_start, head_end, head_label, *ids[:1]),
            label,
            read_span(tail_start, tail_end, tail_label, *ids[1:]),
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
            *more,
        ) in rows
        for ids in (more[WITH_TEXTS - PLACED :],)
    )


def get_span_relations(span: Span, attribute: str = ATTRIBUTE) -> list[Relation]:
    """Read the relations that start or end at a span, which may be an entity or any other span.

    Those within a sentence are given by `relations_in`; a warning says so where it gives some.

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
    bounds, relations = char_bounds(span), get_relations(span.doc, attribute)
    found = RelationList(
        r for r in relations if bounds in (char_bounds(r.head), char_bounds(r.tail))
    )
    if not found and (inside := sum(_is_within(span, relation) for relation in relations)):
        message = Warnings.R261.format(text=span.text[:80], count=inside)
        warnings.warn(message, stacklevel=2)
    return found


def relations_in(span: Span, attribute: str = ATTRIBUTE) -> list[Relation]:
    """Read the relations that lie wholly within a span, for example within a sentence.

    span (Span): A span of a Doc.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (list[Relation]): The relations whose head and tail both lie in the span, in document
        order.

    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome", ".", "Bob", "slept", "."])
    >>> ada, rome, bob = doc[0:1], doc[2:3], doc[4:5]
    >>> doc._.relations = [Relation(ada, "saw", rome), Relation(bob, "knows", ada)]
    >>> [relation.text for relation in relations_in(doc[0:4])]
    ['Ada | saw | Rome']
    """
    return RelationList(r for r in get_relations(span.doc, attribute) if _is_within(span, r))


def _is_within(span: Span, relation: Relation) -> bool:
    return all(span.start <= e.start and e.end <= span.end for e in (relation.head, relation.tail))


def span_id(span: Span) -> str:
    """Find the id of the thing that a span names.

    span (Span): An entity, or the head or tail of a Relation.
    RETURNS (str): Its `kb_id_`, as an entity linker sets it; else its `id_`, as an entity ruler
        sets it; empty if it has none. An entity that a linker found in no knowledge base has none.

    >>> doc = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    >>> span_id(Span(doc, 3, 4, "LOC", kb_id="Q84"))
    'Q84'
    >>> span_id(Span(doc, 0, 1, "PER", span_id="ada"))
    'ada'
    >>> span_id(Span(doc, 0, 1, "PER"))
    ''
    """
    return next((id for id in (span.kb_id_, span.id_) if id not in NO_ID), "")


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
        ids = [span_id(head), span_id(tail)]
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
                *(ids if any(ids) else []),
            ]
        )
    stored = StoredRows(sorted(rows, key=document_order))
    stored.writer = writer
    doc.user_data[storage_key(attribute)] = stored


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


def _refuse(span: Span, relations: object) -> None:
    """The setter for Spans. Without one, spaCy would accept a value and the getter ignore it."""
    raise ValueError(Errors.R092.format(text=span.text))


def _char_span(doc: Doc, start: int, end: int, label: str, id: str = "") -> Span:
    """The tokens of a Doc that hold the characters start:end."""
    span = doc.char_span(start, end, label=label, kb_id=id, alignment_mode="expand")
    if span is None:
        raise ValueError(Errors.R002.format(start=start, end=end, length=len(doc.text)))
    return span


def _span_dict(span: Span) -> dict[str, Any]:
    return {
        "text": span.text,
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
        **({"id": span_id(span)} if span_id(span) else {}),
    }


def _span_of_dict(doc: Doc, text: str, start: int, end: int, label: str, id: str = "") -> Span:
    found = doc.text[start:end]
    if found != text:
        raise ValueError(Errors.R085.format(start=start, end=end, expected=text, found=found))
    return _char_span(doc, start, end, label, id)
