"""The reliability of scores, counted again by loops."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from toy import blank, gold_examples, initialised, rin_of, train

from spacy_rin import get_relations
from spacy_rin.arrays.thresholds import ScoredTriples
from spacy_rin.evaluation.error_analysis import find_candidates
from spacy_rin.evaluation.reliability import describe_reliability, measure_reliability
from spacy_rin.scorer import exact_key

# The edges of the bins, and what is between them.
SCORES = st.sampled_from([0.0, 0.049, 0.05, 0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 1.0]) | st.floats(0, 1)
TRIPLES = st.lists(st.tuples(SCORES, st.booleans()), max_size=40)


def make(triples: list[tuple[float, bool]]) -> ScoredTriples:
    scores, right = zip(*triples, strict=True) if triples else ((), ())
    labels = np.array(["a"] * len(triples), dtype=object)
    return ScoredTriples(labels, np.array(scores), np.array(right, dtype=bool), Counter(a=1))


def slow_error(triples: list[tuple[float, bool]]) -> float | None:
    """The expected calibration error by its definition."""
    known = [(score, right) for score, right in triples if score >= 0.05]
    if not known:
        return None
    total = 0.0
    for k in range(10):
        low, high = k / 10, (k + 1) / 10
        inside = [(s, r) for s, r in known if low <= s < high or (k == 9 and s == 1.0)]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            share = sum(right for _, right in inside) / len(inside)
            total += len(inside) / len(known) * abs(mean - share)
    return total


@given(triples=TRIPLES)
def test_error_is_that_of_the_definition(triples: list[tuple[float, bool]]) -> None:
    found = measure_reliability(make(triples))
    expected = slow_error(triples)
    assert found["expected_calibration_error"] == (
        None if expected is None else pytest.approx(expected)
    )
    assert found["predictions"] == sum(row["predictions"] for row in found["bins"])
    assert len(found["bins"]) == 10


def test_what_is_surest_is_counted_by_itself() -> None:
    found = measure_reliability(make([(0.9, True), (0.95, False), (1.0, True), (0.89, False)]))
    assert found["sure"] == {
        "from": 0.9,
        "predictions": 3,
        "mean_score": pytest.approx(0.95),
        "right": pytest.approx(2 / 3),
    }
    assert found["bins"][8]["right"] == 0.0 and found["bins"][0]["right"] is None


def test_scores_that_say_how_often_they_are_right_have_no_error() -> None:
    half = [(0.5, True), (0.5, False)] * 10
    assert measure_reliability(make(half))["expected_calibration_error"] == 0.0
    sure = measure_reliability(make([(1.0, True)] * 5))
    assert sure["expected_calibration_error"] == 0.0


@pytest.mark.parametrize(
    ("triples", "said"),
    [
        ([], "no triple is scored 0.05 or more"),
        ([(0.5, True)], "no triple is scored 0.9 or more; expected calibration error 0.50"),
        (
            [(0.95, True), (0.95, False)],
            "of 2 triples scored 0.9 or more, 50% are right; expected calibration error 0.45",
        ),
    ],
)
def test_reliability_is_said(triples: list[tuple[float, bool]], said: str) -> None:
    assert describe_reliability(measure_reliability(make(triples))) == said


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = initialised()
    train(nlp, 8)
    return blank().from_bytes(nlp.to_bytes())


@pytest.mark.training
def test_predictions_below_the_threshold_count(nlp: Language) -> None:
    """The report reads Docs again; here the pipeline itself reads them with a low threshold."""
    examples = gold_examples(nlp)
    for eg in examples:
        eg.predicted = nlp(eg.predicted)
    found = measure_reliability(find_candidates(rin_of(nlp), examples))
    rin_of(nlp).cfg["threshold"] = 0.02
    triples: list[Any] = []
    for eg in gold_examples(nlp):
        gold = {exact_key(relation) for relation in get_relations(eg.reference)}
        predicted = get_relations(nlp(eg.predicted))
        triples += [(relation.score, exact_key(relation) in gold) for relation in predicted]
    rin_of(nlp).cfg["threshold"] = 0.5
    assert found["expected_calibration_error"] == pytest.approx(slow_error(triples), abs=1e-5)
    assert found["predictions"] == sum(score >= 0.05 for score, _ in triples)
