"""Entities that a Doc has already: kept and related, or overwritten."""

from __future__ import annotations

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from toy import TWO_WORDS, entities, trained

pytestmark = pytest.mark.training


def with_entity(nlp: Language) -> Doc:
    doc = nlp.make_doc("Plato was born in Athens .")
    doc.ents = [Span(doc, 0, 1, "PHILOSOPHER", kb_id="Q859", span_id="plato")]
    return doc


def test_entities_that_are_there_are_kept_and_related() -> None:
    nlp = trained(overwrite=False)
    doc = nlp(with_entity(nlp))
    assert [ent.label_ for ent in doc.ents] == ["PHILOSOPHER", "LOC"]
    assert [r.head.label_ for r in doc._.relations] == ["PHILOSOPHER"]


def test_entities_that_are_kept_keep_their_ids() -> None:
    nlp = trained(overwrite=False)
    ent = nlp(with_entity(nlp)).ents[0]
    assert (ent.kb_id_, ent.id_) == ("Q859", "plato")


def test_entities_that_are_there_are_replaced_with_overwrite() -> None:
    nlp = trained(overwrite=True)
    assert [ent.label_ for ent in nlp(with_entity(nlp)).ents] == ["PER", "LOC"]


def test_predicted_entity_that_overlaps_a_kept_one_gives_way() -> None:
    nlp = trained(overwrite=False)
    doc = nlp.make_doc(TWO_WORDS)
    doc.ents = [Span(doc, 1, 3, "X")]
    assert entities(nlp(doc)) == [(4, 16, "X"), (25, 31, "LOC")]


@pytest.mark.parametrize("overwrite", [False, True])
def test_blocked_tokens_are_in_no_entity_unless_overwritten(overwrite: bool) -> None:
    nlp = trained(overwrite=overwrite)
    doc = nlp.make_doc(TWO_WORDS)
    doc.set_ents([], blocked=[doc[5:6]], default="unmodified")
    assert [ent.text for ent in nlp(doc).ents] == ["Ada Lovelace", *["London"] * overwrite]
    assert len(doc._.relations) == overwrite
    assert (doc[5].ent_iob_, doc[5].ent_type_) == ("B", "LOC" * overwrite)
