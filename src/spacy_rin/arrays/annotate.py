"""Prediction → Spans: `doc.ents` and `doc._.relations`. The last step of the component."""

from __future__ import annotations

from spacy.tokens import Doc, Span

from ..relations import Relation, set_relations
from ..stores import ATTRIBUTE
from .decode import Prediction, find_blocked


def annotate(
    doc: Doc,
    prediction: Prediction,
    keep: bool,
    attribute: str = ATTRIBUTE,
    writer: str = "",
) -> None:
    """Write entities and relations to a Doc.

    doc (Doc): The Doc that was predicted.
    prediction (Prediction): The entities and triples found in it.
    keep (bool): Whether entities that are already on the Doc stay. Blocked tokens then stay
        blocked.
    attribute (str): Name of the extension that reads the relations.
    writer (str): Name of the component that has found them.

    An entity that is found as it is already on the Doc stays the same Span in any case, for example
    with the ids of an entity linker.
    """
    there = {(ent.start, ent.end): ent for ent in doc.ents}
    for token in [] if keep else [token for ent in there.values() for token in ent]:
        token.ent_id = 0  # `set_ents` would leave it to a new entity that has none.
    blocked = find_blocked(doc).nonzero()[0].tolist() if keep else []
    doc.set_ents(
        [
            ent
            if (ent := there.get((start, end))) and (keep or ent.label_ == label)
            else Span(doc, start, end, label)
            for start, end, label in prediction.entities
        ],
        blocked=[doc[i : i + 1] for i in blocked],
    )
    relations = (
        Relation(Span(doc, *triple.head), triple.label, Span(doc, *triple.tail), triple.score)
        for triple in prediction.triples
    )
    set_relations(doc, relations, attribute, writer=writer)
