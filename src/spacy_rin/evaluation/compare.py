"""Examples → Docs with the triples of both sides, each right, wrong or missed, to be drawn.

What is equal is what the exact match of the scorer says. So the counts are those of `evaluate`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import pairwise

from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import filter_spans

from ..pictures.marks import MISSED, RIGHT, WRONG, MarkedDoc
from ..relations import Relation, get_relations, set_relations
from ..scorer import exact_key


def compare_examples(examples: Iterable[Example]) -> list[MarkedDoc]:
    """Compare what was found with gold, triple by triple.

    examples (Iterable[Example]): Scored examples.
    RETURNS (list[MarkedDoc]): A Doc of each, with the number of its Example. Those with the most
        wrong and missed triples are first.
    """
    docs = [_compare(eg, number) for number, eg in enumerate(examples, 1)]
    return sorted(docs, key=lambda doc: doc.counts[RIGHT] - doc.counts.total())


def _compare(eg: Example, number: int) -> MarkedDoc:
    doc = _doc_of_both(eg)
    found, gold = (
        {exact_key(relation): relation for relation in _by_score(side)}
        for side in (eg.predicted, eg.reference)
    )
    # Of a right triple, that which was found: it has a score.
    triples = {**gold, **found}
    set_relations(doc, [Relation.from_dict(doc, row.as_dict()) for row in triples.values()])
    ends, gold_ends = (
        {_key(ent): ent for ent in side.ents} for side in (eg.predicted, eg.reference)
    )
    spans = [
        doc.char_span(ent.start_char, ent.end_char, ent.label_, alignment_mode="expand")
        for ent in {**gold_ends, **ends}.values()
    ]
    doc.ents = filter_spans([span for span in spans if span])
    return MarkedDoc(
        doc,
        number,
        [_kind(exact_key(relation), found, gold) for relation in get_relations(doc)],
        [_kind(_key(ent), ends, gold_ends) for ent in doc.ents],
    )


def _by_score(doc: Doc) -> list[Relation]:
    """The relations of a Doc, the surest last, which is kept of several with one key."""
    return sorted(get_relations(doc), key=lambda relation: relation.score)


def _key(ent: Span) -> Hashable:
    return ent.start_char, ent.end_char, ent.label_


def _kind(key: Hashable, found: Iterable[Hashable], gold: Iterable[Hashable]) -> str:
    if key in found:
        return RIGHT if key in gold else WRONG
    return MISSED


def _doc_of_both(eg: Example) -> Doc:
    """A Doc of the text whose tokens are cut wherever the tokens of either side are.

    So it has a span for every mention, though the tokens of gold and those of the pipeline differ.
    """
    text, sides = eg.reference.text, (eg.predicted, eg.reference)
    tokens = [(t.idx, t.idx + len(t), t.is_space) for doc in sides for t in doc]
    cuts = sorted({0, len(text), *(cut for start, end, _ in tokens for cut in (start, end))})
    of_spaces = {start for start, _, is_space in tokens if is_space}
    words, spaces, starts = list[str](), list[bool](), list[int]()
    for start, end in pairwise(cuts):
        if text[start:end] == " " and words and start not in of_spaces and not spaces[-1]:
            spaces[-1] = True
        else:
            words.append(text[start:end])
            spaces.append(False)
            starts.append(start)
    sents: list[bool | int | None] | None = None
    if eg.reference.has_annotation("SENT_START"):
        firsts = {sent.start_char for sent in eg.reference.sents}
        sents = [start in firsts for start in starts]
    return Doc(eg.reference.vocab, words=words, spaces=spaces, sent_starts=sents)
