"""Records of passages → records of single sentences, by a splitter of the user's choice.

Offsets move with their sentences. A relation from one sentence to another is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import spacy
from spacy.tokens import Doc

from ..errors import Errors
from .readers.placing import show_triple
from .readers.records import Mention, Reason, Record

SENTENCIZER = "sentencizer"


class Splitter:
    """Splits words into sentences.

    name (str): "sentencizer", which splits at full stops and the like; or the name or path of a
        pipeline that splits sentences, such as one with a parser.
    lang (str): Language of the sentencizer.
    RAISES (ValueError): If there is no such pipeline.
    """

    def __init__(self, name: str, lang: str = "en") -> None:
        if name == SENTENCIZER:
            self.nlp = spacy.blank(lang)
            self.nlp.add_pipe(SENTENCIZER)
            return
        try:
            self.nlp = spacy.load(name)
        except OSError as err:
            raise ValueError(Errors.R207.format(name=name)) from err

    def starts(self, words: list[str], spaces: list[bool] | None) -> list[int]:
        """Find the first word of each sentence.

        words (list[str]): The words of a passage.
        spaces (list[bool] | None): Whether a space follows each; None if that is not known.
        RETURNS (list[int]): The places of these words.
        RAISES (ValueError): If the pipeline sets no sentences.
        """
        doc = Doc(self.nlp.vocab, words=words, spaces=spaces)
        for _, pipe in self.nlp.pipeline:
            doc = pipe(doc)
        if words and not doc.has_annotation("SENT_START"):
            raise ValueError(Errors.R208.format(pipes=", ".join(self.nlp.pipe_names) or "none"))
        return [sentence.start for sentence in doc.sents]


def split_records(records: Iterable[Record], splitter: Splitter) -> Iterator[Record]:
    """Split records into those of their sentences.

    records (Iterable[Record]): Records of passages.
    splitter (Splitter): Finds the sentences.
    YIELDS (Record): The records of the sentences, in their order.
    """
    for record in records:
        yield from split_record(record, splitter.starts(record.words, record.spaces))


def split_record(record: Record, starts: list[int]) -> Iterator[Record]:
    """Split a record into those of its sentences.

    A sentence does not end within a mention: it goes on to the next end. What was dropped or noted
    in the passage stays with the first sentence.

    record (Record): The record of a passage.
    starts (list[int]): The first word of each sentence.
    YIELDS (Record): The records of the sentences, in their order.
    """
    mentions = {*record.entities, *(end for rel in record.triples for end in (rel.head, rel.tail))}
    inside = {i for mention in mentions for i in range(mention.start + 1, mention.end)}
    kept = sorted({0, *starts} - inside)
    bounds = list(pairwise([*kept, len(record.words)])) or [(0, 0)]
    if len(bounds) == 1:
        yield record
        return
    for number, (start, end) in enumerate(bounds, 1):
        yield _sentence(record, start, end, number)


def _sentence(record: Record, start: int, end: int, number: int) -> Record:
    """The record of the words from start to end."""

    def here(place: int) -> bool:
        return start <= place < end

    def moved(mention: Mention) -> Mention:
        return mention._replace(start=mention.start - start, end=mention.end - start)

    first = number == 1
    entities = [moved(mention) for mention in record.entities if here(mention.start)]
    part = replace(
        record,
        words=record.words[start:end],
        spaces=record.spaces[start:end] if record.spaces else None,
        tags=record.tags[start:end] if record.tags else None,
        entities=entities,
        ends={(a - start, b - start) for a, b in record.ends if here(a)},
        triples=[],
        dropped=list(record.dropped) if first else [],
        unplaced=record.unplaced if first else 0,
        source=f"{record.source} (sentence {number})",
        notes=record.notes if first else {},
        masked=[
            (max(a, start) - start, min(b, end) - start)
            for a, b in record.masked
            if a < end and start < b
        ],
        _types={},
        _seen=set(entities),
    )
    for head, label, tail in record.triples:
        if here(head.start) and here(tail.start):
            part.add_triple(moved(head), label, moved(tail), "")
        elif here(head.start):
            example = show_triple(record.words, head, label, tail)
            part.add_triple(None, label, None, example, Reason.ACROSS_SENTENCES)
    return part
