"""Each setting: what it changes, and which values are errors."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Adam
from toy import (
    PATTERNS,
    TWO_WORDS,
    as_example,
    assert_same,
    blank,
    gold_doc,
    gold_docs,
    initialised,
    rin_of,
    trained,
    triple_texts,
)

from spacy_rin.component.settings import Settings
from spacy_rin.layers.architecture import Scores

GOLD = gold_docs(Vocab())


def relation_loss(nlp: Language, eg: Example) -> float:
    return rin_of(nlp).update([eg])["rin_relations"]


@pytest.mark.parametrize(
    "setting",
    [
        {"decode": "all"},
        {"anchor": "middle"},
        {"unit": "paragraph"},
        {"threshold": 1.5},
        {"threshold": -0.1},
        {"max_length": -5},
        {"max_grad_norm": -1.0},
        {"learn_rate_factor": -1.0},
    ],
    ids=str,
)
def test_impossible_setting_is_an_error_that_names_it(setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(ValueError, match=name):
        blank(**setting)


@pytest.mark.training
@settings(max_examples=25)
@given(threshold=st.floats(0.001, 1.0), gold=st.sampled_from(GOLD[:8]))
def test_threshold_is_the_least_probability(threshold: float, gold: Doc) -> None:
    all_cells = trained_with(threshold=0.001)(gold.text)._.relations
    expected = [r.text for r in all_cells if r.score >= threshold]
    margin = min((abs(r.score - threshold) for r in all_cells), default=1.0)
    if margin > 1e-6:
        assert [r.text for r in trained_with(threshold=threshold)(gold.text)._.relations] == (
            expected
        )


_shared: list[Language] = []


def trained_with(**cfg: Any) -> Language:
    """One pipeline for all examples of a property; each sets what it needs."""
    if not _shared:
        _shared.append(trained())
    rin_of(_shared[0]).cfg.update(cfg)
    return _shared[0]


@pytest.mark.training
@pytest.mark.parametrize("threshold, expected", [(0.0, True), (1.0, False)])
def test_threshold_at_its_ends(threshold: float, expected: bool) -> None:
    assert bool(trained(threshold=threshold)(TWO_WORDS)._.relations) is expected


@pytest.mark.training
def test_anchor_decides_which_cells_are_gold(nlp: Language) -> None:
    two_words = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0], 0))
    one_word = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0], 3))
    first, last = trained(anchor="first"), trained(anchor="last")
    assert relation_loss(first, two_words) > 10 * relation_loss(last, two_words)
    assert relation_loss(first, one_word) == pytest.approx(relation_loss(last, one_word))


@pytest.mark.training
def test_anchor_decides_which_cells_are_read() -> None:
    nlp = trained(anchor="first")
    assert [r.text for r in nlp("Plato was born in Athens .")._.relations]
    assert not nlp(TWO_WORDS)._.relations


def test_model_with_first_anchors_learns_entities_of_two_words() -> None:
    nlp = initialised(anchor="first")
    examples = [as_example(nlp, gold_doc(nlp.vocab, *pattern)) for pattern in PATTERNS[:4]]
    optimizer = Adam(0.02, L2=0.0, grad_clip=0.0)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert nlp.evaluate(examples)["rel_f"] == 1.0
    assert triple_texts(nlp(TWO_WORDS)) == {("Ada Lovelace", "born_in", "London")}


tags_of_the_model = Scores.tags


def no_entities(self: Scores) -> np.ndarray:
    tags = np.full(tags_of_the_model(self).shape, -50.0)
    tags[:, 0] = 0.0
    return tags


@pytest.mark.training
def test_exact_decoding_relates_recognised_entities_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scores, "tags", no_entities)
    assert trained(decode="exact")(TWO_WORDS)._.relations == []


@pytest.mark.training
def test_partial_decoding_makes_anchors_without_entity_one_token_spans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Scores, "tags", no_entities)
    doc = trained(decode="partial")(TWO_WORDS)
    assert triple_texts(doc) == {("Lovelace", "born_in", "London")}
    assert not doc.ents


@pytest.mark.training
def test_partial_decoding_takes_the_entity_that_claims_the_anchor() -> None:
    doc = trained(decode="partial")(TWO_WORDS)
    assert triple_texts(doc) == {("Ada Lovelace", "born_in", "London")}
    assert [r.head.label_ for r in doc._.relations] == ["PER"]


def split_in_the_middle(nlp: Language) -> Doc:
    doc = nlp.make_doc(TWO_WORDS)
    doc[3].is_sent_start = True
    return doc


@pytest.mark.training
def test_no_triple_crosses_a_sentence_start() -> None:
    nlp = trained(unit="sentence")
    assert nlp(split_in_the_middle(nlp))._.relations == []


@pytest.mark.training
def test_unit_doc_does_not_see_sentence_starts(nlp: Language) -> None:
    other = trained(unit="doc")
    assert_same(other(split_in_the_middle(other)), nlp(TWO_WORDS))


@pytest.mark.training
def test_gold_across_a_sentence_start_is_not_trained_on_when_read_by_sentence() -> None:
    nlp = trained()
    eg = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0]))
    eg.predicted[3].is_sent_start = True
    assert math.isfinite(relation_loss(nlp, eg))


@pytest.mark.training
def test_attribute_names_the_extension() -> None:
    nlp = trained(attribute="rin_test_triples")
    try:
        doc = nlp(TWO_WORDS)
        assert [r.text for r in doc._.rin_test_triples] == ["Ada Lovelace | born_in | London"]
        assert not doc._.relations
    finally:
        Doc.remove_extension("rin_test_triples")
        Span.remove_extension("rin_test_triples")


def test_attribute_of_another_package_is_an_error() -> None:
    Doc.set_extension("rin_test_taken", default=None)
    try:
        with pytest.raises(ValueError, match="another package"):
            blank(attribute="rin_test_taken")
    finally:
        Doc.remove_extension("rin_test_taken")


@pytest.mark.training
def test_setting_can_be_set_as_an_attribute() -> None:
    nlp = trained()
    rin = rin_of(nlp)
    rin.threshold = 1.0
    assert rin.cfg["threshold"] == rin.threshold == 1.0
    assert nlp(TWO_WORDS)._.relations == []


@pytest.mark.parametrize("name", [setting.name for setting in fields(Settings)])
def test_every_setting_is_an_attribute(name: str) -> None:
    rin = rin_of(blank())
    assert getattr(rin, name) == rin.cfg[name]
    setattr(rin, name, rin.cfg[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 1.5), ("decode", "all"), ("max_length", -1), ("attribute", "")],
)
def test_impossible_attribute_is_an_error_at_once(name: str, value: Any) -> None:
    rin = rin_of(blank())
    before = dict(rin.cfg)
    with pytest.raises(ValueError, match=name):
        setattr(rin, name, value)
    assert rin.cfg == before


def test_nested_cannot_be_changed_once_the_model_is_made() -> None:
    rin_of(blank()).nested = True
    rin = rin_of(initialised())
    rin.nested = False  # as it is
    with pytest.raises(ValueError, match="`nested` of 'rin' cannot be changed any more"):
        rin.nested = True
    assert rin.cfg["nested"] is False


def test_attribute_that_another_package_holds_is_refused_when_set() -> None:
    Doc.set_extension("rin_test_taken", default=None)
    rin = rin_of(blank())
    try:
        with pytest.raises(ValueError, match="another package"):
            rin.attribute = "rin_test_taken"
        assert rin.cfg["attribute"] == "relations"
    finally:
        Doc.remove_extension("rin_test_taken")
