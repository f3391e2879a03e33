"""spaCy's own commands on the configs of this repository, over a toy corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from paths import ROOT
from spacy.cli import app
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import Doc, DocBin
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config
from toy import (
    ENTITY_LABELS,
    RELATION_LABELS,
    assert_same,
    gold_docs,
    gold_examples,
    rin_of,
    texts,
    trained,
    write_corpus,
)
from typer.testing import CliRunner, Result

from spacy_rin import has_relations

pytestmark = pytest.mark.training

CONFIGS = ROOT / "configs"
NAMES = sorted(path.name for path in CONFIGS.glob("*.cfg"))
SIZES = {
    "components.rin.model.hidden_width": 32,
    "components.rin.model.rounds": 2,
    "components.rin.model.tok2vec.embed.word_width": 24,
    "components.rin.model.tok2vec.embed.tag_width": 4,
    "components.rin.model.tok2vec.encode.width": 32,
    "training.optimizer.learn_rate": 0.01,
    "training.batcher.size": 8,
}


def spacy_command(*arguments: str | Path, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, f"{result.output}\n{result.exception!r}"
    return result


def overrides(**settings: Any) -> list[str]:
    return [part for key, value in settings.items() for part in (f"--{key}", json.dumps(value))]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy corpus as train and dev, and a tagger trained on it by configs/tagger.cfg."""
    path = tmp_path_factory.mktemp("cli")
    write_corpus(path / "train.spacy", gold_docs(Vocab()))
    write_corpus(path / "dev.spacy", gold_docs(Vocab())[:12])
    sizes = {"components.tagger.model.tok2vec.width": 16, "training.max_epochs": 2}
    sizes["components.tagger.model.tok2vec.embed_size"] = 100
    spacy_command(
        *("train", CONFIGS / "tagger.cfg", "--output", path / "tagger"),
        *overrides(**paths(path), **sizes),
    )
    return path


def paths(workspace: Path) -> dict[str, Any]:
    return {f"paths.{x}": str(workspace / f"{x}.spacy") for x in ("train", "dev")}


def rin_paths(workspace: Path) -> dict[str, Any]:
    return {
        **paths(workspace),
        "paths.tagger": str(workspace / "tagger" / "model-last"),
        "paths.history": str(workspace / "history.jsonl"),
    }


def needs(name: str, workspace: Path) -> dict[str, Any]:
    """The paths that a config needs."""
    return paths(workspace) if name == "tagger.cfg" else rin_paths(workspace)


def filled(name: str, workspace: Path) -> tuple[Config, Config]:
    """A shipped config with its paths, and what `spacy init fill-config` makes of it."""
    shipped = load_config(CONFIGS / name, needs(name, workspace), interpolate=False)
    shipped.to_disk(workspace / name)
    spacy_command("init", "fill-config", workspace / name, workspace / f"filled_{name}")
    return shipped, load_config(workspace / f"filled_{name}", interpolate=False)


@pytest.fixture(scope="module")
def labels(workspace: Path) -> Path:
    spacy_command(
        *("init", "labels", CONFIGS / "rin.cfg", workspace / "labels"),
        *overrides(**rin_paths(workspace)),
    )
    return workspace / "labels"


@pytest.fixture(scope="module")
def pipeline(workspace: Path) -> Path:
    """What `spacy train configs/rin.cfg` writes."""
    settings = {"training.max_epochs": 40, "training.eval_frequency": 60}
    result = spacy_command(
        *("train", CONFIGS / "rin.cfg", "--output", workspace / "rin"),
        *overrides(**rin_paths(workspace), **SIZES, **settings),
    )
    (workspace / "train.log").write_text(result.output)
    return workspace / "rin" / "model-best"


# -- configs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_debug_config_finds_nothing_wrong(workspace: Path, name: str) -> None:
    """spaCy validates complete configs only, so this is the config after `fill-config`."""
    filled(name, workspace)
    spacy_command("debug", "config", workspace / f"filled_{name}")


@pytest.mark.parametrize("name", NAMES)
def test_completing_a_config_changes_no_setting_of_it(workspace: Path, name: str) -> None:
    assert list(differences(*filled(name, workspace))) == []


@pytest.mark.parametrize("name", sorted({*NAMES} - {"tagger.cfg"}))
def test_completing_a_config_adds_nothing_to_the_model(workspace: Path, name: str) -> None:
    """Every setting of the model stands in the config for the reader to see."""
    shipped, complete = (config["components"]["rin"]["model"] for config in filled(name, workspace))
    assert list(differences(complete, shipped)) == []


def differences(config: dict[str, Any], other: Any, at: str = "") -> Iterator[str]:
    """Settings of one config that the other lacks, or has otherwise."""
    for key, value in config.items():
        found = other.get(key, "nothing") if isinstance(other, dict) else "nothing"
        if isinstance(value, dict) and isinstance(found, dict):
            yield from differences(value, found, f"{at}.{key}")
        elif found != value:
            yield f"{at}.{key} = {value}, not {found}"


def test_every_score_weight_is_a_score_that_is_returned(pipeline: Path) -> None:
    """spacy train drops a weight without a score silently, and for good."""
    nlp = spacy.load(pipeline)
    scores = nlp.evaluate(gold_examples(nlp)[:4])
    weights = load_config(CONFIGS / "rin.cfg", interpolate=False)["training"]["score_weights"]
    assert {key for key, weight in weights.items() if weight is not None} <= set(scores)
    saved = nlp.config["training"]["score_weights"]
    assert {key for key, weight in saved.items() if weight is not None} <= set(scores)


def test_shipped_score_weights_sum_to_one() -> None:
    weights = load_config(CONFIGS / "rin.cfg", interpolate=False)["training"]["score_weights"]
    assert sum(weight or 0.0 for weight in weights.values()) == 1.0


# -- labels ----------------------------------------------------------------------------------------


def test_init_labels_writes_both_label_sets(labels: Path) -> None:
    assert srsly.read_json(labels / "rin.json") == {
        "entities": list(ENTITY_LABELS),
        "relations": list(RELATION_LABELS),
    }


def test_training_takes_the_labels_that_init_labels_wrote(workspace: Path, labels: Path) -> None:
    path = workspace / "labels.json"
    written = srsly.read_json(labels / "rin.json")
    assert isinstance(written, dict)
    srsly.write_json(path, {**written, "relations": ["zoo", *written["relations"]]})
    reader = {"@readers": "spacy.read_labels.v1", "path": str(path), "require": True}
    config = load_config(CONFIGS / "rin.cfg", interpolate=False)
    config["initialize"]["components"] = {"rin": {"labels": reader}}
    config.to_disk(workspace / "with_labels.cfg")
    spacy_command(
        *("train", workspace / "with_labels.cfg", "--output", workspace / "with_labels"),
        *overrides(**rin_paths(workspace), **SIZES, **{"training.max_epochs": 1}),
    )
    nlp = spacy.load(workspace / "with_labels" / "model-last")
    assert rin_of(nlp).labels == ("zoo", *RELATION_LABELS)


# -- train, evaluate -------------------------------------------------------------------------------


def test_training_learns_and_reports_its_parts(workspace: Path, pipeline: Path) -> None:
    log = (workspace / "train.log").read_text()
    assert "LOSS RIN" in log and "REL_F" in log
    performance = spacy.load(pipeline).meta["performance"]
    assert performance["rel_f"] > 0.5 and performance["ents_f"] > 0.8
    assert performance["rin_loss"] > 0


def test_trained_pipeline_has_tags_entities_and_relations(pipeline: Path) -> None:
    nlp = spacy.load(pipeline)
    assert nlp.pipe_names == ["tagger", "rin"]
    docs = list(nlp.pipe(texts()))
    assert all(has_relations(doc) and doc.has_annotation("TAG") for doc in docs)
    assert any(doc._.relations for doc in docs)


def test_tags_of_the_tagger_have_rows_in_the_model(pipeline: Path) -> None:
    nlp = spacy.load(pipeline)
    tables = [n for n in rin_of(nlp).model.walk() if n.attrs.get("attr") == "TAG"]
    known = {nlp.vocab.strings[int(key)] for key in tables[0].attrs["keys"]}
    assert known == {"NNP", "X", "."}


def test_frozen_tagger_is_the_one_that_was_trained(workspace: Path, pipeline: Path) -> None:
    sourced, trained_first = (
        spacy.load(path).get_pipe("tagger").model.to_bytes()
        for path in (pipeline, workspace / "tagger" / "model-last")
    )
    assert sourced == trained_first


def test_training_on_a_corpus_without_relations_stops_with_an_error(workspace: Path) -> None:
    DocBin(docs=gold_docs(Vocab())).to_disk(workspace / "no_relations.spacy")
    arguments = {**rin_paths(workspace), "paths.train": str(workspace / "no_relations.spacy")}
    result = CliRunner().invoke(
        app, ["train", str(CONFIGS / "rin.cfg"), *overrides(**arguments, **SIZES)]
    )
    assert result.exit_code != 0
    assert "store_user_data" in f"{result.output}{result.exception!r}"


def test_gradient_accumulation_trains(workspace: Path) -> None:
    settings = {"training.accumulate_gradient": 2, "training.max_epochs": 1}
    spacy_command(
        *("train", CONFIGS / "rin.cfg", "--output", workspace / "accumulated"),
        *overrides(**rin_paths(workspace), **SIZES, **settings),
    )
    assert (workspace / "accumulated" / "model-last").is_dir()


def test_evaluate_writes_every_score(workspace: Path, pipeline: Path) -> None:
    spacy_command(
        *("evaluate", pipeline, workspace / "dev.spacy", "--output", workspace / "scores.json")
    )
    scores = srsly.read_json(workspace / "scores.json")
    assert isinstance(scores, dict)
    for name in ("ents", "rel", "rel_strict", "rel_partial", "rel_text"):
        assert all(0.0 <= scores[f"{name}_{x}"] <= 1.0 for x in "prf")
    assert scores["rel_per_type"]


def test_evaluate_per_component_prints_the_relation_scores(workspace: Path, pipeline: Path) -> None:
    path = workspace / "per_component.json"
    spacy_command(
        *("evaluate", pipeline, workspace / "dev.spacy", "--per-component", "--output", path)
    )
    scores = srsly.read_json(path)
    assert isinstance(scores, dict)
    assert {"rel_p", "rel_r", "rel_f", "ents_f"} <= set(scores["rin"])
    assert "tag_acc" in scores["tagger"]


def test_find_threshold_finds_one(workspace: Path, pipeline: Path) -> None:
    arguments = ["rin", "threshold", "rel_f", "--n_trials", 3]
    result = spacy_command(
        "find-threshold", pipeline, workspace / "dev.spacy", *map(str, arguments)
    )
    assert "Best threshold" in result.output


def test_find_threshold_compares_different_thresholds(workspace: Path) -> None:
    trained().to_disk(workspace / "toy")
    threshold, score, scores = find_threshold(
        str(workspace / "toy"), workspace / "dev.spacy", "rin", "threshold", "rel_f", n_trials=3
    )
    assert (threshold, score) == (0.5, 1.0)
    assert scores[0.0] < 1.0 and scores[1.0] == 0.0


# -- assemble, package -----------------------------------------------------------------------------


def test_assemble_builds_the_same_pipeline(workspace: Path, pipeline: Path) -> None:
    config = Config(
        {
            "nlp": {"lang": "en", "pipeline": ["tagger", "sentencizer", "rin"]},
            "components": {
                "tagger": {"source": str(pipeline)},
                "sentencizer": {"factory": "sentencizer"},
                "rin": {"source": str(pipeline)},
            },
        }
    )
    config.to_disk(workspace / "assemble.cfg")
    spacy_command("assemble", workspace / "assemble.cfg", workspace / "assembled")
    nlp, assembled = spacy.load(pipeline), spacy.load(workspace / "assembled")
    assert assembled.pipe_names == ["tagger", "sentencizer", "rin"]
    for text in texts():
        assert_same(assembled(text), nlp(text))


def test_package_names_what_it_requires_and_loads(workspace: Path, pipeline: Path) -> None:
    (workspace / "packages").mkdir()
    spacy_command(
        *("package", pipeline, workspace / "packages", "--build", "none"),
        *("--name", "rin_toy", "--version", "0.0.1"),
    )
    package = workspace / "packages" / "en_rin_toy-0.0.1"
    meta = srsly.read_json(package / "meta.json")
    assert isinstance(meta, dict)
    assert any(r.startswith("spacy-rin>=") for r in meta["requirements"])
    packaged, nlp = spacy.load(package / "en_rin_toy" / package.name), spacy.load(pipeline)
    for text in texts():
        assert_same(packaged(text), nlp(text))


def test_word_vectors_reach_the_word_table(workspace: Path) -> None:
    vectors = workspace / "vectors.txt"
    vectors.write_text("born " + " ".join(["0.5"] * 24) + "\nlondon " + " ".join(["2.0"] * 24))
    spacy_command("init", "vectors", "en", vectors, workspace / "vectors")
    arguments = {**rin_paths(workspace), "paths.vectors": str(workspace / "vectors")}
    settings = {"training.max_epochs": 1, "training.optimizer.learn_rate": 1e-9}
    spacy_command(
        *("train", CONFIGS / "rin.cfg", "--output", workspace / "with_vectors"),
        *overrides(**{**arguments, **SIZES, **settings}),
    )
    nlp = spacy.load(workspace / "with_vectors" / "model-last")
    tables = [n for n in rin_of(nlp).model.walk() if n.attrs.get("attr") == "ORTH"]
    rows = tables[0].predict([Doc(nlp.vocab, words=["born", "London"])])[0]
    assert rows[0] == pytest.approx(0.5, abs=1e-3) and rows[1] == pytest.approx(2.0, abs=1e-3)
