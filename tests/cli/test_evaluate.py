"""`spacy-rin evaluate`: what it prints, in which order, and what it writes first."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Span
from toy import gold_docs, trained, write_corpus
from typer.testing import CliRunner, Result

from spacy_rin.cli import app, evaluate
from spacy_rin.cli.terminal import UNSEEN
from spacy_rin.corpus.docbin import read_docs

pytestmark = pytest.mark.training


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *(str(arg) for arg in args)])


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "gold.spacy", gold_docs(spacy.blank("en").vocab))


def test_evaluate_prints_and_writes(model: str, corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "results" / "toy.json"
    parts = ("--train", corpus, "--dev", corpus)
    result = run(model, corpus, *parts, "--output", output)
    assert result.exit_code == 0, result.output
    data = json.loads(output.read_text())
    for key in ("scores", "by_overlap", "by_triples", "by_seen", "per_type", "joined", "config"):
        assert data[key]
    for key in ("seed", "chosen_on", "versions", "data", "train_seconds", "hardware"):
        assert key in data
    assert data["chosen_on"] == "dev" and isinstance(data["seed"], int)
    assert "silence_negated" in result.output
    said = " ".join(result.output.split())  # a long line is broken
    assert "scores: of " in said and "expected calibration error" in said
    assert {"silence", "silence_negated"} <= data["scores"].keys()


def test_evaluate_takes_a_label_that_train_lacks(model: str, tmp_path: Path) -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    docs[0].ents = [Span(docs[0], ent.start, ent.end, label="NEW") for ent in docs[0].ents]
    docs[0].user_data["spacy_rin.relations"][0][3] = "never_seen"
    test = write_corpus(tmp_path / "test.spacy", docs)
    result = run(model, test, "--output", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["scores"]["authors_exact_r"] < 1.0


def test_evaluate_records_the_settings_that_counted(corpus: Path, tmp_path: Path) -> None:
    trained(threshold=0.9).to_disk(tmp_path / "model")
    result = run(tmp_path / "model", corpus, "--output", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["settings"]["threshold"] == 0.9


def rows(output: str, title: str) -> dict[str, list[str]]:
    """The rows of a printed table, by their first cells."""
    lines = output.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(title)) + 2
    end = next(k for k in range(start, len(lines)) if not lines[k].strip())
    cells = [line.split() for line in lines[start:end]]
    return {name: values for name, *values in cells}


def test_scores_of_each_label_are_shown_with_their_numbers(model: str, corpus: Path) -> None:
    result = run(model, corpus, "--train", corpus)
    shown = rows(result.output, "label ")
    gold = Counter(r.label for doc in read_docs(corpus) for r in doc._.relations)
    assert {name: int(values[3]) for name, values in shown.items()} == gold
    assert {name: int(values[5]) for name, values in shown.items()} == gold
    assert all(0 <= float(value) <= 100 for values in shown.values() for value in values[:3])


def test_counts_of_the_paper_are_shown_if_they_are_asked_for(
    model: str, corpus: Path, tmp_path: Path
) -> None:
    for paper in (False, True):
        path = tmp_path / f"{paper}.json"
        result = run(model, corpus, "--output", path, *(["--paper"] if paper else []))
        for words in ("authors_partial", "authors_exact", "sentences of class", "SEO"):
            assert (words in result.output) == paper, words
        data = json.loads(path.read_text())
        assert data["by_overlap"]["SEO"] and "authors_exact_f" in data["scores"]


def test_advice_is_the_last_that_is_printed(model: str, corpus: Path) -> None:
    result = run(model, corpus)
    _, _, advice = result.output.rpartition("What to do next")
    lines = advice.splitlines()[1:]
    assert 1 <= len(lines) <= 4 and all(line.startswith("- ") for line in lines)
    # Each label has 4 or 8 triples.
    assert any("fewer than 20 triples in the test set" in line for line in lines)


def test_result_is_written_before_it_is_printed(
    model: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(evaluate, "_print_result", fail)
    output = tmp_path / "r.json"
    assert isinstance(run(model, corpus, "--output", output).exception, BrokenPipeError)
    assert json.loads(output.read_text())["scores"]["rel_f"] > 0.5


def test_labels_do_nothing_to_the_terminal(model: str, tmp_path: Path) -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    label = "odd\x1b[2J\u202e\nscore 100.0"
    docs[0].user_data["spacy_rin.relations"][0][3] = label
    result = run(model, write_corpus(tmp_path / "odd.spacy", docs))
    assert result.exit_code == 0, result.output
    assert not UNSEEN.search(result.output.replace("\x1b[1m", "").replace("\x1b[0m", ""))
    assert not any(line.startswith("score 100.0") for line in result.output.splitlines())
    assert "odd\\x1b[2J" in result.output


def test_many_labels_are_cut_on_the_screen_and_whole_in_the_file(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "LABELS", 2)
    docs = gold_docs(spacy.blank("en").vocab)
    output = tmp_path / "r.json"
    result = run(model, write_corpus(tmp_path / "test.spacy", docs), "--output", output)
    assert len(rows(result.output, "label ")) == 2
    labels = json.loads(output.read_text())["by_label"]
    assert f"... and {len(labels) - 2} more labels" in result.output
    counts = [row["triples"] for row in labels.values()]
    assert counts == sorted(counts, reverse=True)
