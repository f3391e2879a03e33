"""Docs → rows of plain values, one per triple, with the same columns in every kind of output.

A worker makes the rows inside a memory zone, at whose end spaCy forgets the Docs and their words.
"""

from __future__ import annotations

from typing import Any

from spacy.tokens import Doc, Span

from ..relations import Relation, get_relations, span_id

# The columns of an output. A document that failed has one row: its `document` and `error`.
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
    "head_id": str,
    "tail_id": str,
    "error": str,
}
# Earlier versions did not write these.
IDS = ("head_id", "tail_id")
# The most words of a row's `sentence`. Each triple has one, so that without a limit the rows of a
# long text that is not split would grow with the square of its length.
LONGEST = 200


def to_rows(doc: Doc) -> list[dict[str, Any]]:
    """Turn a Doc's relations into rows.

    `sentence` is the sentence of head and tail, or all sentences from one to the other. It is the
    whole text if there are no sentences. Of more than 200 words, only those around head and tail
    are kept. All offsets are characters of the text.

    doc (Doc): A Doc with relations.
    RETURNS (list[dict]): One row per triple, in document order. A row has the columns of COLUMNS
        except `document` and `error`.
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
        "head_id": span_id(relation.head),
        "tail_id": span_id(relation.tail),
    }


def _end(side: str, span: Span) -> dict[str, Any]:
    return {
        side: span.text,
        f"{side}_start": span.start_char,
        f"{side}_end": span.end_char,
        f"{side}_label": span.label_,
    }


def _context(relation: Relation, is_split: bool) -> Span:
    """The words that a row shows: all sentences from the first entity's to the last entity's.

    Of more than LONGEST words, those around the two entities are kept; the entities always are.
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
