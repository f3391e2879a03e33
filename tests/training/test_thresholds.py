"""`spacy-rin.thresholds.v1` in a training by spaCy: what is saved, and what goes on."""

from __future__ import annotations

import logging
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from paths import ROOT
from spacy.cli.train import train as spacy_train
from spacy.util import load_config
from spacy.vocab import Vocab
from toy import gold_docs, gold_examples, rin_of, trained, triples, write_corpus

from spacy_rin.training.history import read_history
from spacy_rin.training.thresholds import make_threshold_writer

pytestmark = pytest.mark.training

SETTINGS = {
    "components.rin.model.hidden_width": 32,
    "components.rin.model.tok2vec.embed.*.words.word_width": 24,
    "components.rin.model.tok2vec.encode.layer.width": 32,
    "training.batcher.size": 8,
    "training.eval_frequency": 5,
    "training.max_epochs": 12,
    "training.dropout": 0.1,
    "training.optimizer.learn_rate.initial_rate": 0.005,
    "training.optimizer.learn_rate.warmup_steps": 5,
}
CALLBACK = {"@callbacks": "spacy-rin.thresholds.v1", "per_label": True, "least": 2}


def run(folder: Path, callback: dict[str, Any] | None, **settings: Any) -> Path:
    """Train as `spacy train` does; the weight of a look at dev is that of the recipe."""
    folder.mkdir()
    config = load_config(ROOT / "configs" / "own.cfg", interpolate=False)
    config["training"]["before_to_disk"] = callback
    config["training"]["score_weights"] |= {"rel_f": 0.0, "rel_f_best": 1.0}
    config.to_disk(folder / "config.cfg")
    paths = {
        "paths.train": str(write_corpus(folder / "train.spacy", gold_docs(Vocab()))),
        "paths.dev": str(write_corpus(folder / "dev.spacy", gold_docs(Vocab())[:12])),
        "paths.history": str(folder / "history.jsonl"),
    }
    spacy_train(folder / "config.cfg", folder, overrides={**paths, **SETTINGS, **settings})
    return folder


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same training with thresholds and without."""
    path = tmp_path_factory.mktemp("thresholds")
    return run(path / "fitted", CALLBACK), run(path / "plain", None)


def scores(folder: Path) -> list[dict[str, float]]:
    return [row["scores"] for row in read_history(folder / "history.jsonl")]


def test_training_is_the_same_without_the_callback(trainings: tuple[Path, Path]) -> None:
    fitted, plain = map(scores, trainings)
    times = {"speed"}
    assert len(fitted) > 5
    assert [{k: v for k, v in row.items() if k not in times} for row in fitted] == [
        {k: v for k, v in row.items() if k not in times} for row in plain
    ]


@pytest.mark.parametrize("name", ["model-best", "model-last"])
def test_saved_pipeline_reaches_the_best_score_of_its_own_look_at_dev(
    trainings: tuple[Path, Path], name: str
) -> None:
    fitted, plain = (spacy.load(folder / name) for folder in trainings)
    dev = gold_examples(fitted)[:12]
    best = [row["rel_f_best"] for row in scores(trainings[0])]
    expected = max(best) if name == "model-best" else best[-1]
    assert rin_of(plain).cfg["threshold"] == 0.5 != rin_of(fitted).cfg["threshold"]
    assert fitted.meta["performance"]["rel_f_best"] == pytest.approx(expected)
    if name == "model-best":  # model-last has had further updates since its look at dev
        own = rin_of(fitted).cfg["label_thresholds"]
        with_own = fitted.evaluate(dev)["rel_f"]
        rin_of(fitted).cfg["label_thresholds"] = {}
        assert fitted.evaluate(dev)["rel_f"] == pytest.approx(expected)
        assert own and with_own >= expected - 1e-9


def test_score_of_the_best_threshold_is_a_column_of_the_config(
    trainings: tuple[Path, Path],
) -> None:
    config = load_config(trainings[0] / "model-best" / "config.cfg")
    assert config["training"]["score_weights"]["rel_f_best"] == 1.0
    assert config["training"]["before_to_disk"] == CALLBACK


def test_end_of_training_says_the_thresholds_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="spacy")
    # With averages dev is scored with them, and they are saved.
    folder = run(tmp_path / "averaged", CALLBACK, **{"training.optimizer.use_averages": True})
    said = [r.getMessage() for r in caplog.records if "Thresholds" in r.getMessage()]
    assert len(said) == 1
    found = re.search(r"model-best (\d\.\d+).*model-last (\d\.\d+)", said[0])
    assert found
    for name, value in zip(("model-best", "model-last"), found.groups(), strict=True):
        nlp = spacy.load(folder / name)
        assert f"{rin_of(nlp).cfg['threshold']:.3f}" == value


def test_pipeline_in_training_keeps_its_threshold() -> None:
    nlp = trained()
    nlp.update(gold_examples(nlp)[:4])
    nlp.evaluate(gold_examples(nlp))
    before = dict(rin_of(nlp).cfg)
    fitted = make_threshold_writer()(nlp)
    assert rin_of(nlp).cfg == before and nlp.get_pipe("rin") is not fitted.get_pipe("rin")
    assert rin_of(fitted).cfg["threshold"] != 0.5 and fitted.pipe_names == nlp.pipe_names
    assert rin_of(fitted).cfg["label_thresholds"] == {}
    found = spacy.blank("en")
    found.add_pipe("rin", source=fitted)
    text = gold_examples(nlp)[0].text
    assert triples(found(text)) == triples(nlp(text)) != []


def test_pipeline_that_was_not_scored_is_saved_as_it_is() -> None:
    nlp = trained()
    assert make_threshold_writer()(nlp) is nlp


def test_callback_can_be_pickled() -> None:
    writer = pickle.loads(pickle.dumps(make_threshold_writer(per_label=True, least=3)))
    assert writer(nlp := trained()) is nlp


def test_impossible_least_is_an_error() -> None:
    with pytest.raises(ValueError, match="least"):
        make_threshold_writer(least=0)


def test_thresholds_are_plain_numbers(trainings: tuple[Path, Path]) -> None:
    cfg = srsly.read_json(trainings[0] / "model-best" / "rin" / "cfg")
    assert isinstance(cfg, dict)
    assert all(type(value) is float for value in cfg["label_thresholds"].values())
