"""Docs → pictures: the words that are side by side in each of them, and the arcs between them.

This is the first step of drawing. `arc_layout` finds the places, and `svg` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import bidirectional

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from ..errors import Errors
from ..relations import Relation, get_relations
from .marks import sign


@dataclass(frozen=True)
class Word:
    """A unit of a picture: an entity, or the tokens between two entities.

    text (str): Its text in the Doc.
    label (str | None): The label of the entity; None for tokens between entities.
    """

    text: str
    label: str | None


@dataclass(frozen=True)
class Arc:
    """A relation between two words of a picture.

    head (int): The place of the head among the words.
    tail (int): The place of the tail, to which the arc points.
    label (str): The label of the relation, with the sign of its kind if it has one.
    triple (int): The place of the relation among those of the Doc.
    kind (str): "right", "wrong" or "missed"; empty for a relation that was not compared.
    """

    head: int
    tail: int
    label: str
    triple: int
    kind: str = ""

    @property
    def left(self) -> int:
        """Find the end of the arc that comes first in the text.

        RETURNS (int): The place of that word.
        """
        return min(self.head, self.tail)

    @property
    def right(self) -> int:
        """Find the end of the arc that comes last in the text.

        RETURNS (int): The place of that word.
        """
        return max(self.head, self.tail)


@dataclass(frozen=True)
class Picture:
    """A sentence, or several sentences that a relation or an entity joins.

    words (list[Word]): The whole text, in order.
    arcs (list[Arc]): The relations that are drawn, in document order.
    undrawn (list[int]): The relations without an arc, by their places among those of the Doc.
    direction (str): The direction of the text, "ltr" or "rtl".
    """

    words: list[Word]
    arcs: list[Arc]
    undrawn: list[int]
    direction: str


def each_doc(docs: Doc | Iterable[Doc]) -> Iterator[Doc]:
    """Go through one Doc or many.

    docs (Doc | Iterable[Doc]): The Docs; read once, as a stream.
    YIELDS (Doc): Each Doc.
    RAISES (ValueError): If something is not a Doc.
    """
    for doc in [docs] if isinstance(docs, (Doc, str)) else docs:
        if not isinstance(doc, Doc):
            raise ValueError(Errors.R080.format(found=repr(doc)))
        yield doc


def make_pictures(doc: Doc, kinds: Sequence[str] = ()) -> Iterator[Picture]:
    """Divide a Doc into pictures, one per sentence if sentence starts are set.

    A mention nested in another one belongs to the word of the longer mention. A relation between
    the two has no arc. Neither has a relation whose head or tail partly overlaps a longer mention.

    doc (Doc): A Doc with relations.
    kinds (Sequence[str]): The kind of each of its relations, if they were compared with gold.
    YIELDS (Picture): Each picture, in the order of the text.
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
            # A mention that partly overlaps a longer one lies in several words of the picture.
            is_whole = head == place[relation.head.start] and tail == place[relation.tail.start]
            if head == tail or not is_whole:
                undrawn.append(k)
            else:
                kind = kinds[k] if kinds else ""
                arcs.append(Arc(head, tail, sign(kind, relation.label), k, kind))
        yield Picture(words, arcs, undrawn, direction)


def text_direction(doc: Doc) -> str:
    """Find the direction of a Doc's text.

    It is that of the Doc's language. If the Doc has none, as a Doc of a .spacy file, it is that of
    the first letter.

    doc (Doc): Any Doc.
    RETURNS (str): "ltr" (left to right) or "rtl".
    """
    if "direction" in doc.vocab.writing_system:
        return "rtl" if doc.vocab.writing_system["direction"] == "rtl" else "ltr"
    strong = (kind for kind in map(bidirectional, doc.text) if kind in ("L", "R", "AL"))
    return "ltr" if next(strong, "L") == "L" else "rtl"


def _bounds(doc: Doc, entities: list[Span], relations: list[Relation]) -> list[tuple[int, int]]:
    """The bounds of the pictures: sentences, joined where a relation or an entity crosses a border.

    With sentences (0, 3), (3, 6), (6, 8) and a relation from token 1 to token 4, the bounds are
    (0, 6), (6, 8).
    """
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
    """The words of a picture, and for every token of the Doc in it the place of its word."""
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
