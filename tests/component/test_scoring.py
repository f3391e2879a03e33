"""What the component's scorer is given, and what it returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example
from toy import PATTERNS, as_example, blank, gold_doc, gold_examples, rin_of, trained

from spacy_rin import Relation, set_relations

pytestmark = pytest.mark.training


@pytest.mark.parametrize("anchor, expected", [("last", 1.0), ("first", 0.0)])
def test_anchor_reaches_the_scorer(anchor: str, expected: float) -> None:
    nlp = trained(anchor=anchor)
    eg = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0]))
    doc = eg.predicted  # Lovelace, without Ada
    set_relations(doc, [Relation(Span(doc, 1, 2, "PER"), "born_in", Span(doc, 5, 6, "LOC"))])
    scores = rin_of(nlp).score([eg])
    assert scores["rel_f"] == 0.0 and scores["rel_partial_f"] == expected


def test_own_scorer_is_called_with_the_settings() -> None:
    seen: dict[str, Any] = {}

    def score(examples: Iterable[Example], **cfg: Any) -> dict[str, Any]:
        seen.update(cfg)
        return {"n": len(list(examples))}

    nlp = trained(anchor="first")
    rin_of(nlp).scorer = score
    assert nlp.evaluate(gold_examples(nlp)[:3])["n"] == 3
    assert seen["anchor"] == "first" and seen["threshold"] == 0.5


def test_component_without_scorer_scores_nothing() -> None:
    nlp = blank(scorer=None)
    assert rin_of(nlp).score(gold_examples(nlp)[:1]) == {}


def test_score_weights_are_keys_that_the_scorer_returns(nlp: Language) -> None:
    weights = nlp.get_pipe_meta("rin").default_score_weights or {}
    scores = rin_of(nlp).score(gold_examples(nlp)[:2])
    assert weights and set(weights) <= set(scores)
    assert all(isinstance(scores[key], float) for key in weights)


def test_scores_without_examples_are_floats_all_the_same(nlp: Language) -> None:
    scores = rin_of(nlp).score([])
    weights = nlp.get_pipe_meta("rin").default_score_weights or {}
    assert {scores[key] for key in weights} == {0.0}
