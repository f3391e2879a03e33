"""Mentions with ids, and relations between the ids → the entities and triples of a `Record`.

The parsers of annotation tools fill their records with these.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from .placing import WordMap
from .records import Mention, Reason, Record, Span


@dataclass
class Linked:
    """A record whose mentions have ids.

    record (Record): The record that is filled.
    word_map (WordMap): Its words.
    """

    record: Record
    word_map: WordMap
    _mentions: dict[Hashable, tuple[Mention | None, str, Reason]] = field(default_factory=dict)

    @property
    def names(self) -> set[Hashable]:
        """The ids that were added.

        RETURNS (set[Hashable]): The ids.
        """
        return set(self._mentions)

    def add_span(
        self, name: Hashable, offsets: Span | None, label: str | None, example: str = ""
    ) -> None:
        """Add an entity that is given by its offsets.

        name (Hashable): Its id. The first mention of an id is the one that relations mean.
        offsets (Span | None): Its offsets; None if they mean nothing in this text.
        label (str | None): Its label; None if it has none.
        example (str): What a report shows; by default the text between the offsets.
        """
        span = self.word_map.at(*offsets) if offsets else None
        mention = self.record.mention(span, label)
        example = example or (self.word_map.text(*offsets) if offsets else "")
        self.record.add_entity(mention, example, self.word_map.missing)
        self._mentions.setdefault(name, (mention, example, self.word_map.missing))

    def set_mention(self, name: Hashable, mention: Mention | None, example: str) -> None:
        """Say which mention an id means. It becomes an entity with its first relation.

        name (Hashable): The id.
        mention (Mention | None): The mention; None if it was not found.
        example (str): What a report shows.
        """
        self._mentions[name] = mention, example, Reason.MENTION_NOT_FOUND

    def leave_out(
        self, name: Hashable, reason: Reason, example: str, parts: Sequence[Span] = ()
    ) -> None:
        """Leave an entity out. Relations of it are counted with the same reason.

        name (Hashable): Its id.
        reason (Reason): Why it is left out.
        example (str): What a report shows.
        parts (Sequence[Span]): Its offsets. The words there are masked.
        """
        self.record.drop(reason, example)
        for part in parts:
            if span := self.word_map.around(*part):
                self.record.masked.append(span)
        self._mentions.setdefault(name, (None, example, reason))

    def add_link(self, head: Hashable, label: str | None, tail: Hashable) -> None:
        """Add a relation.

        head (Hashable): Id of the mention where it starts.
        label (str | None): Its name; None if it has none.
        tail (Hashable): Id of the mention where it ends.
        """
        unknown = Reason.MENTION_NOT_FOUND
        ends = [self._mentions.get(end, (None, f"id {end}", unknown)) for end in (head, tail)]
        (first, head_text, _), (second, tail_text, _) = ends
        missing = next((reason for mention, _, reason in ends if mention is None), unknown)
        example = f"{head_text} | {label or 'no label'} | {tail_text}"
        self.record.add_triple(first, label, second, example, missing)
