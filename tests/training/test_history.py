"""The history file of a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from thinc.api import Adam
from toy import gold_docs, gold_examples, trained, write_corpus

from spacy_rin.evaluation.report import evaluate
from spacy_rin.training.history import make_history_logger, read_history

INFO = {
    "epoch": 1,
    "step": 20,
    "score": 0.5,
    "losses": {"rin": 3.0},
    "other_scores": {"rel_f": 0.5, "rel_per_type": {"r": {"f": 0.5}}},
}


def test_each_evaluation_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    log, finalize = make_history_logger(path)(spacy.blank("en"))
    log(None)  # a step without an evaluation
    log({**INFO, "other_scores": {}})
    log(INFO)
    log({**INFO, "step": 40})
    finalize()
    rows = read_history(path)
    assert [row["step"] for row in rows] == [20, 40]
    assert rows[0]["scores"] == {"rel_f": 0.5}
    assert 0 <= rows[0]["seconds"] <= rows[1]["seconds"]


def test_a_new_training_starts_the_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for _ in range(2):
        log, _finalize = make_history_logger(path)(spacy.blank("en"))
        log(INFO)
    assert len(read_history(path)) == 1


@pytest.mark.training
def test_watched_docs_are_scored_as_the_authors_count_and_left_as_they_are(tmp_path: Path) -> None:
    nlp = trained()
    gold = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    path = tmp_path / "history.jsonl"
    log, _finalize = make_history_logger(path, gold)(nlp)
    log(INFO)
    log(INFO)
    rows = read_history(path)
    result = evaluate(nlp, gold)["scores"]
    expected = {name: score for name, score in result.items() if name.startswith("authors_")}
    assert expected["authors_exact_f"] > 0.9
    assert [row["watched"] for row in rows] == [expected, expected]
    assert nlp.pipe_names == ["rin"]


@pytest.mark.training
def test_watched_docs_are_scored_with_the_averages_that_dev_is_scored_with(tmp_path: Path) -> None:
    nlp = trained()
    gold = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    optimizer = Adam(0.0, L2=0.0, grad_clip=0.0, use_averages=True)
    nlp.update(gold_examples(nlp)[:8], sgd=optimizer)
    for average in optimizer.averages.values():
        average[:] = 0.0
    path = tmp_path / "history.jsonl"
    log, _finalize = make_history_logger(path, gold)(nlp)
    log(INFO)
    with nlp.use_params(optimizer.averages):  # as spaCy's training loop does around dev
        nlp.evaluate(gold_examples(nlp)[:2])
    log(INFO)
    plain, averaged = (row["watched"]["authors_exact_f"] for row in read_history(path))
    assert plain > 0.9 and averaged == 0.0


def test_no_file_is_no_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "missing.jsonl") == []
