"""What a data file holds, checked: the `Record` of one sentence, and what was `Dropped` of it.

The types between the parsers, which fill records, and `convert`, which makes Docs of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

ENTITY = "ENTITY"  # label of a mention without a type of its own

Span = tuple[int, int]
JsonRow = tuple[str, Any]  # "file:line", the JSON value or what is wrong with it
Parse = Callable[[Any, str], "Record"]  # takes the JSON value and its "file:line"


class Reason(str, Enum):
    """Why something of the source is not, or not fully, in the Docs."""

    MENTION_NOT_FOUND = "mention_not_found"
    NESTED_MENTION = "nested_mention"
    DUPLICATE = "duplicate"
    UNKNOWN_LABEL = "unknown_label"
    MALFORMED = "malformed"
    REJECTED = "rejected"


class Dropped(NamedTuple):
    """Something left out: why, what it was, and its "file:line"."""

    reason: Reason
    example: str
    source: str


class Mention(NamedTuple):
    """An entity: words start to end (exclusive), and its type."""

    start: int
    end: int
    label: str = ENTITY


class RawTriple(NamedTuple):
    """Two mentions and the relation from the first to the second."""

    head: Mention
    label: str
    tail: Mention


@dataclass
class Record:
    """One sentence of a source, checked.

    words (list[str]): Its tokens, at least one; none only where the source says so (Prodigy's).
    spaces (list[bool] | None): Whether a space follows each; None if the source does not say.
    tags (list[str] | None): Part-of-speech tags, for token.tag_.
    entities (list[Mention]): Distinct; all mentions of the triples are among them.
    ends (set[Span]): Where triples start or end that the source says are no entities.
    triples (list[RawTriple]): Distinct by spans and label.
    dropped (list[Dropped]): What else stood in the source.
    unplaced (int): Triples that are gold, but have no place in the words or no known label.
    source (str): "file:line".
    """

    words: list[str]
    spaces: list[bool] | None = None
    tags: list[str] | None = None
    entities: list[Mention] = field(default_factory=list)
    ends: set[Span] = field(default_factory=set)
    triples: list[RawTriple] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    unplaced: int = 0
    source: str = ""
    _types: dict[Span, str] = field(default_factory=dict, repr=False, compare=False)
    _seen: set[Any] = field(default_factory=set, repr=False, compare=False)

    def mention(self, span: Span | None, label: str | None = None) -> Mention | None:
        """RETURNS (Mention | None): The span with its own label, or that of the entity there."""
        return span and Mention(*span, label or self.label_at(span))

    def label_at(self, span: Span) -> str:
        """RETURNS (str): Label of the entity there, or that of mentions without a type."""
        return self._types.get(span, ENTITY)

    def add_entity(self, mention: Mention | None, example: str = "") -> None:
        """Add a mention once; None is one that was not found."""
        if mention is None:
            self._drop(Reason.MENTION_NOT_FOUND, example)
        elif mention not in self._seen:
            self._seen.add(mention)
            self._types.setdefault(mention[:2], mention.label)
            self.entities.append(mention)

    def add_triple(
        self, head: Mention | None, label: str | None, tail: Mention | None, example: str
    ) -> None:
        """Add a triple and its mentions once; None is a mention not found or an unknown label."""
        key = (head[:2], label, tail[:2]) if head and label and tail else example
        if key in self._seen:
            self._drop(Reason.DUPLICATE, example)
        elif head and label and tail:
            self.add_entity(head)
            self.add_entity(tail)
            self.triples.append(RawTriple(head, label, tail))
        else:
            self.unplaced += 1
            self._drop(Reason.MENTION_NOT_FOUND if label else Reason.UNKNOWN_LABEL, example)
        self._seen.add(key)

    def _drop(self, reason: Reason, example: str) -> None:
        self.dropped.append(Dropped(reason, example, self.source))
