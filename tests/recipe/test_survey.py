"""What the recipe has to know of a corpus, compared with Docs by hand."""

from __future__ import annotations

import json

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import ENTITY_LABELS, RELATION_LABELS, gold_docs

from spacy_rin import Relation, set_relations
from spacy_rin.recipe.survey import Survey, read_survey


def test_survey_of_the_toy_corpus() -> None:
    docs = gold_docs(Vocab())
    survey = read_survey(docs, "toy")
    assert survey.lengths == [len(doc) for doc in docs] and survey.docs == len(docs)
    assert survey.longest == max(map(len, docs))
    assert survey.mean_length == pytest.approx(sum(map(len, docs)) / len(docs))
    assert survey.triples == sum(len(doc._.relations) for doc in docs)
    assert survey.entity_labels == set(ENTITY_LABELS)
    assert survey.relation_labels == set(RELATION_LABELS)
    assert survey.typed and not survey.nested


def test_one_label_is_no_type() -> None:
    doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    doc.ents = [Span(doc, 0, 1, "ENTITY"), Span(doc, 2, 3, "ENTITY")]
    set_relations(doc, [Relation(doc.ents[0], "saw", doc.ents[1])])
    assert not read_survey([doc], "one").typed


def test_mention_inside_an_entity_is_found_and_its_label_counts() -> None:
    doc = Doc(Vocab(), words=["Antwerp", "Airport", "serves", "Antwerp"])
    doc.ents = [Span(doc, 0, 2, "ORG"), Span(doc, 3, 4, "ORG")]
    set_relations(doc, [Relation(doc.ents[0], "in", Span(doc, 0, 1, "LOC"))])
    survey = read_survey([doc], "nested")
    assert survey.nested and survey.entity_labels == {"ORG", "LOC"}


def test_survey_come_back_from_json() -> None:
    survey = read_survey(gold_docs(Vocab()), "toy")
    found = Survey.from_dict(json.loads(json.dumps(survey.as_dict())))
    assert sorted(found.lengths) == sorted(survey.lengths)
    found.lengths = survey.lengths
    assert found == survey


def test_corpus_without_a_relation_is_an_error() -> None:
    doc = Doc(Vocab(), words=["It", "rained"])
    set_relations(doc, [])
    with pytest.raises(ValueError, match=r"rain\.spacy has no relation in 2 Docs"):
        read_survey([doc, doc], "rain.spacy")


def test_corpus_that_was_never_annotated_is_an_error() -> None:
    with pytest.raises(ValueError, match="store_user_data"):
        read_survey([Doc(Vocab(), words=["It", "rained"])], "rain.spacy")
