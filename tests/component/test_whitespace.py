"""Whitespace tokens change nothing, in prediction and in training."""

from __future__ import annotations

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from toy import as_example, entities, gold_docs, initialised, rin_of, scores, texts, trained

from spacy_rin import Relation, get_relations, set_relations

pytestmark = pytest.mark.training

WHITESPACE = st.sampled_from([" ", "  ", "\n", " \n", "\n\n", " \t "])


def wider(doc: Doc, gap: str) -> Doc:
    """The same gold with other whitespace between its words."""
    nlp = spacy.blank("en")
    wide = nlp.make_doc(gap.join(token.text for token in doc))
    tokens = [token.i for token in wide if not token.is_space]

    def span(found: Span) -> Span:
        return Span(wide, tokens[found.start], tokens[found.end - 1] + 1, found.label_)

    for token, i in zip(doc, tokens, strict=True):
        wide[i].tag_ = token.tag_
    wide.ents = [span(ent) for ent in doc.ents]
    set_relations(wide, [Relation(span(r.head), r.label, span(r.tail)) for r in get_relations(doc)])
    return wide


@pytest.mark.parametrize("decode", ["exact", "partial"])
@pytest.mark.parametrize("max_length", [0, 4])
@settings(max_examples=20)
@given(data=st.data())
def test_whitespace_changes_nothing(decode: str, max_length: int, data: st.DataObject) -> None:
    nlp = trained(decode=decode, max_length=max_length, threshold=0.1)
    text = data.draw(st.sampled_from(texts()))
    gaps = data.draw(st.lists(WHITESPACE, min_size=text.count(" ") + 2))
    first, *between = text.split(" ")
    wide = gaps[0] + first + "".join(map("".join, zip(gaps[2:], between, strict=False))) + gaps[1]
    found, expected = nlp(wide), nlp(text)
    for ours, right in ((found.ents, expected.ents), (found._.relations, expected._.relations)):
        assert [" ".join(x.text.split()) for x in ours] == [x.text for x in right]
    np.testing.assert_allclose(scores(found), scores(expected), atol=1e-4)
    (rounds,), (right,) = (rin_of(nlp).predict_rounds([doc]) for doc in (found, expected))
    for wide_round, round_ in zip(rounds, right, strict=True):
        is_word = [not token.is_space for token in found]
        np.testing.assert_allclose(wide_round.tags[is_word], round_.tags, atol=1e-4)
        assert not wide_round.relations[~np.array(is_word)].any()


def test_whitespace_changes_nothing_that_is_learned() -> None:
    losses = []
    for gap in (" ", " \n\n "):
        nlp = initialised()
        golds = [wider(doc, gap) for doc in gold_docs(nlp.vocab)]
        assert any(gap in ent.text for doc in golds for ent in doc.ents)
        losses.append(rin_of(nlp).update([as_example(nlp, doc) for doc in golds]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("after", [0, 1])
def test_entities_that_are_there_keep_their_whitespace(before: int, after: int) -> None:
    nlp = trained(overwrite=False)
    doc = nlp.make_doc("Plato was born in\nthe  \n Athens \n .")
    athens = next(t.i for t in doc if t.text == "Athens")
    doc.ents = [Span(doc, athens - before, athens + 1 + after, "LOC")]
    (kept,) = entities(doc)
    assert kept in entities(nlp(doc))
    (relation,) = doc._.relations
    assert (relation.tail.start_char, relation.tail.end_char, "LOC") == kept


def test_entity_of_whitespace_alone_is_kept_and_related_to_nothing() -> None:
    nlp = trained(overwrite=False, threshold=0.001)
    doc = nlp.make_doc("Plato was born \n in Athens .")
    doc.ents = [Span(doc, 3, 4, "LOC")]
    assert doc[3].is_space and (15, 17, "LOC") in entities(nlp(doc))
    assert doc._.relations and all(3 not in (r.head.start, r.tail.start) for r in doc._.relations)
