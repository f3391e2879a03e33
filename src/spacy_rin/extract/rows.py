"""Docs → rows, one a triple, of plain values under the same names in every kind of output."""

from __future__ import annotations

from typing import Any

from spacy.tokens import Doc, Span

from ..relations import Relation, get_relations

# What an output has of each triple; a document that failed has a row of its id and the error.
COLUMNS: dict[str, type] = {
    "document": str,
    "sentence": str,
    "sentence_start": int,
    "head": str,
    "head_start": int,
    "head_end": int,
    "head_label": str,
    "relation": str,
    "tail": str,
    "tail_start": int,
    "tail_end": int,
    "tail_label": str,
    "score": float,
    "error": str,
}
# Words of a row's `sentence`. Each triple has one: of a long text without sentences the rows would
# grow with its square.
LONGEST = 200


def rows_of(doc: Doc) -> list[dict[str, Any]]:
    """Turn a Doc's relations into rows.

    doc (Doc): A Doc that rin has read.
    RETURNS (list[dict]): One row a triple, in document order, with the names of COLUMNS but for
        `document` and `error`. All offsets are characters of the Doc's text. `sentence` is that of
        both ends, or the text where there are no sentences; of over 200 words, those around them.
    """
    is_split = doc.has_annotation("SENT_START")
    return [_row(relation, _context(relation, is_split)) for relation in get_relations(doc)]


def _row(relation: Relation, sentence: Span) -> dict[str, Any]:
    return {
        "sentence": sentence.text,
        "sentence_start": sentence.start_char,
        **_end("head", relation.head),
        "relation": relation.label,
        **_end("tail", relation.tail),
        "score": relation.score,
    }


def _end(side: str, span: Span) -> dict[str, Any]:
    return {
        side: span.text,
        f"{side}_start": span.start_char,
        f"{side}_end": span.end_char,
        f"{side}_label": span.label_,
    }


def _context(relation: Relation, is_split: bool) -> Span:
    """The sentence of both ends, from the first's to the last's where they are apart; of a long
    one, or of a long text that is not split, the words around them.
    """
    head, tail = relation.head, relation.tail
    doc = head.doc
    first, last = min(head.start, tail.start), max(head.end, tail.end)
    start, end = (doc[first].sent.start, doc[last - 1].sent.end) if is_split else (0, len(doc))
    if end - start > LONGEST:
        spare = max(0, LONGEST - (last - first))
        start = max(start, first - spare // 2)
        end = min(end, last + spare // 2)
    return doc[start:end]
