"""`spacy-rin.negatives.v1`: training Examples → the same, and texts that state no relation.

Most annotated data have a triple in every sentence. A model that has seen no other sentences finds
a triple in all. Negatives teach it to be silent, while their entities stay gold. There are four
kinds:

- *Halves*: the first part of one text and the last part of another. They could state a triple
  again: "Ada was born in" and "in Paris, where Bob works". So the new text never has mentions of
  both types of any triple that the two texts had, and the parts meet outside of mentions.
- *Replaced*: each triple has its head or tail replaced by a mention from another text. With a
  mention of the same type the triple would be stated of another name. So the new type is one that
  train relates to none of the other types in the text, under any label.
- *Texts*: the user's own texts, or those texts of train that have no triple.
- *Templates*: the user's own forms, filled with mentions from train (see `templates.py`).

The first two rest on the types of mentions: if all have one type, none are made. They also rest on
gold that is complete: a relation that gold lacks stays unsaid in a negative, too.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example, dont_augment

from ..component import find_extractors
from ..errors import Errors, Warnings
from ..evaluation.silence import check_silent_docs, read_silent_docs
from ..relations import Relation, get_relations, set_relations
from .augment import KEPT, POOL, Augmenter, keep_relations
from .templates import Template, draw_mention, read_templates

# How often two halves are drawn, before a text goes without.
TRIES = 50
Types = frozenset[str]  # of the head and the tail of a triple, in either direction


def make_negatives(
    halves_level: float = 0.05,
    replaced_level: float = 0.05,
    texts_level: float = 0.1,
    templates_level: float = 0.1,
    texts: str | None = None,
    templates: str | None = None,
    augmenter: Augmenter | None = None,
) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    Each text stays as it is, and behind some comes another that states no relation. A level is the
    share of texts, 0 to 1, behind which one of that kind is tried. Not all texts allow it.

    halves_level (float): Level of texts made of the halves of two.
    replaced_level (float): Level of texts whose heads or tails are replaced.
    texts_level (float): Level of the texts in `texts`.
    templates_level (float): Level of the forms in `templates`.
    texts (str | None): A .spacy file (that of train, for example). Its Docs without a relation are
        taken, with their entities. Or texts, one a line (.txt) or as "text" in JSON lines; which
        entities they have is then left open.
    templates (str | None): Forms with slots, one a line (.txt) or as "text" in JSON lines.
        "{head} did not kill {tail}." takes the ends of a triple in train; in JSON lines its
        "relation" may be named. "{PER} never saw {LOC}." takes any entities with these labels.
    augmenter (Callable | None): Another augmenter, which changes the texts before, as that of
        spacy-rin.join.v1 does.
    RETURNS (Callable): Takes a pipeline and an Example, and yields it and what is made.
    RAISES (ValueError): If a level is out of range, or a file can't be used.
    """
    levels = {
        "halves_level": halves_level,
        "replaced_level": replaced_level,
        "texts_level": texts_level,
        "templates_level": templates_level,
    }
    for setting, value in levels.items():
        if not 0 <= value <= 1:
            expected = "a number from 0 to 1"
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))
    if texts is None:
        levels["texts_level"] = 0.0
    else:
        check_silent_docs(texts)
    if templates is None:
        levels["templates_level"] = 0.0
    forms = [] if templates is None else read_templates(templates)
    change = keep_relations(augmenter) if augmenter else dont_augment
    if not any(levels.values()):
        return change
    return Negatives(levels, texts, forms, change)


class Negatives:
    """The augmenter. It remembers earlier texts, and which types of mentions are related in them.

    It is a class and not a closure, so that it can be pickled.
    """

    def __init__(
        self,
        levels: dict[str, float],
        texts: str | None,
        templates: Sequence[Template],
        change: Augmenter = dont_augment,
    ) -> None:
        """Construct an augmenter.

        levels (dict): The level of each kind, by its argument of `make_negatives`.
        texts (str | None): The file of the user's own texts.
        templates (Sequence[Template]): The user's own templates.
        change (Callable): The augmenter that changes the texts before.
        """
        self.change = change
        self.levels = levels
        self.texts = texts
        self.templates = templates
        self.own: list[Doc] = []
        self.pool: list[Doc] = []
        self.related: set[Types] = set()
        self._are_checked = not templates  # their labels

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Yield an Example, and what is made of it and of earlier ones.

        nlp (Language): The pipeline that is trained.
        example (Example): An Example of train.
        YIELDS (Example): It, changed or not, and up to one of each kind, with no relations.
        """
        self._check_templates(nlp)
        for changed in self.change(nlp, example):
            yield from self._add(nlp, changed)

    def _add(self, nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        gold = example.reference
        self.related.update(frozenset(_types(triple)) for triple in get_relations(gold))
        for kind, level in self.levels.items():
            # No number is drawn for what is off: training is then as without it.
            if level and random.random() < level:
                negative = self._make(kind, nlp, gold)
                if negative is not None:
                    yield _as_example(nlp, negative, example)
        if len(self.pool) < POOL:
            self.pool.append(gold)
        else:
            self.pool[random.randrange(POOL)] = gold

    def _check_templates(self, nlp: Language) -> None:
        """Warn of templates that can't be filled, once the pipeline knows the labels of train."""
        if self._are_checked:
            return
        rins = [rin for rin in find_extractors(nlp) if rin.labels]
        if not rins:
            return
        self._are_checked = True
        entities = {label for rin in rins for label in rin.entity_labels}
        relations = {label for rin in rins for label in rin.labels}
        for template in self.templates:
            if unknown := template.unknown_labels(entities, relations):
                message = Warnings.R199.format(text=template.text, unknown=", ".join(unknown))
                warnings.warn(message, stacklevel=2)

    def _make(self, kind: str, nlp: Language, gold: Doc) -> Doc | None:
        if kind == "halves_level":
            return join_halves(gold, self.pool)
        if kind == "replaced_level":
            return replace_ends(gold, self.pool, self.related)
        if kind == "texts_level":
            self.own = self.own or read_silent_docs(nlp, str(self.texts))
            return random.choice(self.own)
        return random.choice(self.templates).fill(nlp, self.pool)


def join_halves(doc: Doc, others: Sequence[Doc]) -> Doc | None:
    """Join the first part of a text and the last part of another, so that no triple is stated.

    doc (Doc): A gold Doc.
    others (Sequence[Doc]): Gold Docs with the same vocab.
    RETURNS (Doc | None): A gold Doc without relations, with mentions from both. None if no such
        halves were found.
    """
    if not others:
        return None
    first = _mentions(doc)
    ends = [k for k in range(1, len(doc)) if not _is_inside(k - 1, first)]
    for other in random.choices(others, k=TRIES if ends else 0):
        second = _mentions(other)
        starts = [k for k in range(1, len(other)) if not _is_inside(k, second)]
        if not starts:
            continue
        end, start = random.choice(ends), random.choice(starts)
        kept = [m for m in first if m.end <= end], [m for m in second if m.start >= start]
        types = Counter(mention.label_ for part in kept for mention in part)
        triples = [*get_relations(doc), *get_relations(other)]
        if all(kept) and not any(Counter(_types(triple)) <= types for triple in triples):
            return _join_spans([(doc[:end], True), (other[start:], False)])
    return None


def replace_ends(doc: Doc, others: Sequence[Doc], related: set[Types]) -> Doc | None:
    """Replace the head or tail of every triple by an entity of a type that can't be related.

    doc (Doc): A gold Doc.
    others (Sequence[Doc]): Gold Docs with the same vocab, to take entities from.
    related (set[Types]): The types of the two ends of triples in train.
    RETURNS (Doc | None): A gold Doc without relations. None if the text has no triples, if an end
        is no entity, or if the other Docs have no entity of such a type.
    """
    triples = get_relations(doc)
    ents = {(ent.start, ent.end): ent for ent in doc.ents}
    replaced: dict[tuple[int, int], Span] = {}
    for triple in random.sample(triples, len(triples)):
        ends = [(end.start, end.end) for end in (triple.head, triple.tail)]
        if not ents.keys() >= {*ends}:
            return None
        if replaced.keys() & {*ends}:
            continue
        # The text may call it by its name once more, and so state the triple still.
        ends = [end for end in ends if not _is_named_again(ents[end], doc.ents)]
        if not ends:
            return None
        end = random.choice(ends)
        beside = {replaced.get(key, ent).label_ for key, ent in ents.items() if key != end}
        texts = {ent.text for ent in (*ents.values(), *replaced.values())}
        mention = draw_mention(others, partial(_is_stranger, beside, texts, related))
        if mention is None:
            return None
        replaced[end] = mention
    if not replaced:
        return None
    pieces, last = list[tuple[Span, bool]](), 0
    for (start, stop), mention in sorted(replaced.items()):
        pieces.append((doc[last:start], _is_spaced(doc, start - 1)))
        pieces.append((mention, _is_spaced(doc, stop - 1)))
        last = stop
    return _join_spans([*pieces, (doc[last:], False)])


def _is_named_again(ent: Span, ents: Sequence[Span]) -> bool:
    """Whether another entity of the same type shares a word with this one."""
    words = {token.lower for token in ent if not token.is_punct}
    others = [x for x in ents if x.label == ent.label and x.start != ent.start]
    return any(token.lower in words for other in others for token in other)


def _is_stranger(beside: set[str], texts: set[str], related: set[Types], ent: Span) -> bool:
    """Whether an entity is of a type that train relates to none of those beside it."""
    known = any(frozenset((ent.label_, label)) in related for label in beside)
    return not known and ent.text not in texts


def _types(triple: Relation) -> tuple[str, str]:
    return triple.head.label_, triple.tail.label_


def _mentions(doc: Doc) -> list[Span]:
    """The entities of a Doc, and those ends of its triples that are no entities."""
    found = {(ent.start, ent.end): ent for ent in doc.ents}
    for triple in get_relations(doc):
        for end in (triple.head, triple.tail):
            found.setdefault((end.start, end.end), end)
    return list(found.values())


def _is_inside(token: int, mentions: Sequence[Span]) -> bool:
    return any(mention.start <= token < mention.end for mention in mentions)


def _is_spaced(doc: Doc, token: int) -> bool:
    return token >= 0 and bool(doc[token].whitespace_)


def _join_spans(pieces: Sequence[tuple[Span, bool]]) -> Doc:
    """A gold Doc of spans, which cut no entity, with a space behind some, and without relations."""
    pieces = [(span, is_spaced) for span, is_spaced in pieces if len(span)]
    words = [token.text for span, _ in pieces for token in span]
    spaces = list[bool]()
    for span, is_spaced in pieces:
        spaces += [*(bool(token.whitespace_) for token in span[:-1]), is_spaced]
    doc = Doc(pieces[0][0].doc.vocab, words=words, spaces=spaces)
    arrays = [span.doc.to_array(KEPT)[span.start : span.end] for span, _ in pieces]
    doc.from_array(KEPT, np.concatenate(arrays))
    set_relations(doc, [])
    return doc


def _as_example(nlp: Language, gold: Doc, like: Example) -> Example:
    """An Example whose tokens are gold's, or the tokenizer's where the other Example's are."""
    if [token.text for token in like.predicted] != [token.text for token in like.reference]:
        return Example(nlp.make_doc(gold.text), gold)
    words, spaces = [token.text for token in gold], [bool(token.whitespace_) for token in gold]
    return Example(Doc(nlp.vocab, words=words, spaces=spaces), gold)
