"""Gold in other tokens, gold that cannot be learned, and gold without relations."""

from __future__ import annotations

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Adam
from toy import (
    PATTERNS,
    as_example,
    blank,
    entities,
    gold_doc,
    gold_examples,
    initialised,
    rin_of,
    triples,
)

from spacy_rin import Relation, set_relations


def split_example(vocab: Vocab, gold: Doc, words: list[str], spaces: list[bool]) -> Example:
    eg = Example(Doc(vocab, words=words, spaces=spaces), gold)
    assert eg.predicted.text == gold.text
    return eg


def test_gold_is_learned_in_other_tokens_whose_boundaries_fit() -> None:
    nlp = initialised()
    gold = gold_doc(nlp.vocab, *PATTERNS[0])
    words = ["Ada", "Love", "lace", "was", "born", "in", "Lon", "don", "."]
    spaces = [True, False, True, True, True, True, False, True, False]
    eg = split_example(nlp.vocab, gold, words, spaces)
    optimizer = Adam(0.02, L2=0.0, grad_clip=0.0)
    for _ in range(30):
        nlp.update([eg], sgd=optimizer)
    doc = rin_of(nlp)(Doc(nlp.vocab, words=words, spaces=spaces))
    assert entities(doc) == entities(gold) and triples(doc) == triples(gold)


def test_gold_that_fits_no_token_is_neither_positive_nor_negative() -> None:
    untrained = initialised()
    gold = Doc(untrained.vocab, words=["Pla", "to"], spaces=[False, False])
    gold.ents = [Span(gold, 0, 1, "PER")]
    set_relations(gold, [Relation(gold[0:1], "knows", gold[0:1])])
    masked = rin_of(untrained).update([split_example(untrained.vocab, gold, ["Plato"], [False])])
    plain = Doc(untrained.vocab, words=["Plato"], spaces=[False])
    plain.ents = []
    set_relations(plain, [])
    negative = rin_of(untrained).update([as_example(untrained, plain)])
    assert masked["rin_entities"] == 0.0 < negative["rin_entities"]
    assert masked["rin_relations"] < negative["rin_relations"]


@pytest.mark.training
def test_predictions_in_other_tokens_are_scored_by_their_characters(nlp: Language) -> None:
    gold = gold_doc(nlp.vocab, *PATTERNS[0])
    words = ["Ada", "Love", "lace", "was", "born", "in", "London", "."]
    spaces = [True, False, True, True, True, True, True, False]
    eg = split_example(nlp.vocab, gold, words, spaces)
    eg.predicted.ents = [Span(eg.predicted, 0, 3, "PER"), Span(eg.predicted, 6, 7, "LOC")]
    set_relations(
        eg.predicted, [Relation(eg.predicted.ents[0], "born_in", eg.predicted.ents[1], 0.9)]
    )
    scores = rin_of(nlp).score([eg])
    assert scores["rel_strict_f"] == scores["ents_f"] == scores["rel_partial_f"] == 1.0


def no_key(nlp: Language) -> Example:
    return as_example(nlp, nlp.make_doc("a b"))


def test_gold_without_the_relations_key_is_an_error_of_initialize() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="store_user_data"):
        nlp.initialize(lambda: [*gold_examples(nlp), no_key(nlp)])


def test_gold_without_the_relations_key_is_an_error_of_update() -> None:
    nlp = initialised()
    with pytest.raises(ValueError, match="store_user_data"):
        rin_of(nlp).update([no_key(nlp)])


@pytest.mark.training
def test_docs_without_the_relations_key_are_not_scored(nlp: Language) -> None:
    examples = gold_examples(nlp)[:3]
    assert nlp.evaluate([*examples, no_key(nlp)])["rel_f"] == 1.0
