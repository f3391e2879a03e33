"""Entity → its anchor: the one word that represents it in the relation table.

Gold cells and decoding both call this, so that they agree.
"""

from __future__ import annotations

ANCHORS = ("last", "first")


def anchor_token(start: int, end: int, anchor: str) -> int:
    """Find the word that represents an entity.

    start (int): First word of the entity.
    end (int): End of the entity, exclusive.
    anchor (str): "last" (the paper's data) or "first" (the slides).
    RETURNS (int): The word.
    """
    return end - 1 if anchor == "last" else start
