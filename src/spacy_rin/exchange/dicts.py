"""Relations ↔ dicts: in `doc.to_json`, and in the annotations of an Example.

A Relation has Spans, which neither JSON nor `dataclasses.asdict` can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spacy.tokens import Doc, Span
from spacy.training import Example

from ..errors import Errors
from ..relations import Relation, get_relations, set_relations

# `doc.to_json(underscore=[DICTS])` writes the relations, and `Doc.from_json` reads them.
DICTS = "relation_dicts"


def register_dicts() -> None:
    """Register `doc._.relation_dicts`, unless another package has an extension of that name."""
    if not Doc.has_extension(DICTS):
        Doc.set_extension(DICTS, getter=get_relation_dicts, setter=set_relation_dicts)


def get_relation_dicts(doc: Doc) -> list[dict[str, Any]]:
    """Read a Doc's relations as dicts, for JSON. It is `doc._.relation_dicts`.

    doc (Doc): Any Doc.
    RETURNS (list[dict]): What `Relation.as_dict` returns, in document order.

    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    >>> doc._.relations = [Relation(doc[0:1], "saw", doc[2:3])]
    >>> data = doc.to_json(underscore=["relation_dicts"])
    >>> Doc(Vocab()).from_json(data)._.relations[0].text
    'Ada | saw | Rome'
    """
    return [relation.as_dict() for relation in get_relations(doc)]


def set_relation_dicts(doc: Doc, rows: Iterable[dict[str, Any]]) -> None:
    """Replace a Doc's relations by those of dicts.

    doc (Doc): The Doc.
    rows (Iterable[dict]): What `Relation.as_dict` has returned for a Doc of the same text.
    RAISES (ValueError): If a field is missing, or the Doc has another text at the offsets.
    """
    set_relations(doc, [Relation.from_dict(doc, row) for row in rows])


def example_from_dict(predicted: Doc, annotations: Mapping[str, Any]) -> Example:
    """Make an Example, as `Example.from_dict` does, with relations.

    predicted (Doc): The Doc to learn from.
    annotations (Mapping): What `Example.from_dict` takes, and "relations": a list of dicts, each as
        `Relation.as_dict` writes it, or with "label", and for "head" and "tail" the places of two
        of the "entities".
    RETURNS (Example): The Example. Without "relations" its gold has none annotated.
    RAISES (ValueError): If a relation is malformed, or names an entity that is not there.

    >>> import spacy_rin
    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    >>> eg = spacy_rin.example_from_dict(doc, {
    ...     "entities": [(0, 3, "PER"), (8, 12, "LOC")],
    ...     "relations": [{"head": 0, "label": "saw", "tail": 1}],
    ... })
    >>> eg.reference._.relations[0].text
    'Ada | saw | Rome'
    """
    own = {name: value for name, value in annotations.items() if name != "relations"}
    example = Example.from_dict(predicted, own)
    if "relations" in annotations:
        gold = example.reference
        ents = _entities(gold, annotations.get("entities", ()))
        rows = annotations["relations"]
        set_relations(gold, [_relation(gold, ents, row) for row in rows])
    return example


def _entities(doc: Doc, given: Iterable[Any]) -> list[Span | None]:
    """The entities in the order in which they were given; None for one that fits no tokens."""
    if all(isinstance(entity, str) for entity in given):  # Tags: the order is that of the text.
        return list(doc.ents)
    spans = {(ent.start_char, ent.end_char): ent for ent in doc.ents}
    return [spans.get((entity[0], entity[1])) for entity in given]


def _relation(doc: Doc, ents: list[Span | None], row: Any) -> Relation:
    if isinstance(row, dict):
        head, label, tail = (row.get(name) for name in ("head", "label", "tail"))
        if not isinstance(head, int) or not isinstance(tail, int):
            return Relation.from_dict(doc, row)
        ends = [ents[place] if 0 <= place < len(ents) else None for place in (head, tail)]
        if ends[0] is not None and ends[1] is not None and isinstance(label, str):
            return Relation(ends[0], label, ends[1])
    raise ValueError(Errors.R260.format(found=repr(row), count=len(ents)))
