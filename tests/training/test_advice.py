"""What is said at the end of a training, and when nothing is."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from thinc.api import Adam
from toy import gold_docs, gold_examples, trained, write_corpus

from spacy_rin.training.advice import advise, score_train
from spacy_rin.training.history import make_history_logger


def with_train(nlp: Language, path: Path) -> Language:
    """The pipeline with the toy corpus as its training data."""
    corpus = write_corpus(path / "train.spacy", gold_docs(nlp.vocab))
    for part in ("train", "dev"):
        nlp.config["corpora"][part]["path"] = str(corpus)
    return nlp


@pytest.mark.parametrize(("looks", "few"), [(9, True), (10, False)])
def test_fewer_than_ten_looks_at_dev_are_few(looks: int, few: bool) -> None:
    said = list(advise(spacy.blank("en"), looks=looks, steps=400, dev=0.8))
    assert [f"Looks at dev: {looks}." in line for line in said] == [True] * few
    assert all("--training.eval_frequency 20" in line for line in said)


def test_short_training_is_advised_a_frequency_that_exists() -> None:
    (said,) = advise(spacy.blank("en"), looks=1, steps=0, dev=0.8)
    assert "--training.eval_frequency 1)" in said


@pytest.mark.training
@pytest.mark.parametrize(("dev", "learned_by_heart"), [(0.4, True), (0.6, False)])
def test_train_is_known_by_heart_if_dev_has_half_of_it(
    tmp_path: Path, dev: float, learned_by_heart: bool
) -> None:
    nlp = with_train(trained(), tmp_path)
    said = list(advise(nlp, looks=10, steps=100, dev=dev))
    assert len(said) == learned_by_heart
    assert all("100.0% on train, and 40.0% on dev" in line for line in said)


@pytest.mark.training
def test_train_that_is_not_known_is_no_reason(tmp_path: Path) -> None:
    nlp = with_train(trained(threshold=1.0), tmp_path)
    assert list(advise(nlp, looks=10, steps=100, dev=0.0)) == []


@pytest.mark.training
def test_train_is_scored_with_the_averages(tmp_path: Path) -> None:
    nlp = with_train(trained(), tmp_path)
    optimizer = Adam(0.0, L2=0.0, grad_clip=0.0, use_averages=True)
    nlp.update(gold_examples(nlp)[:8], sgd=optimizer)
    assert score_train(nlp) > 0.9
    for average in optimizer.averages.values():
        average[:] = 0.0
    with nlp.use_params(optimizer.averages):  # as spaCy's training loop does around dev
        pass
    assert score_train(nlp) == 0.0


def test_no_training_data_is_no_reason() -> None:
    assert list(advise(spacy.blank("en"), looks=10, steps=100, dev=0.0)) == []


INFO: dict[str, Any] = {
    "epoch": 0,
    "step": 40,
    "score": 0.9,
    "losses": {},
    "other_scores": {"rel_f": 0.9},
}


def test_logger_gives_its_advice_once_and_at_the_end(tmp_path: Path) -> None:
    out = StringIO()
    log, finalize = make_history_logger(tmp_path / "history.jsonl")(spacy.blank("en"), out)
    log(INFO)
    log(INFO)
    assert out.getvalue() == ""
    finalize()
    assert out.getvalue().count("Looks at dev: 2.") == 1


def test_training_that_was_stopped_gets_no_advice(tmp_path: Path) -> None:
    out = StringIO()
    log, finalize = make_history_logger(tmp_path / "history.jsonl")(spacy.blank("en"), out)
    log(INFO)
    with pytest.raises(KeyboardInterrupt):
        try:
            raise KeyboardInterrupt
        finally:
            finalize()
    assert out.getvalue() == ""
