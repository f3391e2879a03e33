"""`doc._.relations`: the triples of a Doc, stored so that they survive all that spaCy does to one.

Relations live in `doc.user_data[KEY]` as plain ints, strings and floats (character offsets, entity
labels, relation label, score); a getter turns them into `Relation`s. Character offsets, because
token numbers change when tokens are merged; plain values, because only those come back from
`Doc.to_bytes`, `DocBin` and the worker processes of `nlp.pipe`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc, Span

from .errors import Errors

KEY = "spacy_rin.relations"
ATTRIBUTE = "relations"


@dataclass(frozen=True)
class Relation:
    """One triple of a Doc.

    head (Span): The entity the relation starts from.
    label (str): The relation's label.
    tail (Span): The entity the relation points to.
    score (float): Probability of the cell the triple was read from; 1.0 for gold.
    """

    head: Span
    label: str
    tail: Span
    score: float = 1.0

    @property
    def text(self) -> str:
        """RETURNS (str): The triple for the reader, "head | label | tail"."""
        return f"{self.head.text} | {self.label} | {self.tail.text}"

    def as_dict(self) -> dict[str, Any]:
        """RETURNS (dict): For JSON: text, character offsets and label of both ends."""
        return {
            "head": _span_dict(self.head),
            "label": self.label,
            "tail": _span_dict(self.tail),
            "score": self.score,
        }


def has_relations(doc: Doc) -> bool:
    """Whether a Doc says which relations it has; an empty list says so, a missing one does not."""
    return KEY in doc.user_data


def get_relations(doc: Doc) -> list[Relation]:
    """Read a Doc's relations, in document order.

    doc (Doc): Any Doc; one that rin never saw has none.
    RETURNS (list[Relation]): Spans of this Doc, end-exclusive, also after its tokens were merged.
    RAISES (ValueError): If the stored offsets lie outside the text.
    """
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
        ) in doc.user_data.get(KEY, ())
    ]


def set_relations(doc: Doc, relations: Iterable[Relation]) -> None:
    """Replace a Doc's relations.

    doc (Doc): The Doc the relations' spans belong to.
    relations (Iterable[Relation]): In any order.
    RAISES (ValueError): If something is not a Relation, or a span is of another Doc.
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
            ]
        )
    doc.user_data[KEY] = sorted(rows, key=_document_order)


def register(attribute: str = ATTRIBUTE) -> None:
    """Make `doc._.<attribute>` read and write the relations. Safe to call any number of times.

    attribute (str): Name of the extension.
    RAISES (ValueError): If another package holds that name.
    """
    if not Doc.has_extension(attribute):
        Doc.set_extension(attribute, getter=get_relations, setter=set_relations)
    elif Doc.get_extension(attribute)[2] is not get_relations:
        raise ValueError(Errors.R001.format(name=attribute))


def _char_span(doc: Doc, start: int, end: int, label: str) -> Span:
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    if span is None:
        raise ValueError(Errors.R002.format(start=start, end=end, length=len(doc.text)))
    return span


def _document_order(row: list[Any]) -> tuple[Any, ...]:
    head_start, head_end, _, label, tail_start, tail_end, _, _ = row
    return head_start, head_end, tail_start, tail_end, label


def _span_dict(span: Span) -> dict[str, Any]:
    return {
        "text": span.text,
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
    }
