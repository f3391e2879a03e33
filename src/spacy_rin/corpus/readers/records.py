"""A row of a data file → its `Record`: one sentence, checked, with what was `Dropped` from it.

The parsers fill records, and `convert` makes Docs of them. These are the types between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from ..limits import MAX_LENGTH, MAX_RUN, ExcessError, find_excess

ENTITY = "ENTITY"  # label of a mention without a type of its own

Span = tuple[int, int]
Source = Path | Sequence[Any]  # a file or folder, or rows in memory
RawRow = tuple[str, Any]  # "file:line", and the raw value or a MalformedError in its place
Parse = Callable[[Any, str], "Record"]  # takes the raw value and its "file:line"
Opened = tuple[Iterator[RawRow], Parse]  # the rows of a source, and the parser of each


class Reason(str, Enum):
    """Why a part of the source is not in the Docs, or is there in another way than it was given."""

    MENTION_NOT_FOUND = "mention_not_found"
    NESTED_MENTION = "nested_mention"
    DUPLICATE = "duplicate"
    UNKNOWN_LABEL = "unknown_label"
    MALFORMED = "malformed"
    REJECTED = "rejected"
    UNALIGNED = "unaligned"
    DISCONTINUOUS = "discontinuous"
    ACROSS_SENTENCES = "across_sentences"
    OTHER_ANNOTATION = "other_annotation"
    NOT_READ = "not_read"
    TOO_LONG = "too_long"
    RUN_TOO_LONG = "run_too_long"
    IN_ANOTHER_SET = "in_another_set"
    TRIMMED = "trimmed"
    EXPANDED = "expanded"
    REPEATED = "repeated"
    SECOND_LABEL = "second_label"
    OVERLAPPING = "overlapping"
    INSIDE_ANOTHER = "inside_another"


@dataclass(frozen=True)
class Reading:
    """The settings by which a source is read.

    lang (str): Language whose tokenizer splits raw texts.
    mentions (str): Where a mention stands that is given as text: "free" for its first occurrence
        that no other mention of the record covers, "first" for its first occurrence.
    alignment (str): What becomes of offsets that fit no words: "expand" trims outer whitespace and
        takes all words that are touched, "strict" leaves the mention out.
    max_length (int): Characters of the longest text that is read.
    max_run (int): Characters of the longest run of marks in a text that is read.
    """

    lang: str = "en"
    mentions: str = "free"
    alignment: str = "expand"
    max_length: int = MAX_LENGTH
    max_run: int = MAX_RUN

    def check(self, text: str) -> None:
        """Refuse a text that is too long, before it takes long to split it into words.

        text (str): The text of a record.
        RAISES (ExcessError): If it is too long, or has a run of marks that is.
        """
        if excess := find_excess(text, self.max_run, self.max_length):
            raise ExcessError(*excess)


class Dropped(NamedTuple):
    """One thing that was left out.

    reason (Reason): Why.
    example (str): What it was, as a report shows it.
    source (str): Its "file:line".
    """

    reason: Reason
    example: str
    source: str


class Mention(NamedTuple):
    """An entity mention.

    start (int): Its first word.
    end (int): The word after its last.
    label (str): Its entity type.
    """

    start: int
    end: int
    label: str = ENTITY


class RawTriple(NamedTuple):
    """A relation between two mentions.

    head (Mention): Where the relation starts.
    label (str): Its name.
    tail (Mention): Where the relation ends.
    """

    head: Mention
    label: str
    tail: Mention


@dataclass
class Record:
    """One sentence of a source, checked.

    words (list[str]): Its tokens. There is at least one, except where the source may list none
        (Prodigy's form).
    spaces (list[bool] | None): Whether a space follows each word; None if the source does not say.
    tags (list[str] | None): Part-of-speech tags, for token.tag_.
    entities (list[Mention]): Distinct mentions. All mentions of the triples are among them.
    ends (set[Span]): Heads and tails of triples that are no entities, according to the source.
    triples (list[RawTriple]): Triples that differ in spans or label.
    dropped (list[Dropped]): What else the source has.
    notes (dict[tuple[Reason, Any], str]): What is kept in another way than the source has it. The
        key is the reason and what it holds for, so that each counts once; the value is an example.
    masked (list[Span]): Words of mentions that are left out although they stand here. These words
        are neither in an entity nor outside.
    unplaced (int): Number of gold triples that have no place in the words, or no known label.
    source (str): Its "file:line".
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
    notes: dict[tuple[Reason, Any], str] = field(default_factory=dict)
    masked: list[Span] = field(default_factory=list)
    _types: dict[Span, str] = field(default_factory=dict, repr=False, compare=False)
    _seen: set[Any] = field(default_factory=set, repr=False, compare=False)

    @property
    def raw(self) -> str:
        """The text of the record, as that of its Doc.

        RETURNS (str): The words, with spaces between them where the source does not say otherwise.
        """
        if self.spaces is None:
            return " ".join(self.words)
        pieces = zip(self.words, self.spaces, strict=True)
        return "".join(word + " " * is_spaced for word, is_spaced in pieces)

    def mention(self, span: Span | None, label: str | None = None) -> Mention | None:
        """Make a mention of a span.

        span (Span | None): Its words; None if it was not found.
        label (str | None): Its entity type; None for the type of the entity of the same words.
        RETURNS (Mention | None): The mention; None if it was not found.
        """
        return span and Mention(*span, label or self.label_at(span))

    def label_at(self, span: Span) -> str:
        """Look up the type of an entity.

        span (Span): Its words.
        RETURNS (str): Its label; ENTITY if no entity has just these words.
        """
        return self._types.get(span, ENTITY)

    def add_entity(
        self,
        mention: Mention | None,
        example: str = "",
        missing: Reason = Reason.MENTION_NOT_FOUND,
    ) -> None:
        """Add an entity, unless it was added before, which is noted.

        mention (Mention | None): The entity; None if it has no place, which counts as dropped.
        example (str): What a report shows if it has no place.
        missing (Reason): Why it has no place.
        """
        if mention is None:
            self.drop(missing, example)
            return
        mention = _trimmed(mention)
        if mention in self._seen:
            number = sum(reason is Reason.REPEATED for reason, _ in self.notes)
            self.note(Reason.REPEATED, number, f"{self.text(mention)} ({mention.label})")
        else:
            self._keep(mention)

    def add_triple(
        self,
        head: Mention | None,
        label: str | None,
        tail: Mention | None,
        example: str,
        missing: Reason = Reason.MENTION_NOT_FOUND,
    ) -> None:
        """Add a triple and its mentions, unless the triple was added before.

        A triple that cannot be placed counts as dropped and as unplaced, also only once.

        head (Mention | None): Where the relation starts; None if it has no place.
        label (str | None): The relation; None if its name is not known.
        tail (Mention | None): Where the relation ends; None if it has no place.
        example (str): What a report shows if the triple is dropped.
        missing (Reason): Why a mention has no place.
        """
        label = label and label.strip()
        key = (head[:2], label, tail[:2]) if head and label and tail else example
        if key in self._seen:
            self.drop(Reason.DUPLICATE, example)
        elif head and label and tail:
            head, tail = _trimmed(head), _trimmed(tail)
            self._keep(head)
            self._keep(tail)
            self.triples.append(RawTriple(head, label, tail))
        else:
            self.unplaced += 1
            self.drop(missing if label else Reason.UNKNOWN_LABEL, example)
        self._seen.add(key)

    def drop(self, reason: Reason, example: str) -> None:
        """Note something that the source has and the record has not.

        reason (Reason): Why it is left out.
        example (str): What a report shows.
        """
        self.dropped.append(Dropped(reason, example, self.source))

    def note(self, reason: Reason, what: Any, example: str) -> None:
        """Note something that is kept in another way than the source has it.

        reason (Reason): In which way.
        what (Any): What tells it from others, so that it counts once.
        example (str): What a report shows.
        """
        self.notes.setdefault((reason, what), example)

    def text(self, mention: Mention) -> str:
        """Get the words of a mention.

        mention (Mention): A mention of the record.
        RETURNS (str): Its words, with spaces between them.
        """
        return " ".join(self.words[mention.start : mention.end])

    def _keep(self, mention: Mention) -> None:
        if mention not in self._seen:
            self._seen.add(mention)
            self._types.setdefault(mention[:2], mention.label)
            self.entities.append(mention)


def _trimmed(mention: Mention) -> Mention:
    """A mention whose label has no spaces around it: with them it would be another label."""
    return mention._replace(label=mention.label.strip() or ENTITY)
