"""Whatever goes into a pipeline can go to another process, which Python may have spawned."""

from __future__ import annotations

import pickle
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from paths import ROOT
from spacy.language import Language
from spacy.util import fix_random_seed
from thinc.api import Config
from tiny_bert import make_bert, toy_pieces
from toy import as_example, assert_same, gold_docs, texts, trained

from spacy_rin.layers.autocast import make_autocast

CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))
# What spaCy registers under a name: all but the command.
POINTS = [p for p in distribution("spacy-rin").entry_points if p.group != "console_scripts"]
NEEDED: dict[str, dict[str, Any]] = {"spacy-rin.HistoryLogger.v1": {"path": Path("history.jsonl")}}
# Layers are part of the pipelines below.
LAYERS = {"spacy_architectures", "spacy_factories"}


def copy_of(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_registered_function_and_what_it_makes_can_be_pickled(point: Any) -> None:
    make = point.load()
    assert copy_of(make) is make
    if point.group not in LAYERS:
        made = make(**NEEDED.get(point.name, {}))
        assert type(copy_of(made)) is type(made)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("bert"), toy_pieces())


def build(path: Path, bert: Path) -> Language:
    """The pipeline of a config, initialised on the toy corpus, with the toy transformer."""
    config = Config().from_disk(path, interpolate=False)
    own = {name: part for name, part in config["components"].items() if "factory" in part}
    config["components"] = own
    config["nlp"]["pipeline"] = [name for name in config["nlp"]["pipeline"] if name in own]
    for part in own.values():
        if part["factory"] == "transformer":
            part["model"]["name"] = str(bert)
        if part["factory"] == "tagger":
            part["model"]["tok2vec"] |= {"width": 16} if "width" in part["model"]["tok2vec"] else {}
    vectors = config["paths"].pop("vectors", None)
    config["paths"]["vectors"] = None
    after = config.get("initialize", {}).get("after_init")
    config["initialize"] = {"after_init": after} if after else {}
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    if vectors:
        nlp.vocab.set_vector("Ada", np.ones(5, dtype="f"))
    fix_random_seed(0)
    examples = [as_example(nlp, doc) for doc in gold_docs(nlp.vocab)]
    nlp.initialize(lambda: examples)
    return nlp


@pytest.mark.training
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_pipeline_of_every_config_can_be_pickled(
    path: Path, bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    # As on a processor that multiplies faster in bfloat16, whatever this one is.
    monkeypatch.setattr("spacy_rin.layers.autocast.product_dtype", lambda *_: torch.bfloat16)
    build(path, bert).to_disk(tmp_path)
    nlp = make_autocast()(spacy.load(tmp_path))
    copy = copy_of(nlp)
    assert copy.pipe_names == nlp.pipe_names
    for text in texts()[:3]:
        assert_same(copy(text), nlp(text))


@pytest.mark.training
def test_trained_pipeline_that_was_pickled_finds_the_same() -> None:
    nlp = trained()
    copy = copy_of(copy_of(nlp))
    for text in texts()[:9]:
        assert_same(copy(text), nlp(text))


@pytest.mark.training
def test_precision_is_set_once(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("spacy_rin.layers.autocast.product_dtype", lambda *_: torch.bfloat16)
    nlp = make_autocast()(build(ROOT / "configs" / "rin_trf_alone.cfg", bert))
    modules = [
        shim._model
        for node in nlp.get_pipe("transformer").model.walk()  # type: ignore[attr-defined]
        for shim in node.shims
        if hasattr(shim, "_hfmodel")
    ]
    before = [module.forward for module in modules]
    make_autocast()(nlp)
    assert before and [module.forward for module in modules] == before
