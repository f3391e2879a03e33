"""The steps that are counted before a training, compared with those that `spacy train` makes."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
from paths import ROOT
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config
from toy import gold_docs, gold_examples, write_corpus

from spacy_rin.training.total_steps import make_total_steps

CONFIG = ROOT / "configs" / "own.cfg"
SMALL = {
    "components.rin.model.hidden_width": 8,
    "components.rin.model.tok2vec.embed.*.words.word_width": 8,
    "components.rin.model.tok2vec.embed.*.letters.layer.rows": 50,
    "components.rin.model.tok2vec.encode.layer.width": 8,
    "training.eval_frequency": 1,
}
SEQUENCES = {"@batchers": "spacy.batch_by_sequence.v1", "size": 7, "get_length": None}
PADDED = {
    "@batchers": "spacy.batch_by_padded.v1",
    "size": 60,
    "buffer": 4,
    "discard_oversize": False,
    "get_length": None,
}


def config(tmp_path: Path, batcher: dict[str, Any] = SEQUENCES, **training: Any) -> Config:
    # The texts go from short to long. In this order, batches by length are fewer than in the random
    # order of training.
    corpus = write_corpus(tmp_path / "train.spacy", sorted(gold_docs(Vocab()), key=len))
    paths = {"train": corpus, "dev": corpus, "history": tmp_path / "history.jsonl"}
    found = load_config(
        CONFIG,
        overrides={**SMALL, **{f"paths.{name}": str(path) for name, path in paths.items()}},
        interpolate=False,
    )
    found["training"] |= {"batcher": batcher, "max_epochs": 3, **training}
    return found


def steps_made(nlp: Language, tmp_path: Path) -> list[int]:
    """Train, and read the steps from the history: each step is followed by an evaluation."""
    (tmp_path / "out").mkdir()
    train(nlp, tmp_path / "out")
    return [row["step"] for row in srsly.read_jsonl(tmp_path / "history.jsonl")]


def total_steps(nlp: Language) -> int:
    steps = nlp.config["training"]["optimizer"]["learn_rate"]["total_steps"]
    assert isinstance(steps, int)
    return steps


@pytest.mark.training
@pytest.mark.parametrize("training", [{}, {"max_steps": 4}, {"max_steps": 4, "max_epochs": 0}])
def test_steps_are_those_that_training_makes(tmp_path: Path, training: dict[str, Any]) -> None:
    nlp = init_nlp(config(tmp_path, **training))
    steps = steps_made(nlp, tmp_path)
    # Steps are numbered from 0. spaCy makes one more than max_steps.
    assert total_steps(nlp) == (max(steps) if training else len(steps))
    assert total_steps(spacy.load(tmp_path / "out" / "model-last")) == total_steps(nlp)


@pytest.mark.training
def test_batches_by_length_are_counted_in_a_random_order(tmp_path: Path) -> None:
    nlp = init_nlp(config(tmp_path, PADDED))
    assert total_steps(nlp) == pytest.approx(len(steps_made(nlp, tmp_path)), rel=0.1)


@pytest.mark.parametrize("rate", [0.001, {"@schedules": "constant.v1", "rate": 0.001}])
def test_another_learning_rate_is_left_alone(tmp_path: Path, rate: Any) -> None:
    found = config(tmp_path)
    found["training"]["optimizer"]["learn_rate"] = rate
    assert init_nlp(found).config["training"]["optimizer"]["learn_rate"] == rate


def test_a_number_that_is_set_stays(tmp_path: Path) -> None:
    found = config(tmp_path)
    found["training"]["optimizer"]["learn_rate"]["total_steps"] = 5
    assert total_steps(init_nlp(found)) == 5


@pytest.mark.parametrize(("epochs", "share"), [(100, 0.1), (2000, None)])
def test_warm_up_takes_a_tenth_of_a_short_training(
    tmp_path: Path, epochs: int, share: float | None
) -> None:
    found = config(tmp_path, max_epochs=epochs)
    found["training"]["optimizer"]["learn_rate"]["warmup_steps"] = 100
    nlp = init_nlp(found)
    warmup = nlp.config["training"]["optimizer"]["learn_rate"]["warmup_steps"]
    expected = 100 if share is None else int(share * total_steps(nlp))
    assert warmup == expected and 0 < warmup <= 100


def test_counting_leaves_the_random_state_as_it_was(tmp_path: Path) -> None:
    found = config(tmp_path)
    found["corpora"]["train"]["augmenter"] = {"@augmenters": "spacy-rin.join.v1", "level": 0.5}
    nlp = spacy.util.load_model_from_config(found, auto_fill=True)
    before = random.getstate(), np.random.get_state()[1].tolist()
    make_total_steps()(nlp)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_training_without_end_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither max_epochs nor max_steps"):
        init_nlp(config(tmp_path, max_epochs=0))


def test_a_corpus_without_a_path_is_an_error(tmp_path: Path) -> None:
    found = config(tmp_path)
    found["paths"]["train"] = None
    nlp = spacy.util.load_model_from_config(found, auto_fill=True)
    with pytest.raises(ValueError, match=r"can't be counted: .*path can't be None"):
        make_total_steps()(nlp)


CONSTANT = {"@schedules": "constant.v1", "rate": 0.001}


def looks_said(found: Config) -> list[str]:
    """What the callback says beforehand."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        make_total_steps()(spacy.util.load_model_from_config(found, auto_fill=True))
    return [str(warning.message) for warning in said]


@pytest.mark.parametrize("rate", [None, CONSTANT])
@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"eval_frequency": 20}, "at step 0 alone, since it makes 18 steps and scores every 20"),
        ({"eval_frequency": 4}, "5 times, since it makes 18 steps and scores every 4"),
        ({"eval_frequency": 1}, ""),
        ({"eval_frequency": 6, "max_epochs": 30}, ""),
        ({"eval_frequency": 20, "max_epochs": 34}, ""),
        ({"eval_frequency": 20, "max_epochs": 30}, "9 times"),
        ({"eval_frequency": 20, "max_epochs": 0, "max_steps": 19}, "at step 0 alone"),
        ({"eval_frequency": 20, "max_epochs": 0, "max_steps": 20}, "2 times"),
        ({"eval_frequency": 20, "max_epochs": 0, "max_steps": 200}, ""),
        ({"eval_frequency": 5, "max_epochs": 100, "max_steps": 30}, "7 times"),
    ],
)
def test_few_looks_at_dev_are_said_before(
    tmp_path: Path, training: dict[str, Any], said: str, rate: Any
) -> None:
    found = config(tmp_path, **training)
    if rate:
        found["training"]["optimizer"]["learn_rate"] = rate
    messages = looks_said(found)
    assert [said in message for message in messages] == ([True] if said else [])


@pytest.mark.training
@pytest.mark.parametrize("training", [{"max_epochs": 30}, {"max_epochs": 0, "max_steps": 40}])
def test_looks_are_those_that_training_makes(tmp_path: Path, training: dict[str, Any]) -> None:
    found = config(tmp_path, **training, eval_frequency=20)
    (said,) = looks_said(found)
    looks = len(steps_made(init_nlp(found), tmp_path))
    assert f"score dev {looks} times" in said


def test_the_setting_to_change_is_named(tmp_path: Path) -> None:
    (said,) = looks_said(config(tmp_path, max_epochs=30, eval_frequency=50))
    assert "--training.eval_frequency 18" in said
    assert not looks_said(config(tmp_path, max_epochs=30, eval_frequency=18))
    (said,) = looks_said(config(tmp_path, max_epochs=1, eval_frequency=1))
    assert said.endswith("Set more --training.max_epochs.")


def test_large_data_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where steps need not be counted, data is read as far as there may be too few."""
    read: list[Example] = []

    def stream(corpus: Corpus, nlp: Language) -> Iterator[Example]:
        for eg in gold_examples(nlp) * 10:
            read.append(eg)
            yield eg

    monkeypatch.setattr(Corpus, "__call__", stream)
    found = config(tmp_path, eval_frequency=1)
    found["training"]["optimizer"]["learn_rate"] = CONSTANT
    nlp = spacy.util.load_model_from_config(found, auto_fill=True)
    make_total_steps()(nlp)
    assert 0 < len(read) <= 80
