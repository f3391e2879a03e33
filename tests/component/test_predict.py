"""Predictions: short texts, learned ones, and what is written to a Doc."""

from __future__ import annotations

import numpy as np
import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import (
    TWO_WORDS,
    assert_same,
    entities,
    gold_docs,
    gold_examples,
    rin_of,
    texts,
    trained,
    triple_texts,
    triples,
)

from spacy_rin import Relation, get_relations, has_relations, set_relations

pytestmark = pytest.mark.training

GOLD = gold_docs(Vocab())


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "London", "a b", "."])
def test_short_texts_are_normal_input(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text and has_relations(doc)


def test_docs_without_words_have_no_entities_and_an_empty_list_of_relations(nlp: Language) -> None:
    for doc in nlp.pipe(["", "", ""]):
        assert doc.ents == () and doc._.relations == []


def test_predict_does_not_change_the_docs(nlp: Language) -> None:
    doc = nlp.make_doc(TWO_WORDS)
    (prediction,) = rin_of(nlp).predict([doc])
    assert prediction.triples and not doc.ents and not has_relations(doc)


@pytest.mark.parametrize("gold", GOLD, ids=lambda doc: doc.text[:40])
def test_overfit_model_finds_what_it_learned(nlp: Language, gold: Doc) -> None:
    doc = nlp(gold.text)
    assert entities(doc) == entities(gold)
    assert triples(doc) == triples(gold)


def test_overfit_model_scores_one(nlp: Language) -> None:
    scores = nlp.evaluate(gold_examples(nlp))
    for key in ("ents_f", "rel_f", "rel_strict_f", "rel_partial_f", "rel_text_f"):
        assert scores[key] == 1.0


def test_probabilities_are_between_threshold_and_one(nlp: Language) -> None:
    found = [r.score for text in texts() for r in nlp(text)._.relations]
    assert found and all(0.5 <= score <= 1 for score in found)


def test_running_twice_over_a_doc_changes_nothing(nlp: Language) -> None:
    doc = nlp(TWO_WORDS)
    assert_same(rin_of(nlp)(doc), nlp(TWO_WORDS))


def test_relations_that_are_there_are_replaced(nlp: Language) -> None:
    doc = nlp.make_doc(TWO_WORDS)
    set_relations(doc, [Relation(Span(doc, 3, 4), "old", Span(doc, 3, 4))])
    assert triple_texts(rin_of(nlp)(doc)) == {("Ada Lovelace", "born_in", "London")}


def test_tags_of_the_data_have_rows_and_reach_the_prediction() -> None:
    nlp = trained()
    words = TWO_WORDS.split()
    plain, tagged = Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=["NNP"] * 7)
    model = rin_of(nlp).model
    scores = [model.predict(rin_of(nlp)._batch([doc])).tags() for doc in (plain, tagged)]
    assert np.abs(scores[0] - scores[1]).max() > 1e-6


def test_relations_belong_to_their_doc(nlp: Language) -> None:
    doc = nlp(TWO_WORDS)
    assert all(r.head.doc is doc and r.tail.doc is doc for r in get_relations(doc))
