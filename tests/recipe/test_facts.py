"""What the recipe has to know of a corpus, compared with Docs by hand."""

from __future__ import annotations

import json

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import ENTITY_LABELS, RELATION_LABELS, gold_docs

from spacy_rin import Relation, set_relations
from spacy_rin.recipe.facts import Facts, read_facts


def test_facts_of_the_toy_corpus() -> None:
    docs = gold_docs(Vocab())
    facts = read_facts(docs, "toy")
    assert facts.lengths == [len(doc) for doc in docs] and facts.docs == len(docs)
    assert facts.longest == max(map(len, docs))
    assert facts.mean_length == pytest.approx(sum(map(len, docs)) / len(docs))
    assert facts.triples == sum(len(doc._.relations) for doc in docs)
    assert facts.entity_labels == set(ENTITY_LABELS)
    assert facts.relation_labels == set(RELATION_LABELS)
    assert facts.typed and not facts.nested


def test_one_label_is_no_type() -> None:
    doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    doc.ents = [Span(doc, 0, 1, "ENTITY"), Span(doc, 2, 3, "ENTITY")]
    set_relations(doc, [Relation(doc.ents[0], "saw", doc.ents[1])])
    assert not read_facts([doc], "one").typed


def test_mention_inside_an_entity_is_found_and_its_label_counts() -> None:
    doc = Doc(Vocab(), words=["Antwerp", "Airport", "serves", "Antwerp"])
    doc.ents = [Span(doc, 0, 2, "ORG"), Span(doc, 3, 4, "ORG")]
    set_relations(doc, [Relation(doc.ents[0], "in", Span(doc, 0, 1, "LOC"))])
    facts = read_facts([doc], "nested")
    assert facts.nested and facts.entity_labels == {"ORG", "LOC"}


def test_facts_come_back_from_json() -> None:
    facts = read_facts(gold_docs(Vocab()), "toy")
    found = Facts.from_dict(json.loads(json.dumps(facts.as_dict())))
    assert sorted(found.lengths) == sorted(facts.lengths)
    found.lengths = facts.lengths
    assert found == facts


def test_corpus_without_a_relation_is_an_error() -> None:
    doc = Doc(Vocab(), words=["It", "rained"])
    set_relations(doc, [])
    with pytest.raises(ValueError, match=r"rain\.spacy has no relation in 2 Docs"):
        read_facts([doc, doc], "rain.spacy")


def test_corpus_that_was_never_annotated_is_an_error() -> None:
    with pytest.raises(ValueError, match="store_user_data"):
        read_facts([Doc(Vocab(), words=["It", "rained"])], "rain.spacy")
