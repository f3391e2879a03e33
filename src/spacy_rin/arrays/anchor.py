"""Which word stands for an entity in the relation table; targets and decoding both ask here."""

from __future__ import annotations

ANCHORS = ("last", "first")


def anchor_token(start: int, end: int, anchor: str) -> int:
    """Find the word that stands for an entity.

    start, end (int): Words of the entity, end-exclusive.
    anchor (str): "last" (the paper's data) or "first" (the slides).
    RETURNS (int): The word.
    """
    return end - 1 if anchor == "last" else start
