"""A `Record` and the flat entities of its Doc → what doc.ents does not hold, and doubtful spans."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..overlap import overlap
from .placing import find_all
from .records import Mention, Reason, Record, Span

Note = tuple[tuple[Reason, object], str]


def find_overlaps(record: Record, ents: Collection[tuple[int, int, str]]) -> Iterator[Note]:
    """Find the entities that overlap, have two labels, or lie inside another one.

    record (Record): The record.
    ents (Collection[tuple[int, int, str]]): First word, word after the last and label of the
        entities in doc.ents.
    YIELDS (Note): The reason with the mention, and an example.
    """
    flat = {ent[:2]: ent[2] for ent in ents}
    labels = set(record.entities)
    spans = list(dict.fromkeys(mention[:2] for mention in record.entities))
    seen: set[Span] = set()
    for mention in record.entities:
        span = mention[:2]
        example = f"{record.text(mention)} ({mention.label})"
        kept = flat.get(span)
        if kept is not None and kept != mention.label and (*span, kept) in labels:
            yield (Reason.SECOND_LABEL, mention), example
        elif kept is None and span not in record.ends:
            yield (Reason.OVERLAPPING, mention), example
        if span not in seen and _stands_elsewhere(record, mention, spans):
            yield (Reason.INSIDE_ANOTHER, span), example
        seen.add(span)


def _stands_elsewhere(record: Record, mention: Mention, spans: list[Span]) -> bool:
    """Whether a mention lies inside another, and its words also stand outside of mentions."""
    start, end, _ = mention
    if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans):
        return False
    exact, *_ = find_all(record.words, record.words[start:end])
    return any(not any(overlap(place, span) for span in spans) for place in exact)
