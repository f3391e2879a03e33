"""Relations of a sentence → the field's overlap classes (Zeng et al. 2018; Wei et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from ..relations import Relation, char_bounds

CLASSES = ("Normal", "SEO", "EPO", "SOO")


def overlap_classes(relations: Sequence[Relation]) -> set[str]:
    """Classify a sentence by how the entities of its triples overlap.

    relations (Sequence[Relation]): The triples of one sentence.
    RETURNS (set[str]): EPO (entity pair overlap: two triples have the same two entities, in either
        order), SEO (single entity overlap: two triples share an entity, and not both), SOO (subject
        object overlap: head and tail of one triple share words); "Normal" alone if none of these.
        A sentence without triples has no class. EPO, SEO and SOO can hold together.
    """
    if not relations:
        return set()
    classes = set()
    pairs = [frozenset((char_bounds(r.head), char_bounds(r.tail))) for r in relations]
    for k, pair in enumerate(pairs):
        for other in pairs[:k]:
            if pair == other:
                classes.add("EPO")
            elif pair & other:
                classes.add("SEO")
    if any(overlap(char_bounds(r.head), char_bounds(r.tail)) for r in relations):
        classes.add("SOO")
    return classes or {"Normal"}


def overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """RETURNS (bool): Whether two (start, end) share anything."""
    return a[0] < b[1] and b[0] < a[1]
