"""Relations of a sentence → the field's overlap classes (Zeng et al. 2018; Wei et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from ..relations import Relation, char_bounds

CLASSES = ("Normal", "SEO", "EPO", "SOO")


def overlap_classes(relations: Sequence[Relation]) -> set[str]:
    """Classify a sentence by how the entities of its triples overlap.

    - EPO (entity pair overlap): two triples have the same two entities, in either order.
    - SEO (single entity overlap): two triples have exactly one entity in common.
    - SOO (subject object overlap): head and tail of one triple have words in common.
    - Normal: none of these.

    relations (Sequence[Relation]): The triples of one sentence.
    RETURNS (set[str]): The classes of the sentence, possibly several; none if it has no triples.
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
    """Find out whether two spans overlap.

    a (tuple[int, int]): Start and end of one span.
    b (tuple[int, int]): Start and end of another.
    RETURNS (bool): Whether they have anything in common.
    """
    return a[0] < b[1] and b[0] < a[1]
