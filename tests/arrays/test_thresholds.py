"""Best thresholds, compared with all thresholds tried one by one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_rin.arrays.thresholds import (
    ScoredTriples,
    best_label_thresholds,
    best_threshold,
    thresholds_by_label,
)

FLOOR = 0.02
# Few values, so that many scores are equal.
SCORES = st.sampled_from([0.05, 0.1, 0.3, 0.45, 0.5, 0.55, 0.8, 1.0])
TRIPLES = st.lists(st.tuples(st.sampled_from("abc"), SCORES, st.booleans()), max_size=12)
# Between any two scores, and beyond them.
TRIED = (0.03, 0.07, 0.2, 0.4, 0.47, 0.52, 0.7, 0.9)


def make(triples: list[tuple[str, float, bool]], missed: dict[str, int]) -> ScoredTriples:
    labels, scores, right = zip(*triples, strict=True) if triples else ((), (), ())
    gold = Counter(label for label, _, true in triples if true) + Counter(missed)
    return ScoredTriples(
        np.array(labels, dtype=object),
        np.array(scores, dtype=float),
        np.array(right, dtype=bool),
        gold,
        FLOOR,
    )


def f1(scored: ScoredTriples, thresholds: dict[str, float]) -> float:
    """F1 by definition, with a threshold for each label."""
    found = [
        bool(right)
        for label, score, right in zip(scored.labels, scored.scores, scored.right, strict=True)
        if score >= thresholds[label]
    ]
    return 2 * sum(found) / max(1, len(found) + scored.gold.total())


def everywhere(threshold: float) -> dict[str, float]:
    return dict.fromkeys("abc", threshold)


@given(triples=TRIPLES, missed=st.integers(0, 3))
def test_no_threshold_is_better(triples: list[tuple[str, float, bool]], missed: int) -> None:
    scored = make(triples, {"a": missed})
    best = best_threshold(scored)
    tried = {t: f1(scored, everywhere(t)) for t in TRIED}
    assert best.f == pytest.approx(max(tried.values()))
    assert best.f == pytest.approx(f1(scored, everywhere(best.threshold)))


@given(triples=TRIPLES)
def test_of_equally_good_thresholds_the_one_nearest_to_a_half_is_taken(
    triples: list[tuple[str, float, bool]],
) -> None:
    scored = make(triples, {})
    best = best_threshold(scored)
    ends = sorted({FLOOR, 1.0, *scored.scores.tolist()})
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    equal = [t for t in middles if f1(scored, everywhere(t)) == pytest.approx(best.f)]
    if best.f:
        assert abs(best.threshold - 0.5) == pytest.approx(min(abs(t - 0.5) for t in equal))


def test_threshold_is_halfway_between_two_scores() -> None:
    scored = make([("a", 0.9, True), ("a", 0.3, False)], {})
    assert best_threshold(scored) == (pytest.approx(0.6), pytest.approx(1.0))


@pytest.mark.parametrize("triples", [[], [("a", 0.3, False)]])
def test_where_nothing_is_right_the_threshold_stays(
    triples: list[tuple[str, float, bool]],
) -> None:
    assert best_threshold(make(triples, {"a": 2}), default=0.7) == (0.7, 0.0)


@settings(max_examples=60)
@given(triples=TRIPLES, missed=st.integers(0, 3), threshold=st.sampled_from(TRIED))
def test_no_thresholds_of_labels_are_better(
    triples: list[tuple[str, float, bool]], missed: int, threshold: float
) -> None:
    scored = make(triples, {"b": missed})
    own = best_label_thresholds(scored, threshold, least=2)
    # None is tried for a label that has too little gold, or nothing right.
    right = Counter(label for label, _, true in triples if true)
    assert set(own) == {label for label, n in scored.gold.items() if n >= 2 and right[label]}
    tried = product(*(TRIED if label in own else [threshold] for label in "abc"))
    best = max(f1(scored, dict(zip("abc", values, strict=True))) for values in tried)
    assert f1(scored, everywhere(threshold) | own) == pytest.approx(best)


def test_thresholds_are_in_the_order_of_the_labels() -> None:
    assert thresholds_by_label(["a", "b"], 0.5, {"b": 0.2}).tolist() == [0.5, 0.2]


def test_threshold_of_an_unknown_label_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match=r"\['x'\].*\['a', 'b'\]"):
        thresholds_by_label(["a", "b"], 0.5, {"x": 0.2, "a": 0.1})
