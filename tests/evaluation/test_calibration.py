"""Calibration on dev: against a search by grid, and on a pipeline that has learned half."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from toy import blank, gold_docs, gold_examples, initialised, rin_of, texts, train, write_corpus
from typer.testing import CliRunner, Result

from spacy_rin import get_relations, set_relations
from spacy_rin.arrays.calibration import Calibration, to_logits
from spacy_rin.cli import app
from spacy_rin.evaluation.calibration import (
    LEAST_OF_EACH,
    TEMPERATURES,
    calibrate,
    fit_calibration,
    log_loss,
)
from spacy_rin.evaluation.report import evaluate

Triples = list[tuple[float, bool]]
TRIPLES = st.lists(st.tuples(st.floats(-3, 12), st.booleans()), min_size=6, max_size=60)
TEXT = "Ada Lovelace , born in London , works for Initech ."


def slow_loss(triples: Triples, temperature: float, bias: float) -> float:
    """The mean log loss by its definition."""
    total = 0.0
    for logit, right in triples:
        p = 1 / (1 + math.exp(-(logit / temperature + bias)))
        total -= math.log(p if right else 1 - p)
    return total / len(triples)


def fit(triples: Triples) -> Calibration:
    logits, right = zip(*triples, strict=True)
    return fit_calibration(np.array(logits), np.array(right))


@settings(max_examples=25)
@given(triples=TRIPLES)
def test_no_temperature_and_bias_of_a_grid_are_better(triples: Triples) -> None:
    triples = [*triples, (2.0, True), (-1.0, True), (1.5, False), (-2.0, False)]  # never certain
    found = fit(triples)
    low, high = TEMPERATURES
    assert low <= found.temperature <= high
    best = slow_loss(triples, *found)
    assert best <= slow_loss(triples, 1.0, 0.0) + 1e-9
    for temperature in np.geomspace(low, high, 15):
        for bias in np.linspace(-6, 6, 13):
            try:
                tried = slow_loss(triples, float(temperature), float(bias))
            except (OverflowError, ValueError):  # a certain mistake
                continue
            assert best <= tried + 1e-6


def test_scores_that_were_made_too_sure_are_found_out() -> None:
    """Right and wrong are drawn at known probabilities."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-truth))
    found = fit_calibration(3.0 * (truth + 0.7), right)
    assert found.temperature == pytest.approx(3.0, rel=0.05)
    assert found.bias == pytest.approx(-0.7, abs=0.05)
    assert log_loss(truth, right) == pytest.approx(
        slow_loss(list(zip(truth.tolist(), right.tolist(), strict=True)), 1.0, 0.0)
    )


@pytest.mark.parametrize(
    ("triples", "temperature"),
    [
        ([(4.0, True), (3.0, True), (-1.0, False), (1.0, False)] * 5, TEMPERATURES[0]),
        ([(1.0, True), (3.0, False), (1.0, True), (4.0, False)] * 5, TEMPERATURES[1]),
        ([(2.0, True), (2.0, False)] * 5, 1.0),
    ],
    ids=["told apart", "the wrong way round", "all alike"],
)
def test_fit_is_finite_whatever_the_scores(triples: Triples, temperature: float) -> None:
    found = fit(triples)
    assert math.isfinite(found.bias) and found.temperature > 0
    if temperature != 1.0:
        assert found.temperature == pytest.approx(temperature)
    assert slow_loss(triples, *found) <= slow_loss(triples, 1.0, 0.0)


@pytest.fixture(scope="module")
def half_trained() -> bytes:
    nlp = initialised()
    train(nlp, 8)
    data: bytes = nlp.to_bytes()
    return data


@pytest.fixture
def nlp(half_trained: bytes) -> Language:
    return blank().from_bytes(half_trained)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many Docs that there are enough predictions: the corpus three times."""
    docs = gold_docs(spacy.blank("en").vocab) * 3
    return write_corpus(tmp_path_factory.mktemp("dev") / "dev.spacy", docs)


def found(nlp: Language) -> list[list[str]]:
    return [[r.text for r in get_relations(doc)] for doc in nlp.pipe(texts())]


@pytest.mark.training
@pytest.mark.parametrize("own", [{}, {"born_in": 0.4, "knows": 0.9}])
def test_same_triples_remain_or_more_are_right(
    nlp: Language, dev: Path, own: dict[str, float]
) -> None:
    rin_of(nlp).cfg.update(threshold=0.6, label_thresholds=own)
    triples, before = found(nlp), nlp.evaluate(gold_examples(nlp))["rel_f"]
    report = evaluate(nlp, dev)
    result = calibrate(nlp, dev)
    after = nlp.evaluate(gold_examples(nlp))["rel_f"]
    assert result.f_before == pytest.approx(before) and result.f_after == pytest.approx(after)
    assert after > before or found(nlp) == triples
    assert rin_of(nlp).calibration == result.calibration != (1.0, 0.0)
    # The same figures as `evaluate` has, before and after.
    error = "expected_calibration_error"
    assert result.before[error] == pytest.approx(report["reliability"][error], abs=1e-4)
    again = evaluate(nlp, dev)["reliability"]
    assert result.after[error] == pytest.approx(again[error], abs=1e-4)
    assert result.after["predictions"] == again["predictions"]


@pytest.mark.training
def test_loss_on_dev_falls(nlp: Language, dev: Path) -> None:
    def loss() -> float:
        rin_of(nlp).cfg["threshold"] = 0.0
        right = [
            (float(to_logits(r.score)), r.text in {g.text for g in get_relations(eg.reference)})
            for eg in gold_examples(nlp)
            for r in get_relations(nlp(eg.predicted))
        ]
        return slow_loss([pair for pair in right if math.isfinite(pair[0])], 1.0, 0.0)

    before = loss()
    calibrate(nlp, dev)
    assert loss() < before


@pytest.mark.training
def test_thresholds_are_the_best_on_dev(nlp: Language, dev: Path) -> None:
    rin_of(nlp).cfg["threshold"] = 0.99
    result = calibrate(nlp, dev)
    assert result.f_after > result.f_before
    rin = rin_of(nlp)
    rin.candidates.wanted = True
    assert nlp.evaluate(gold_examples(nlp))["rel_f_best"] == pytest.approx(result.f_after)


@pytest.mark.training
def test_labels_get_thresholds_of_their_own(nlp: Language, dev: Path) -> None:
    rin_of(nlp).cfg["threshold"] = 0.99
    one = calibrate(blank().from_bytes(nlp.to_bytes()), dev)
    rin_of(nlp).cfg["threshold"] = 0.99
    result = calibrate(nlp, dev, per_label=True, least=5)
    assert result.f_after > one.f_after and result.label_thresholds
    assert nlp.evaluate(gold_examples(nlp))["rel_f"] == pytest.approx(result.f_after)


@pytest.mark.training
def test_calibrating_again_changes_nothing(nlp: Language, dev: Path) -> None:
    first = calibrate(nlp, dev)
    triples = found(nlp)
    second = calibrate(nlp, dev)
    assert second.calibration == pytest.approx(first.calibration, abs=1e-4)
    assert second.threshold == pytest.approx(first.threshold, abs=1e-4)
    assert second.before == second.after and found(nlp) == triples


@pytest.mark.training
def test_nothing_has_changed_after_an_error(nlp: Language, tmp_path: Path) -> None:
    cfg = dict(rin_of(nlp).cfg)
    docs = gold_docs(nlp.vocab)
    few = write_corpus(tmp_path / "few.spacy", docs[:5])
    with pytest.raises(ValueError, match=rf"few\.spacy.*At least {LEAST_OF_EACH} of each"):
        calibrate(nlp, few)
    for doc in docs:
        set_relations(doc, [])
    none = write_corpus(tmp_path / "none.spacy", docs)
    with pytest.raises(ValueError, match=r"none\.spacy has no relations"):
        calibrate(nlp, none)
    assert rin_of(nlp).cfg == cfg


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["calibrate", *(str(arg) for arg in args)])


@pytest.fixture
def model(nlp: Language, tmp_path: Path) -> Path:
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def content(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.mark.training
def test_command_writes_a_calibrated_pipeline(model: Path, dev: Path, tmp_path: Path) -> None:
    before = content(model)
    result = run(model, dev, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert content(model) == before
    nlp = spacy.load(model)
    expected = calibrate(nlp, dev)
    loaded = spacy.load(tmp_path / "out")
    assert rin_of(loaded).calibration == pytest.approx(expected.calibration)
    assert found(loaded) == found(nlp)
    one, other = ([r.score for r in get_relations(pipeline(TEXT))] for pipeline in (loaded, nlp))
    assert one == pytest.approx(other)
    assert "0.9-1.0" in result.output and f"{expected.threshold:.3f}" in result.output
    assert run(model, dev, tmp_path / "out").exit_code == 1
    assert run(model, dev, tmp_path / "out", "--overwrite").exit_code == 0


@pytest.mark.training
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("model", "is read"),
        (".", "holds what is read"),
        ("model/rin", "lies in the pipeline"),
        ("notes", "no pipeline"),
        ("notes/a.txt", "no pipeline"),
    ],
)
def test_command_replaces_nothing_but_another_pipeline(
    model: Path, dev: Path, tmp_path: Path, place: str, reason: str
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    before = content(tmp_path)
    result = run(model, dev, tmp_path / place, "--overwrite")
    assert isinstance(result.exception, ValueError) and reason in str(result.exception)
    assert content(tmp_path) == before


@pytest.mark.training
@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["MODEL", "nothing.spacy", "out"], "nothing.spacy"),
        (["nothing", "DEV", "out"], "nothing"),
        (["MODEL", "DEV", "out", "--component", "other"], "other"),
        (["MODEL", "DEV", "out", "--least", "0"], "at least 1"),
    ],
)
def test_mistake_leaves_nothing_behind(
    model: Path, dev: Path, tmp_path: Path, args: list[str], reason: str
) -> None:
    paths: dict[str, Any] = {"MODEL": model, "DEV": dev, "out": tmp_path / "out"}
    result = run(*(paths.get(arg, arg) for arg in args))
    assert result.exit_code == 1 and reason in str(result.exception)
    assert not (tmp_path / "out").exists()
