"""`spacy-rin vectors`: what it writes serves `init` and training; each mistake is one line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import spacy
import spacy.cli
from spacy.util import load_config
from spacy.vocab import Vocab
from tiny_bert import make_bert
from toy import gold_docs, texts, write_corpus
from typer.testing import CliRunner, Result

from spacy_rin.cli import app

LISTED = ["zanzibar", "the"]


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = sorted({word.lower() for text in texts() for word in text.split()})
    return make_bert(tmp_path_factory.mktemp("bert"), [*words, *LISTED, "##s"])


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "gold.spacy", gold_docs(Vocab()))


@pytest.fixture(autouse=True)
def frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of two words in the place of the package's."""
    package = SimpleNamespace(top_n_list=lambda lang, n: ["zanzibars", "thes"][:n])
    monkeypatch.setitem(sys.modules, "wordfreq", package)


def test_vectors_of_all_lists_are_written(bert: Path, corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "vectors"
    own = tmp_path / "own.txt"
    own.write_text("Londons\nqqq\n")
    told = ("--words", corpus, "--words", own, "--width", 8, "--lang", "de")
    result = run("vectors", output, "--transformer", bert, *told)
    assert result.exit_code == 0, result.output
    nlp = spacy.load(output)
    assert nlp.lang == "de" and nlp.vocab.vectors.shape[1] == 8
    known = {nlp.vocab.strings[key] for key in nlp.vocab.vectors}
    # the corpus, the list, the transformer's own words, and the frequent ones
    assert {"lovelace", "londons", "zanzibar", "zanzibars", "thes"} <= known
    assert "qqq" not in known and "##s" not in known
    assert f"{len(known)} words, in lower case" in " ".join(result.output.split())


def test_share_of_covered_words_is_said(bert: Path, corpus: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Plato\nqqq\nZanzibar\nqqqq\n")
    told = ("--words", corpus, "--frequent", 0, "--width", 4, "--covers", text)
    result = run("vectors", tmp_path / "vectors", "--transformer", bert, *told)
    assert result.exit_code == 0, result.output
    assert "50.0% of the words" in result.output and "33.3% of those" in result.output


def test_writing_twice_gives_the_same(bert: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        told = ("--transformer", bert, "--width", 4)
        assert run("vectors", tmp_path / name, *told).exit_code == 0
    one, two = (spacy.load(tmp_path / name).vocab.vectors for name in ("one", "two"))
    assert np.array_equal(one.data, two.data) and one.key2row == two.key2row


@pytest.mark.training
def test_vectors_serve_the_recipe(bert: Path, corpus: Path, tmp_path: Path) -> None:
    """The commands of the documents, one after the other."""
    vectors, config = tmp_path / "vectors", tmp_path / "my.cfg"
    told = ("--words", corpus, "--width", 8)
    assert run("vectors", vectors, "--transformer", bert, *told).exit_code == 0
    assert run("init", corpus, config, "--vectors", vectors).exit_code == 0
    assert load_config(config)["paths"]["vectors"] == str(vectors)
    settings = {"paths.train": corpus, "paths.dev": corpus, "paths.history": tmp_path / "h.jsonl"}
    settings |= {"training.max_steps": 1, "training.eval_frequency": 1}
    options = [part for key, value in settings.items() for part in (f"--{key}", str(value))]
    train = ["train", str(config), "--output", str(tmp_path / "out"), *options]
    result = CliRunner().invoke(spacy.cli.app, train)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    nlp = spacy.load(tmp_path / "out" / "model-last")
    assert nlp.vocab.vectors.shape == spacy.load(vectors).vocab.vectors.shape
    assert nlp(texts()[0])._.relations is not None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--width", 0), "--width must be at least 1"),
        (("--width", 1000), "vectors of 32 dimensions"),
        (("--frequent", -1), "--frequent must be at least 0"),
        (("--words", "none.txt"), "no file or directory none.txt"),
        (("--words", "none.spacy"), "Expected a .spacy file"),
    ],
)
def test_wrong_option_is_one_line(
    bert: Path, tmp_path: Path, told: tuple[object, ...], said: str
) -> None:
    result = run("vectors", tmp_path / "vectors", "--transformer", bert, *told)
    assert result.exit_code == 1 and said in str(result.exception)
    assert not (tmp_path / "vectors").exists()


def test_existing_directory_is_kept_unless_told(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "mine").write_text("mine")
    told = ("vectors", tmp_path / "vectors", "--transformer", bert, "--width", 4)
    result = run(*told)
    assert result.exit_code == 1 and "exists already" in str(result.exception)
    assert (tmp_path / "vectors" / "mine").read_text() == "mine"
    assert run(*told, "--overwrite").exit_code == 0
    assert spacy.load(tmp_path / "vectors").vocab.vectors.size


def test_missing_extra_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    result = run("vectors", tmp_path / "vectors", "--transformer", "minilm")
    assert result.exit_code == 1 and "spacy-rin[transformers]" in str(result.exception)
