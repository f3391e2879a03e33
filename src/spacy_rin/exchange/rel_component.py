"""Docs ↔ `doc._.rel` of spaCy's tutorial (explosion/projects, tutorials/rel_component).

There the relations are scores of all pairs of entities: {(start of head, start of tail): {label:
score}}, where the starts count tokens. In gold a score is 1.0 or 0.0, in predictions it is the
model's. The Doc keeps the scores in `doc.user_data`, under spaCy's own key for `doc._.rel`. A
DocBin with store_user_data=True stores them. `Doc.from_bytes` cannot read them, since their keys
are tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spacy.tokens import Doc

from ..corpus.readers.docbin_format import REL_KEY as REL_KEY
from ..corpus.readers.docbin_format import read_rel
from ..relations import Relation, get_relations

RelTable = dict[tuple[int, int], dict[str, float]]


def to_rel_component(doc: Doc, labels: Sequence[str]) -> RelTable:
    """Turn a Doc's relations into the tutorial's `doc._.rel`.

    doc (Doc): A Doc with entities and relations.
    labels (Sequence[str]): All labels of the corpus. Every pair has a score for each of them.
    RETURNS (dict): Scores of all pairs of doc.ents, 0.0 where there is no relation.

    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    >>> doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 2, 3, "LOC")]
    >>> doc._.relations = [Relation(doc.ents[0], "saw", doc.ents[1])]
    >>> doc.user_data[REL_KEY] = to_rel_component(doc, ["left", "saw"])
    >>> doc.user_data[REL_KEY][0, 2]
    {'left': 0.0, 'saw': 1.0}
    >>> from_rel_component(doc) == doc._.relations
    True
    """
    table = {(a.start, b.start): dict.fromkeys(labels, 0.0) for a in doc.ents for b in doc.ents}
    held, _ = _divide(doc, labels)
    for relation in held:
        table[relation.head.start, relation.tail.start][relation.label] = relation.score
    return table


def from_rel_component(doc: Doc, threshold: float = 0.5) -> list[Relation]:
    """Read the tutorial's `doc._.rel`, gold or predicted.

    doc (Doc): A Doc with the entities it was made with.
    threshold (float): Least score of a relation.
    RETURNS (list[Relation]): The relations in document order, for `doc._.relations`.
    RAISES (ValueError): If the Doc has no `doc._.rel`, or lacks entities that it relates.
    """
    return [Relation(*found) for found in read_rel(doc, threshold)]


def find_left_out(doc: Doc, labels: Sequence[str]) -> list[Relation]:
    """Find the relations that `doc._.rel` has no place for.

    doc (Doc): A Doc with entities and relations.
    labels (Sequence[str]): All labels of the corpus, as in `to_rel_component`.
    RETURNS (list[Relation]): Relations that have another label, have an end that is none of
        doc.ents, or repeat an earlier relation.
    """
    _, left_out = _divide(doc, labels)
    return left_out


def _divide(doc: Doc, labels: Sequence[str]) -> tuple[Iterable[Relation], list[Relation]]:
    """Divide relations into those that the table has a place for, and the others."""
    ents = {(ent.start, ent.end) for ent in doc.ents}
    held: dict[tuple[int, str, int], Relation] = {}
    left_out = []
    for relation in get_relations(doc):
        head, tail = relation.head, relation.tail
        cell = (head.start, relation.label, tail.start)
        between_ents = ents >= {(head.start, head.end), (tail.start, tail.end)}
        if between_ents and relation.label in labels and cell not in held:
            held[cell] = relation
        else:
            left_out.append(relation)
    return held.values(), left_out
