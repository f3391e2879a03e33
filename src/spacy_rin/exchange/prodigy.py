"""Docs ↔ tasks of Prodigy's `relations` interface, to correct what a model found and train on it.

Prodigy's documentation (prodi.gy/docs/dependencies-relations, prodi.gy/docs/api-interfaces):
'Prodigy represents dependency annotations in a simple JSON format with a "text", a "relations"
property describing the head and child indices and label of each dependency relation, and a list of
"tokens"'. Spans have "start" and "end" in characters, and "token_start" and "token_end" in tokens,
the last included. "head" and "child" are tokens too, of a span its last one: they "refer to the end
token in the span" (parse_data.py of explosion/projects, tutorials/rel_component).

Some fields are our own, since Prodigy has none for what they hold:

- `has_unknown_spaces`: the tokens were not split from a text.
- "tag" of a token, and "score" of a relation.
- "entity": false at an end of a relation: this end is none of doc.ents.

An answer without them can be read, too. Then tokens have the spaces of "ws", and both ends of a
relation are entities.
"""

from __future__ import annotations

from typing import Any

from spacy.tokens import Doc, Span, Token
from spacy.vocab import Vocab

from ..corpus.convert import make_doc
from ..corpus.readers.user_formats import parse_prodigy
from ..relations import Relation, get_relations

Row = dict[str, Any]


def to_prodigy(doc: Doc) -> Row:
    """Turn a Doc into a task: its tokens as they are, doc.ents as "spans", and its relations.

    doc (Doc): Any Doc, also one without relations.
    RETURNS (dict): The task, ready for JSON. It has no "answer", which the annotator gives.

    >>> doc = Doc(Vocab(), words=["Ada", "Lovelace", "saw", "Rome"], spaces=[1, 1, 1, 0])
    >>> doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 3, 4, "LOC")]
    >>> doc._.relations = [Relation(doc.ents[0], "saw", doc.ents[1])]
    >>> task = to_prodigy(doc)
    >>> [(task["tokens"][r["head"]]["text"], r["label"], r["child"]) for r in task["relations"]]
    [('Lovelace', 'saw', 3)]
    >>> from_prodigy(task, Vocab())._.relations[0].text
    'Ada Lovelace | saw | Rome'
    """
    entities = _bounds(doc)
    row: Row = {
        "text": doc.text,
        "tokens": [_token(token) for token in doc],
        "spans": [_span(ent) for ent in doc.ents],
        "relations": [_relation(relation, entities) for relation in get_relations(doc)],
        "_view_id": "relations",
    }
    if doc.has_unknown_spaces:
        row["has_unknown_spaces"] = True
    return row


def from_prodigy(row: Row, vocab: Vocab) -> Doc:
    """Make a gold Doc of an answer, as `spacy-rin convert` does with the answers in a file.

    row (dict): An accepted answer.
    vocab (Vocab): Any vocabulary.
    RETURNS (Doc): A Doc with entities and relations. All scores are 1, since a person has agreed.
    RAISES (ValueError): If the row is not of this form, or was not accepted.
    """
    return make_doc(parse_prodigy(row, "the row"), vocab)


def find_undrawn(doc: Doc) -> list[Relation]:
    """Find the relations that are in a task, but that Prodigy cannot draw as they are.

    In Prodigy's interface, spans do not overlap. An arc starts at a span or at a single token.

    doc (Doc): Any Doc.
    RETURNS (list[Relation]): Relations with an end that is none of doc.ents and either has several
        tokens or lies within an entity.
    """
    entities = _bounds(doc)
    inside = {i for start, end in entities for i in range(start, end)}

    def undrawn(end: Span) -> bool:
        return (end.start, end.end) not in entities and (len(end) > 1 or end.start in inside)

    return [r for r in get_relations(doc) if undrawn(r.head) or undrawn(r.tail)]


def _bounds(doc: Doc) -> set[tuple[int, int]]:
    return {(ent.start, ent.end) for ent in doc.ents}


def _token(token: Token) -> Row:
    return {
        "text": token.text,
        "start": token.idx,
        "end": token.idx + len(token),
        "id": token.i,
        "ws": bool(token.whitespace_),
        **({"tag": token.tag_} if token.tag_ else {}),
    }


def _span(span: Span) -> Row:
    return {
        "start": span.start_char,
        "end": span.end_char,
        "token_start": span.start,
        "token_end": span.end - 1,
        "label": span.label_,
    }


def _relation(relation: Relation, entities: set[tuple[int, int]]) -> Row:
    def end(span: Span) -> Row:
        is_entity = (span.start, span.end) in entities
        return _span(span) | ({} if is_entity else {"entity": False})

    return {
        "head": relation.head.end - 1,
        "child": relation.tail.end - 1,
        "head_span": end(relation.head),
        "child_span": end(relation.tail),
        "label": relation.label,
        "score": relation.score,
    }
