"""`spacy-rin.retokenize.v1`: texts that came as words → some of them as the pipeline splits them.

Many data sets have words and no spaces. spaCy's Corpus keeps their words as tokens, so that a model
learns from them alone. In use it reads raw text, which its own tokenizer splits in another way:
"Bosnia-Herzegovina" is one word there, and three tokens here. From both it learns both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example, dont_augment

from ..errors import Errors
from ..relations import get_relations, set_relations
from ..stores import stored_attributes
from .augment import Augmenter


def make_retokenizer(level: float = 0.5) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    It changes texts whose words came without spaces, and leaves all others as they are.

    level (float): Share of these texts, 0 to 1, that the pipeline's own tokenizer splits.
    RETURNS (Callable): Takes a pipeline and an Example, and yields one with the same text and gold.
    RAISES (ValueError): If the level is out of range.
    """
    if not 0 <= level <= 1:
        expected = "a number from 0 to 1"
        raise ValueError(Errors.R030.format(setting="level", value=level, expected=expected))
    return partial(_retokenize, level) if level else dont_augment


def retokenize(nlp: Language, gold: Doc) -> Doc:
    """Split a gold Doc by the tokenizer of a pipeline.

    A mention takes whole tokens. A full stop that the tokenizer splits off a mention's last word
    ends the sentence, and is left out: "Zagreb." is "Zagreb".

    nlp (Language): The pipeline.
    gold (Doc): A gold Doc whose words came without spaces; its text has one behind each word.
    RETURNS (Doc): A gold Doc of the same text, with its entities and relations, and the tags of
        those words that are split as before.
    """
    doc = nlp.make_doc(gold.text)
    unknown = [_move(gold[i : i + 1], doc) for i, token in enumerate(gold) if not token.ent_iob]
    same = {(token.idx, len(token)): token for token in doc}
    for token in gold:
        if token.tag and (token.idx, len(token)) in same:
            same[token.idx, len(token)].tag_ = token.tag_
    doc.set_ents([_move(ent, doc) for ent in gold.ents], missing=unknown, default="outside")
    for attribute in stored_attributes(gold):
        moved = [
            replace(relation, head=_move(relation.head, doc), tail=_move(relation.tail, doc))
            for relation in get_relations(gold, attribute)
        ]
        set_relations(doc, moved, attribute)
    return doc


def _move(span: Span, doc: Doc) -> Span:
    """The same characters in another Doc of the same text, in whole tokens."""
    found = doc.char_span(span.start_char, span.end_char, alignment_mode="expand")
    assert found is not None  # the texts are equal
    has_stop = len(found) > 1 and found[-1].text == "." and span[-1].text != "."
    end = found.end - has_stop
    return Span(doc, found.start, end, span.label_, kb_id=span.kb_id_, span_id=span.id_)


def _retokenize(level: float, nlp: Language, example: Example) -> Iterator[Example]:
    gold = example.reference
    # No number is drawn for other texts: training is then as without it.
    if gold.has_unknown_spaces and random.random() < level:
        example = Example(nlp.make_doc(gold.text), retokenize(nlp, gold))
    yield example
