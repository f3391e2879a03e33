"""`spacy-rin init`: the config it writes trains, and each mistake is one line."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import spacy.cli
import srsly
from paths import ROOT
from processes import run_python
from spacy.tokens import Doc, DocBin
from spacy.util import load_config
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from tiny_bert import make_bert
from toy import assert_same, gold_docs, texts, write_corpus
from typer.testing import CliRunner, Result

import spacy_rin.recipe.config
from spacy_rin import set_relations
from spacy_rin.cli import app
from spacy_rin.recipe.config import TEMPLATE
from spacy_rin.recipe.numbers import WORDS, Numbers

SMALL: dict[str, Any] = {
    "components.rin.model.hidden_width": 8,
    "components.rin.model.tok2vec.encode.layer.width": 8,
    "components.rin.model.tok2vec.embed.*.letters.layer.width": 8,
    "components.rin.model.tok2vec.embed.*.letters.layer.rows": 50,
    "components.rin.threshold": 0.001,
}


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def fails(*args: object) -> str:
    """What a command says that ends with an error of one line."""
    result = run(*args)
    assert result.exit_code == 1 and isinstance(result.exception, ValueError | OSError)
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "gold.spacy", gold_docs(Vocab()))


def vectors(path: Path, mode: str = "default", width: int = 7) -> Path:
    """A pipeline with vectors of some words of the toy corpus."""
    nlp = spacy.blank("en")
    words = sorted({word for text in texts() for word in text.lower().split()})
    data = np.random.default_rng(0).normal(size=(len(words), width)).astype("f")
    if mode == "floret":
        nlp.vocab.vectors = Vectors(
            strings=nlp.vocab.strings, data=data, mode=mode, hash_count=2, minn=2, maxn=3
        )
    else:
        keys = [nlp.vocab.strings.add(word) for word in words]
        nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=keys)
    nlp.to_disk(path)
    return path


def train(config: Path, corpus: Path, output: Path, **settings: Any) -> list[dict[str, Any]]:
    """Train by spaCy's own command; gives the history."""
    changed = SMALL | {
        "paths.train": str(corpus),
        "paths.dev": str(corpus),
        "paths.history": str(output / "history.jsonl"),
        **settings,
    }
    options = [part for key, value in changed.items() for part in (f"--{key}", json.dumps(value))]
    result = CliRunner().invoke(
        spacy.cli.app, ["train", str(config), "--output", str(output), *options]
    )
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    rows: list[dict[str, Any]] = list(srsly.read_jsonl(output / "history.jsonl"))
    return rows


# -- training --------------------------------------------------------------------------------------


@pytest.mark.training
@pytest.mark.parametrize("kind", ["words", "default", "floret", "transformer"])
def test_config_trains_and_what_it_trained_comes_back(
    corpus: Path, tmp_path: Path, kind: str
) -> None:
    told: list[object] = []
    if kind == "transformer":
        words = sorted({word.lower() for text in texts() for word in text.split()})
        told = ["--transformer", make_bert(tmp_path / "bert", words)]
    elif kind != "words":
        told = ["--vectors", vectors(tmp_path / "vectors", kind)]
    result = run("init", corpus, tmp_path / "my.cfg", *told)
    assert result.exit_code == 0, result.output
    steps = {"training.max_steps": 1, "training.eval_frequency": 1}
    history = train(tmp_path / "my.cfg", corpus, tmp_path / "out", **steps)
    assert [row["step"] for row in history] == [0, 1]
    nlp = spacy.load(tmp_path / "out" / "model-last")
    nlp.to_disk(tmp_path / "copy")
    copy = spacy.load(tmp_path / "copy")
    docs = [nlp(text) for text in texts()]
    assert any(doc._.relations for doc in docs)
    for doc, text in zip(docs, texts(), strict=True):
        assert_same(copy(text), doc)


@pytest.mark.training
def test_spacy_makes_the_updates_and_looks_that_are_said(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Numbers(updates=25, least_epochs=1)
    monkeypatch.setattr(spacy_rin.recipe.config, "WORDS", few)
    assert run("init", corpus, tmp_path / "my.cfg").exit_code == 0
    text = (tmp_path / "my.cfg").read_text()
    history = train(tmp_path / "my.cfg", corpus, tmp_path / "out")
    assert f": {len(history)} looks" in text
    # the rate has fallen to zero with the last update that is said
    config = load_config(tmp_path / "out" / "model-last" / "config.cfg")
    steps = config["training"]["optimizer"]["learn_rate"]["total_steps"]
    assert f"epochs make {steps}" in text and steps >= few.updates


# -- what it says ----------------------------------------------------------------------------------


def test_config_of_the_toy_corpus(corpus: Path, tmp_path: Path) -> None:
    result = run("init", corpus, tmp_path / "sub" / "my.cfg")
    assert result.exit_code == 0, result.output
    config = load_config(tmp_path / "sub" / "my.cfg")
    assert config["nlp"]["lang"] == "en" and config["training"]["dropout"] == WORDS.dropout
    assert "does not say its language" in result.output
    assert f"{len(texts())} with" in result.output


def test_language_is_taken_from_the_vectors_unless_given(corpus: Path, tmp_path: Path) -> None:
    nlp = spacy.blank("de")
    nlp.vocab.set_vector("Rom", np.ones(3, dtype="f"))
    nlp.to_disk(tmp_path / "vectors")
    told = ("--vectors", tmp_path / "vectors")
    for given, expected in (((), "de"), (("--lang", "nl"), "nl")):
        result = run("init", corpus, tmp_path / "my.cfg", *told, *given, "--overwrite")
        assert result.exit_code == 0, result.output
        assert load_config(tmp_path / "my.cfg")["nlp"]["lang"] == expected
        assert "3 dimensions" in result.output


def test_labels_that_only_dev_has_are_named(corpus: Path, tmp_path: Path) -> None:
    docs = gold_docs(Vocab())
    train = write_corpus(tmp_path / "train.spacy", docs[:1])
    result = run("init", train, tmp_path / "my.cfg", "--dev", corpus)
    assert result.exit_code == 0, result.output
    assert "relation labels based_in, capital_of" in " ".join(result.output.split())


# -- mistakes --------------------------------------------------------------------------------------


def test_existing_config_is_kept_unless_told(corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "my.cfg"
    path.write_text("mine")
    assert "exists already" in fails("init", corpus, path)
    assert path.read_text() == "mine"
    assert run("init", corpus, path, "--overwrite").exit_code == 0
    assert path.read_text() != "mine"


def test_corpus_is_not_written_over(corpus: Path) -> None:
    before = corpus.read_bytes()
    assert "it is the file to read" in fails("init", corpus, corpus, "--overwrite")
    assert corpus.read_bytes() == before


def test_train_without_relations_is_refused(tmp_path: Path) -> None:
    doc = Doc(Vocab(), words=["It", "rained"])
    set_relations(doc, [])
    train = write_corpus(tmp_path / "rain.spacy", [doc])
    assert "has no relation" in fails("init", train, tmp_path / "my.cfg")
    assert not (tmp_path / "my.cfg").exists()


def test_train_that_lost_its_relations_is_refused(tmp_path: Path) -> None:
    DocBin(docs=gold_docs(Vocab())).to_disk(tmp_path / "lost.spacy")
    assert "store_user_data" in fails("init", tmp_path / "lost.spacy", tmp_path / "my.cfg")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--lang", "qq"), "no language 'qq'"),
        (("--vectors", "en_no_such_pipeline"), "Can't find the pipeline"),
    ],
)
def test_wrong_option_is_one_line(
    corpus: Path, tmp_path: Path, told: tuple[str, ...], said: str
) -> None:
    assert said in fails("init", corpus, tmp_path / "my.cfg", *told)


def test_transformer_without_its_extra_is_one_line(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "spacy_transformers", None)
    said = fails("init", corpus, tmp_path / "my.cfg", "--transformer", "minilm")
    assert "spacy-rin[transformers]" in said


# -- the wheel -------------------------------------------------------------------------------------


@pytest.mark.processes
def test_wheel_writes_configs_without_this_folder(corpus: Path, tmp_path: Path) -> None:
    """The package is unpacked elsewhere, and is all that Python finds of spacy-rin."""
    source = tmp_path / "source"  # a build leaves files behind
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = ("-m", "pip", "wheel", source, "--no-deps", "--no-build-isolation", "--quiet")
    done = run_python(*build, "--wheel-dir", tmp_path / "dist")
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("spacy_rin-*.whl")
    with zipfile.ZipFile(wheel) as file:
        assert f"spacy_rin/recipe/{TEMPLATE}" in file.namelist()
        file.extractall(tmp_path / "unpacked")
    code = "import sys; sys.path.insert(0, 'unpacked'); import spacy_rin.cli as cli; cli.main()"
    done = run_python("-c", code, "init", corpus, "my.cfg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert load_config(tmp_path / "my.cfg")["nlp"]["pipeline"] == ["rin"]
