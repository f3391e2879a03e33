"""Temperature and bias: what they do to scores and thresholds, and what they leave alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from toy import blank, gold_examples, initialised, rin_of, texts, train

from spacy_rin import get_relations
from spacy_rin.evaluation.released_scorer import score_authors

Keys = dict[tuple[int, Any], float]
SOFT: dict[str, Any] = {"temperature": 3.0, "score_bias": -0.5}
PLAIN: dict[str, Any] = {
    "temperature": 1.0,
    "score_bias": 0.0,
    "threshold": 0.5,
    "label_thresholds": {},
    "decode": "exact",
}


@pytest.fixture(scope="module")
def half_trained() -> Language:
    """A pipeline whose scores are all over the range, as it is outside training."""
    nlp = initialised()
    train(nlp, 8)
    return blank().from_bytes(nlp.to_bytes())


@pytest.fixture
def nlp(half_trained: Language) -> Language:
    rin_of(half_trained).cfg.update(PLAIN)
    return half_trained


def found(nlp: Language, **cfg: Any) -> Keys:
    """The scores of all triples: by number of the Doc, and by label and offsets."""
    rin_of(nlp).cfg.update(cfg)
    return {
        (k, (r.head.start_char, r.head.end_char, r.label, r.tail.start_char, r.tail.end_char)): (
            r.score
        )
        for k, doc in enumerate(nlp.pipe(texts()))
        for r in get_relations(doc)
    }


def by_hand(score: float, temperature: float, bias: float) -> float:
    return 1 / (1 + math.exp(-(math.log(score / (1 - score)) / temperature + bias)))


@pytest.mark.training
def test_scores_without_calibration_are_the_sigmoids_of_the_logits(nlp: Language) -> None:
    """To the last bit, so that pipelines of earlier versions give the scores that they gave."""
    rin = rin_of(nlp)
    batch = rin._batch(nlp.make_doc(text) for text in texts()[:5])
    scores: Any = rin.model.predict(batch).calibrated(rin.calibration)
    words = np.arange(len(batch.docs[0]))
    rows, cols = np.repeat(words, len(words)), np.tile(words, len(words))
    cells = torch.from_numpy(rows), torch.from_numpy(cols)
    _, labels, logits = scores.table.cells_between(*cells, 0.0)
    *_, found_labels, probabilities = scores.cells_over(rows, cols, 0.5)
    assert len(logits) and found_labels.tolist() == labels.tolist()
    assert probabilities.tolist() == torch.sigmoid(logits).tolist()
    *_, logits = scores.table.cells_over(0.0)
    *_, probabilities = scores.all_cells_over(0.5)
    assert len(logits) and probabilities.tolist() == torch.sigmoid(logits).tolist()


@pytest.mark.training
@pytest.mark.parametrize("decode", ["exact", "partial"])
@settings(max_examples=15)
@given(
    temperature=st.floats(0.3, 5), bias=st.floats(-2, 2), threshold=st.sampled_from([0.2, 0.5, 0.8])
)
def test_calibrated_scores_and_their_threshold(
    half_trained: Language, decode: str, temperature: float, bias: float, threshold: float
) -> None:
    """Compared with all scores of the model, calibrated and cut by hand."""
    nlp = half_trained
    every = found(nlp, **PLAIN | {"threshold": 0.0, "decode": decode})
    expected = {key: by_hand(score, temperature, bias) for key, score in every.items()}
    margin = min(abs(score - threshold) for score in expected.values())
    # Of what the model gives less than 0.001, nothing is found.
    if margin < 1e-5 or by_hand(0.001, temperature, bias) > threshold:
        return
    scores = found(
        nlp,
        temperature=temperature,
        score_bias=bias,
        threshold=threshold,
        decode=decode,
    )
    assert scores.keys() == {key for key, score in expected.items() if score >= threshold}
    for key, score in scores.items():
        assert score == pytest.approx(expected[key], abs=1e-5)


@pytest.mark.training
def test_triples_of_a_label_stay_in_their_order(nlp: Language) -> None:
    before, after = found(nlp, threshold=0.0), found(nlp, **SOFT)
    assert before.keys() == after.keys() and before != after
    ranks = [sorted(scores, key=lambda key: scores[key]) for scores in (before, after)]
    assert ranks[0] == ranks[1]


@pytest.mark.training
def test_thresholds_of_labels_are_on_the_scale_of_the_scores(nlp: Language) -> None:
    every = found(nlp, threshold=0.0, **SOFT)
    least = sorted(score for (_, key), score in every.items() if key[2] == "born_in")[-3]
    scores = found(nlp, threshold=1.0, label_thresholds={"born_in": least * 0.9999}, **SOFT)
    assert len(scores) == 3 and {key[2] for _, key in scores} == {"born_in"}


@pytest.mark.training
@pytest.mark.parametrize(("threshold", "expected"), [(0.0, True), (1.0, False)])
def test_ends_of_the_threshold_stay_where_they_are(
    nlp: Language, threshold: float, expected: bool
) -> None:
    every = found(nlp, threshold=threshold)
    assert bool(every) is expected
    assert found(nlp, threshold=threshold, temperature=0.1, score_bias=9.0).keys() == every.keys()


@pytest.mark.training
def test_rounds_read_what_they_read_before(nlp: Language) -> None:
    docs = [nlp.make_doc(text) for text in texts()[:4]]
    plain = rin_of(nlp).predict_rounds(docs)
    rin_of(nlp).cfg.update(SOFT)
    soft = rin_of(nlp).predict_rounds(docs)
    for before, after in zip(plain, soft, strict=True):
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one.relations, other.relations)
            np.testing.assert_array_equal(one.tags, other.tags)
    last = [rounds[-1].prediction for rounds in soft]
    assert [p.triples for p in last] == [p.triples for p in rin_of(nlp).predict(docs)]


@pytest.mark.training
def test_loss_is_not_calibrated(nlp: Language) -> None:
    examples = gold_examples(nlp)[:4]
    expected = rin_of(nlp).update(examples)
    rin_of(nlp).cfg.update(SOFT)
    assert rin_of(nlp).update(examples) == expected


@pytest.mark.training
def test_scores_of_the_authors_take_the_calibrated_threshold(nlp: Language) -> None:
    examples = gold_examples(nlp)
    expected = score_authors(rin_of(nlp), examples)
    moved = by_hand(0.5, SOFT["temperature"], SOFT["score_bias"])
    rin_of(nlp).cfg.update(SOFT, threshold=moved)
    assert score_authors(rin_of(nlp), examples) == expected
    rin_of(nlp).cfg.update(threshold=0.5)
    assert score_authors(rin_of(nlp), examples) != expected


@pytest.mark.training
def test_candidates_of_a_training_are_on_the_scale_of_the_scores(nlp: Language) -> None:
    every = found(nlp, threshold=0.0, **SOFT)
    rin = rin_of(nlp)
    rin.cfg["threshold"] = 0.5
    rin.candidates.wanted = True
    nlp.evaluate(gold_examples(nlp))
    assert rin.candidates.scored is not None
    expected = sorted(score for score in every.values() if score > 0.02)
    np.testing.assert_allclose(sorted(rin.candidates.scored.scores), expected, atol=1e-5)


@pytest.mark.training
def test_calibration_is_saved(nlp: Language, tmp_path: Path) -> None:
    expected = found(nlp, **SOFT, threshold=0.3)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert rin_of(loaded).calibration == (3.0, -0.5)
    for other in (loaded, blank().from_bytes(nlp.to_bytes())):
        scores = found(other)
        assert scores.keys() == expected.keys()
        for key, score in scores.items():
            assert score == pytest.approx(expected[key], abs=1e-6)


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": 0.0},
        {"temperature": -1.0},
        {"temperature": math.nan},
        {"score_bias": math.inf},
        {"score_bias": "0"},
    ],
    ids=str,
)
def test_impossible_calibration_is_an_error_that_names_it(setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(ValueError, match=name):
        blank(**setting)
