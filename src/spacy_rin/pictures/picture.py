"""Docs → pictures: what stands side by side in each of them, and which relations join it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import bidirectional

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from ..errors import Errors
from ..relations import Relation, get_relations


@dataclass(frozen=True)
class Word:
    """What stands in one place of a picture: an entity, or the words between two of them.

    text (str): As the Doc has it.
    label (str): The entity's label; None between entities.
    """

    text: str
    label: str | None


@dataclass(frozen=True)
class Arc:
    """A relation between two words of a picture.

    head (int): The word it starts from.
    tail (int): The word it points to.
    label (str): The relation's label.
    triple (int): Its place among the relations of the Doc.
    """

    head: int
    tail: int
    label: str
    triple: int

    @property
    def left(self) -> int:
        """RETURNS (int): The one of its words that comes first in the text."""
        return min(self.head, self.tail)

    @property
    def right(self) -> int:
        """RETURNS (int): The one of its words that comes last in the text."""
        return max(self.head, self.tail)


@dataclass(frozen=True)
class Picture:
    """A sentence, or several that a relation joins.

    words (list[Word]): All of its text, in order.
    arcs (list[Arc]): In document order.
    undrawn (list[int]): Relations without an arc, by their place among those of the Doc.
    direction (str): "ltr" or "rtl".
    """

    words: list[Word]
    arcs: list[Arc]
    undrawn: list[int]
    direction: str


def each_doc(docs: Doc | Iterable[Doc]) -> Iterator[Doc]:
    """Go through what a user wants drawn: one Doc or many.

    docs (Doc | Iterable[Doc]): Read once, as a stream.
    YIELDS (Doc): Each of them.
    RAISES (ValueError): At something that is no Doc.
    """
    for doc in [docs] if isinstance(docs, (Doc, str)) else docs:
        if not isinstance(doc, Doc):
            raise ValueError(Errors.R080.format(found=repr(doc)))
        yield doc


def make_pictures(doc: Doc) -> Iterator[Picture]:
    """Divide a Doc into pictures, one a sentence (where sentence starts are set).

    doc (Doc): A Doc with relations.
    YIELDS (Picture): A mention that is nested in another is part of that one's word; a relation
        between the two has no arc, nor has one whose end partly overlaps a longer mention.
    """
    relations, direction = get_relations(doc), text_direction(doc)
    ends = [span for relation in relations for span in (relation.head, relation.tail)]
    entities = sorted(filter_spans([*doc.ents, *ends]), key=lambda span: span.start)
    for start, end in _bounds(doc, entities, relations):
        words, place = _words(doc[start:end], [e for e in entities if start <= e.start < end])
        arcs, undrawn = [], []
        for k, relation in enumerate(relations):
            if not start <= relation.head.start < end:
                continue
            head, tail = place[relation.head.end - 1], place[relation.tail.end - 1]
            # An end that partly overlaps a longer one is no word of the picture, nor part of one.
            is_whole = head == place[relation.head.start] and tail == place[relation.tail.start]
            if head == tail or not is_whole:
                undrawn.append(k)
            else:
                arcs.append(Arc(head, tail, relation.label, k))
        yield Picture(words, arcs, undrawn, direction)


def text_direction(doc: Doc) -> str:
    """RETURNS (str): "ltr" or "rtl": of the Doc's language, or of its first letter if it has none
    (a .spacy file does not say which language it holds)."""
    if "direction" in doc.vocab.writing_system:
        return "rtl" if doc.vocab.writing_system["direction"] == "rtl" else "ltr"
    strong = (kind for kind in map(bidirectional, doc.text) if kind in ("L", "R", "AL"))
    return "ltr" if next(strong, "L") == "L" else "rtl"


def _bounds(doc: Doc, entities: list[Span], relations: list[Relation]) -> list[tuple[int, int]]:
    """Sentences, joined where a relation or an entity reaches across."""
    if not len(doc):
        return []
    if not doc.has_annotation("SENT_START"):
        return [(0, len(doc))]
    bounds = [(sent.start, sent.end) for sent in doc.sents]
    joints = [(entity.start, entity.end) for entity in entities]
    for relation in relations:
        head, tail = relation.head, relation.tail
        joints.append((min(head.start, tail.start), max(head.end, tail.end)))
    for first, last in joints:
        touched = [b for b in bounds if b[0] < last and first < b[1]]
        bounds = [b for b in bounds if b not in touched]
        bounds.append((touched[0][0], touched[-1][1]))
        bounds.sort()
    return bounds


def _words(sentence: Span, entities: list[Span]) -> tuple[list[Word], dict[int, int]]:
    """Entities and what lies between them, and for every token the word it is in."""
    doc, words, place = sentence.doc, list[Word](), dict[int, int]()

    def add(start: int, end: int, label: str | None) -> None:
        if start < end:
            place.update(dict.fromkeys(range(start, end), len(words)))
            words.append(Word(doc[start:end].text, label))

    done = sentence.start
    for entity in entities:
        add(done, entity.start, None)
        add(entity.start, entity.end, entity.label_)
        done = entity.end
    add(done, sentence.end, None)
    return words, place
