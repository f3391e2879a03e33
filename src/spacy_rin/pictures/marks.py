"""What a comparison with gold says of triples and entities, and the signs that show it.

Each kind has a sign, a line style and a colour, so that nobody depends on the colour.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from spacy.tokens import Doc

RIGHT, WRONG, MISSED = "right", "wrong", "missed"
# In the order of the page's filters. "" is what was not compared.
SIGNS = {RIGHT: "✓", WRONG: "✗", MISSED: "○"}
# Strokes and gaps of a line in an SVG, in pixels.
DASHES = {"": "none", RIGHT: "none", WRONG: "2 3", MISSED: "8 4"}
LINES = {RIGHT: "whole lines", WRONG: "dotted lines", MISSED: "broken lines"}


@dataclass(frozen=True)
class MarkedDoc:
    """A Doc with the triples and entities of gold and those that were found.

    doc (Doc): The Doc.
    number (int): Its place in the corpus, from 1.
    relations (list[str]): The kind of each of its relations, in document order: "right", "wrong"
        or "missed"; none of a Doc that was not compared.
    entities (list[str]): The kind of each of its entities, in order.
    """

    doc: Doc
    number: int
    relations: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """Count the triples of each kind.

        RETURNS (Counter[str]): The numbers by kind.
        """
        return Counter(self.relations)


def sign(kind: str, text: str) -> str:
    """Put the sign of a kind in front of a text.

    kind (str): The kind; empty for what was not compared.
    text (str): The text.
    RETURNS (str): The sign and the text, or the text alone.
    """
    return f"{SIGNS[kind]} {text}" if kind else text
