"""The configs that the recipe writes: complete, as the survey says, and those of the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
from paths import ROOT, find_data
from spacy.util import load_config_from_str, load_model_from_config
from spacy.vocab import Vocab
from toy import gold_docs

from configs import flat
from scripts.reproduce.modules.matrix import read_matrix
from scripts.reproduce.own_configs import AMOUNTS, FURTHER, SURVEY, pages
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.recipe.config import make_config, read_vectors_meta
from spacy_rin.recipe.numbers import TRANSFORMER, WORDS
from spacy_rin.recipe.survey import Survey, read_survey

CONFIGS = ROOT / "configs"
TOLD: list[dict[str, str]] = [
    {},
    {"vectors": "training/vectors"},
    {"transformer": "training/minilm"},
    {"transformer": "training/minilm", "vectors": "training/vectors"},
]
IDS = ["words", "vectors", "transformer", "transformer and vectors"]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return read_survey(gold_docs(Vocab()), "toy")


@pytest.fixture(params=TOLD, ids=IDS)
def told(request: pytest.FixtureRequest) -> dict[str, str]:
    if "transformer" in request.param:
        pytest.importorskip("spacy_transformers", reason="needs spacy-rin[transformers]")
    found: dict[str, str] = request.param
    return found


def written(survey: Survey, **told: Any) -> dict[str, Any]:
    return load_config_from_str(make_config(survey, **told)[0], interpolate=False)


def test_spacy_takes_the_config_and_changes_no_setting(
    survey: Survey, told: dict[str, str]
) -> None:
    config = written(survey, **told)
    filled = flat(load_model_from_config(config, auto_fill=True).config)
    for name, value in flat(config).items():
        assert filled[name] == value, name


def test_completing_the_config_adds_nothing_to_the_components(
    survey: Survey, told: dict[str, str]
) -> None:
    config = written(survey, **told)
    filled = load_model_from_config(config, auto_fill=True).config
    assert flat(filled["components"]).keys() == flat(config["components"]).keys()
    assert filled["training"]["score_weights"] == config["training"]["score_weights"]


def test_numbers_are_those_of_the_plan_and_the_table(survey: Survey) -> None:
    text, plan = make_config(survey)
    config = load_config_from_str(text)
    training, model = config["training"], config["components"]["rin"]["model"]
    assert training["max_epochs"] == plan.epochs and training["batcher"]["size"] == plan.batch
    assert training["eval_frequency"] == plan.eval_frequency
    assert training["dropout"] == WORDS.dropout
    assert training["optimizer"]["learn_rate"]["initial_rate"] == WORDS.learn_rate
    assert (model["distance"], model["between"]) == (WORDS.distance, WORDS.between)


def test_numbers_are_explained(survey: Survey) -> None:
    text, plan = make_config(survey)
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    said = [
        f"{survey.docs} sentences",
        f"{survey.triples} triples",
        f"{plan.steps} updates an epoch",
    ]
    said += [f"{plan.epochs} epochs make {plan.updates}", f"{plan.looks} looks"]
    for words in said:
        assert words in comments


def test_transformer_has_batches_of_words(survey: Survey) -> None:
    pytest.importorskip("spacy_transformers", reason="needs spacy-rin[transformers]")
    text, plan = make_config(survey, transformer="training/minilm")
    config = load_config_from_str(text)
    assert config["training"]["batcher"]["size"] == plan.batch_words
    assert config["components"]["rin"]["learn_rate_factor"] == TRANSFORMER.learn_rate_factor
    assert config["paths"]["transformer"] == "training/minilm"


@pytest.mark.parametrize("nested", [False, True])
def test_nested_mentions_are_learned_where_train_has_some(survey: Survey, nested: bool) -> None:
    config = written(replace(survey, nested=nested))
    assert config["components"]["rin"]["nested"] is nested


@pytest.mark.parametrize(("longest", "expected"), [(20, 200), (200, 200), (201, 300), (9999, 500)])
def test_longest_text_is_read_at_once(survey: Survey, longest: int, expected: int) -> None:
    config = written(replace(survey, lengths=[*survey.lengths, longest]))
    assert config["components"]["rin"]["max_length"] == expected


def test_language_and_paths_are_those_given(survey: Survey) -> None:
    config = written(survey, lang="de", vectors='a "b" \\ c')
    assert config["nlp"]["lang"] == "de"
    assert config["paths"]["vectors"] == 'a "b" \\ c'


def test_unknown_language_is_an_error(survey: Survey) -> None:
    with pytest.raises(ValueError, match="no language 'qq'"):
        make_config(survey, lang="qq")


def test_threshold_is_fitted_and_signatures_count_where_there_are_types(survey: Survey) -> None:
    config = written(survey)
    assert config["training"]["before_to_disk"]["@callbacks"] == "spacy-rin.thresholds.v1"
    weights = config["training"]["score_weights"]
    assert (weights["rel_f"], weights["rel_f_best"]) == (0.0, 1.0)
    assert sum(weight or 0.0 for weight in weights.values()) == 1.0
    assert config["components"]["rin"]["signatures"] == "seen"
    untyped = written(replace(survey, entity_labels={"ENTITY"}))
    assert untyped["components"]["rin"]["signatures"] == "off"


# -- word vectors ----------------------------------------------------------------------------------


def test_meta_of_vectors_is_read(tmp_path: Path) -> None:
    nlp = spacy.blank("de")
    nlp.vocab.set_vector("Rom", np.ones(3, dtype="f"))
    nlp.to_disk(tmp_path)
    meta = read_vectors_meta(str(tmp_path))
    assert (meta["lang"], meta["width"], meta["mode"]) == ("de", 3, "default")


def test_pipeline_without_vectors_is_an_error(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ValueError, match="no word vectors"):
        read_vectors_meta(str(tmp_path))


def test_missing_pipeline_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Can't find the pipeline"):
        read_vectors_meta(str(tmp_path))


# -- the configs of the folder ---------------------------------------------------------------------


def found() -> Iterator[tuple[str, str]]:
    """The files that the folder has of those that are written from the recorded survey."""
    for name in pages(CONFIGS):
        yield name, (CONFIGS / name).read_text(encoding="utf8")


def test_configs_of_the_folder_are_those_of_the_recipe() -> None:
    """Else: python -m scripts.reproduce.own_configs."""
    assert dict(found()) == pages(CONFIGS)


@pytest.mark.parametrize("name", [*map(str, AMOUNTS), *FURTHER])
def test_matrix_has_what_init_writes_for_other_data(name: str) -> None:
    rows = {run.row: run for run in read_matrix(CONFIGS / "amount.yml")}
    recorded = srsly.read_json(CONFIGS / SURVEY)
    assert isinstance(recorded, dict)
    run = rows[f"vectors_{name}"]
    survey = Survey.from_dict(recorded[name])
    config = flat(written(survey, vectors="training/vectors"))
    base = flat(load_config_from_str((CONFIGS / "own_vectors.cfg").read_text(encoding="utf8")))
    changed = {**dict(run.settings), "training.max_epochs": run.epochs}
    assert changed.pop("corpora.train.limit", AMOUNTS[-1]) == int(name if name.isdigit() else 922)
    assert {**base, **changed} == config


@pytest.mark.data
def test_recorded_surveys_are_those_of_the_data(tmp_path: Path) -> None:
    raw, path = find_data("conll04/train_triples.json"), tmp_path / "train.spacy"
    convert(raw, path)
    recorded = srsly.read_json(CONFIGS / SURVEY)
    assert isinstance(recorded, dict)
    for amount in AMOUNTS:
        docs = [doc for doc, _ in zip(read_docs(path), range(amount), strict=False)]
        assert recorded[str(amount)] == json.loads(json.dumps(read_survey(docs, path).as_dict()))
