"""A `rin` that has learned to find mentions inside entities."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from toy import (
    COPIES,
    PLACES,
    as_example,
    assert_same,
    blank,
    fit,
    gold_docs,
    rin_of,
    triple_texts,
    triples,
    write_corpus,
)

from spacy_rin import Relation, get_relations
from spacy_rin.corpus.statistics import inspect_docs
from spacy_rin.evaluation.report import evaluate

pytestmark = pytest.mark.training


# Sentences with nested mentions, "London Bank was robbed .", added to those of the other tests.
def nested_docs(nlp: Language) -> list[Doc]:
    docs = []
    for k in range(COPIES):
        place = PLACES[k].split()
        doc = Doc(nlp.vocab, words=[*place, "Bank", "was", "robbed", "."])
        n = len(place)
        bank, city = Span(doc, 0, n + 1, "ORG"), Span(doc, 0, n, "LOC")
        doc.ents = [bank]
        doc._.relations = [Relation(bank, "based_in", city)]
        docs.append(doc)
    return [*docs, *gold_docs(nlp.vocab)]


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = blank(nested=True)
    fit(nlp, nested_docs(nlp), epochs=40)
    return nlp


def test_it_learns_nested_mentions(nlp: Language) -> None:
    doc = nlp("New York Bank was robbed .")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("New York Bank", "ORG")]
    (relation,) = get_relations(doc)
    assert relation.text == "New York Bank | based_in | New York"
    assert (relation.tail.label_, relation.tail.start, relation.tail.end) == ("LOC", 0, 2)
    assert rin_of(nlp).tag_names[-3:] == ["B-ORG|B-LOC", "B-ORG|S-LOC", "I-ORG|E-LOC"]


def test_flat_tags_cannot_find_them() -> None:
    nlp = blank()
    fit(nlp, nested_docs(nlp), epochs=40)
    assert triple_texts(nlp("New York Bank was robbed .")) == set()
    assert not rin_of(nlp).tag_set.has_nested


def test_nested_mentions_survive_saving(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "nlp")
    loaded = spacy.load(tmp_path / "nlp")
    texts = [doc.text for doc in nested_docs(nlp)]
    for doc, expected in zip(loaded.pipe(texts), nlp.pipe(texts), strict=True):
        assert_same(doc, expected)
    doc = loaded(texts[0])
    (restored,) = DocBin(docs=[doc], store_user_data=True).get_docs(loaded.vocab)
    assert triples(restored) == triples(doc) != []


def test_running_twice_over_a_doc_changes_nothing(nlp: Language) -> None:
    text = "New York Bank was robbed ."
    doc = nlp(text)
    assert_same(rin_of(nlp)(doc), nlp(text))
    (rounds,) = rin_of(nlp).predict_rounds([doc])
    assert len(rounds[-1].prediction.triples) == 1


def test_joint_tags_are_those_of_the_predicted_tokens() -> None:
    nlp = blank(nested=True)
    words = ["New-York", "Bank", "was", "robbed"]
    gold = Doc(nlp.vocab, words=words, spaces=[True, True, True, False])
    bank, city = Span(gold, 0, 2, "ORG"), Span(gold, 0, 1, "LOC")
    gold.ents = [bank]
    gold._.relations = [Relation(bank, "based_in", city)]
    predicted = nlp.make_doc(gold.text)
    assert [token.text for token in predicted[:4]] == ["New", "-", "York", "Bank"]
    nlp.initialize(lambda: [Example(predicted, gold)])
    tags = [name for name in rin_of(nlp).tag_names if "|" in name]
    assert tags == ["B-ORG|B-LOC", "I-ORG|E-LOC", "I-ORG|I-LOC"]


def test_labels_that_are_given_limit_joint_tags() -> None:
    nlp = blank(nested=True)
    examples = [as_example(nlp, doc) for doc in nested_docs(nlp)[:COPIES]]
    labels = {"entities": ["ORG"], "relations": ["based_in"]}
    rin_of(nlp).initialize(lambda: examples, nlp=nlp, labels=labels)
    assert not rin_of(nlp).tag_set.has_nested
    assert rin_of(nlp).entity_labels == ("ORG",)


def test_without_nested_mentions_in_train_the_setting_changes_nothing() -> None:
    pipelines = [blank(nested=nested) for nested in (False, True)]
    losses = [fit(nlp, gold_docs(nlp.vocab), epochs=2) for nlp in pipelines]
    assert losses[0] == losses[1]
    flat, nested = (rin_of(nlp) for nlp in pipelines)
    assert flat.tag_names == nested.tag_names


def test_initialising_anew_forgets_joint_tags(nlp: Language) -> None:
    again = blank(nested=True).from_bytes(nlp.to_bytes())
    assert rin_of(again).tag_set.has_nested
    fit(again, gold_docs(again.vocab), epochs=0)
    assert not rin_of(again).tag_set.has_nested


def test_a_label_that_is_only_nested_is_learned() -> None:
    nlp = blank(nested=True)
    fit(nlp, nested_docs(nlp)[:COPIES], epochs=0)
    assert rin_of(nlp).entity_labels == ("LOC", "ORG")


def test_rounds_name_joint_tags(nlp: Language) -> None:
    rin = rin_of(nlp)
    (rounds,) = rin.predict_rounds([nlp.make_doc("London Bank was robbed .")])
    assert rounds[-1].tags.shape == (5, len(rin.tag_names))
    assert rin.tag_names[rounds[-1].tags[0].argmax()] == "B-ORG|S-LOC"
    assert rounds[-1].prediction.nested == [(0, 1, "LOC")]


def test_scores_count_nested_mentions(nlp: Language, tmp_path: Path) -> None:
    docs = nested_docs(nlp)
    test = write_corpus(tmp_path / "test.spacy", docs)
    scores = evaluate(nlp, test)["scores"]
    assert scores["rel_f"] == 1.0
    # The authors' exact match asks for both mentions of a cell to be tagged right.
    assert scores["authors_exact_f"] == scores["authors_partial_f"] == 1.0


def test_inspection_says_what_nested_tags_can_find(nlp: Language) -> None:
    summary = inspect_docs(nested_docs(nlp))
    n = summary["counts"]["triples"]
    assert summary["flat_tags_recall"] == pytest.approx((n - COPIES) / n)
    assert summary["nested_tags_recall"] == 1.0
