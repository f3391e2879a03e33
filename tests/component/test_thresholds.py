"""Thresholds of labels, and what is kept below the threshold while a component is trained."""

from __future__ import annotations

import gc
import pickle
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from toy import (
    TWO_WORDS,
    blank,
    gold_examples,
    initialised,
    rin_of,
    texts,
    train,
    trained,
    triple_texts,
)

from spacy_rin.evaluation.error_analysis import by_threshold, find_candidates
from spacy_rin.scorer import SCORE_WEIGHTS

BOTH = "Ada Lovelace , born in London , works for Initech ."
BORN, WORKS = ("Ada Lovelace", "born_in", "London"), ("Ada Lovelace", "works_for", "Initech")


@pytest.mark.training
@pytest.mark.parametrize("decode", ["exact", "partial"])
def test_threshold_of_a_label_wins_for_this_label(decode: str) -> None:
    nlp = trained(decode=decode)
    assert triple_texts(nlp(BOTH)) == {BORN, WORKS}
    rin_of(nlp).cfg["label_thresholds"] = {"born_in": 1.0}
    assert triple_texts(nlp(BOTH)) == {WORKS}
    rin_of(nlp).cfg.update(threshold=1.0, label_thresholds={"born_in": 0.5})
    assert triple_texts(nlp(BOTH)) == {BORN}


@pytest.mark.training
def test_thresholds_of_labels_are_saved(tmp_path: Path) -> None:
    trained(label_thresholds={"born_in": 1.0}).to_disk(tmp_path)
    assert triple_texts(spacy.load(tmp_path)(BOTH)) == {WORKS}


@pytest.mark.training
def test_threshold_of_an_unknown_label_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\['zoo'\]"):
        trained(label_thresholds={"zoo": 0.5})(BOTH)


@pytest.mark.parametrize("value", [{"born_in": 1.5}, {"born_in": "0.5"}, [0.5], {1: 0.5}])
def test_impossible_thresholds_of_labels_are_an_error(value: Any) -> None:
    nlp = blank()
    rin_of(nlp).cfg["label_thresholds"] = value
    with pytest.raises(ValueError, match="label_thresholds"):
        rin_of(nlp).initialize(lambda: gold_examples(nlp))


def test_config_can_give_thresholds_of_labels() -> None:
    assert rin_of(blank(label_thresholds={"born_in": 0.3})).cfg["label_thresholds"] == {
        "born_in": 0.3
    }


@pytest.fixture(scope="module")
def half_trained() -> Language:
    """A pipeline whose scores are all over the range; it was updated, and not scored since."""
    nlp = initialised()
    train(nlp, 8)
    return nlp


def loaded(nlp: Language) -> Language:
    """The same pipeline as it is outside training."""
    return blank().from_bytes(nlp.to_bytes())


def relations(nlp: Language) -> list[list[tuple[str, float]]]:
    return [[(r.text, r.score) for r in doc._.relations] for doc in nlp.pipe(texts())]


@pytest.mark.training
@pytest.mark.parametrize("decode", ["exact", "partial"])
@pytest.mark.parametrize("threshold", [0.1, 0.5])
def test_other_scores_are_the_same_in_training_and_outside(
    half_trained: Language, decode: str, threshold: float
) -> None:
    nlp, other = half_trained, loaded(half_trained)
    for pipeline in (nlp, other):
        rin_of(pipeline).cfg.update(decode=decode, threshold=threshold)
    rin_of(nlp).candidates.wanted = True
    found, expected = (pipeline.evaluate(gold_examples(pipeline)) for pipeline in (nlp, other))
    rin_of(nlp).cfg.update(decode="exact", threshold=0.5)
    ignored = {"speed", "rel_f_best"}
    assert {k: v for k, v in found.items() if k not in ignored} == {
        k: v for k, v in expected.items() if k not in ignored
    }
    assert found["rel_f_best"] >= expected["rel_f_best"] >= found["rel_f"]


@pytest.mark.training
def test_best_score_is_that_of_the_best_threshold(half_trained: Language) -> None:
    nlp = loaded(half_trained)
    rin = rin_of(nlp)
    rin.candidates.wanted = True
    best = nlp.evaluate(gold_examples(nlp))["rel_f_best"]
    curve = by_threshold(find_candidates(rin, gold_examples(nlp)))
    assert best >= max(point["rel_f"] for point in curve)
    assert rin.candidates.scored is not None
    tried = []
    for score in set(rin.candidates.scored.scores.tolist()):
        rin.cfg["threshold"] = score * 0.9999
        tried.append(nlp.evaluate(gold_examples(nlp))["rel_f"])
    assert best == pytest.approx(max(tried)) and best > tried[0]


@pytest.mark.training
def test_candidates_are_never_seen(half_trained: Language) -> None:
    nlp = half_trained
    rin_of(nlp).candidates.wanted = True
    assert relations(nlp) == relations(loaded(nlp))
    doc, other = nlp(TWO_WORDS), loaded(nlp)(TWO_WORDS)
    assert doc.user_data == other.user_data and doc.to_bytes() == other.to_bytes()


@pytest.mark.training
def test_candidates_die_with_their_docs(half_trained: Language) -> None:
    nlp, store = half_trained, rin_of(half_trained).candidates
    store.wanted = True
    doc = nlp(TWO_WORDS)
    assert doc in store._found
    del doc
    gc.collect()
    assert not store._found


@pytest.mark.training
def test_candidates_are_kept_from_an_update_to_the_next_scoring() -> None:
    nlp = initialised()
    store = rin_of(nlp).candidates
    nlp.evaluate(gold_examples(nlp)[:4])
    assert store.scored is None  # was never updated
    nlp.update(gold_examples(nlp)[:4])
    nlp.evaluate(gold_examples(nlp)[:4])
    dev = store.scored
    assert dev is not None
    nlp.evaluate(gold_examples(nlp)[4:8])
    assert store.scored is dev  # such as test, on which nothing is chosen


@pytest.mark.training
def test_docs_that_were_predicted_before_the_update_have_no_candidates() -> None:
    nlp = initialised()
    examples = [Example(nlp(eg.predicted), eg.reference) for eg in gold_examples(nlp)[:4]]
    nlp.update(gold_examples(nlp)[:4])
    assert rin_of(nlp).score(examples)["rel_f_best"] == 0.0
    assert rin_of(nlp).candidates.scored is None


@pytest.mark.training
def test_component_in_training_can_be_pickled(half_trained: Language) -> None:
    rin_of(half_trained).candidates.wanted = True
    doc = half_trained(TWO_WORDS)
    copied = pickle.loads(pickle.dumps(rin_of(half_trained)))
    assert doc in rin_of(half_trained).candidates._found and not copied.candidates.wanted


@pytest.mark.training
def test_own_scorer_that_knows_no_candidates_is_called_outside_training() -> None:
    nlp = trained()
    rin_of(nlp).scorer = lambda examples, *, threshold, **cfg: {"candidates": "candidates" in cfg}
    assert nlp.evaluate(gold_examples(nlp)[:2])["candidates"] is False


def test_existing_configs_choose_as_before() -> None:
    nlp = blank()
    weights = nlp.config["training"]["score_weights"]
    assert weights == SCORE_WEIGHTS and weights["rel_f"] == 1.0 and weights["rel_f_best"] is None
