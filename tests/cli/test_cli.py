"""The command line: each command on a small corpus, and each mistake in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from processes import run_python
from spacy.tokens import DocBin, Span
from toy import gold_docs, trained, write_corpus
from typer.testing import CliRunner, Result

import spacy_rin
from spacy_rin import get_relations
from spacy_rin.cli import app
from spacy_rin.corpus.docbin import read_docs

RECORDS = [
    {
        "text": "Ada was born in London.",
        "relations": [{"head": "Ada", "label": "born_in", "tail": "London"}],
    },
    {
        "text": "Ada never saw Rome.",
        "relations": [{"head": "Ada", "label": "saw", "tail": "Paris"}],
    },
    {"text": "It rained.", "relations": []},
]


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.jsonl"
    path.write_text("\n".join(map(json.dumps, RECORDS)), encoding="utf8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "gold.spacy", gold_docs(spacy.blank("en").vocab))


def test_versions() -> None:
    result = run("--version")
    assert result.exit_code == 0, result.output
    versions = dict(line.split() for line in result.output.splitlines())
    assert versions["spacy-rin"] == spacy_rin.__version__
    assert versions["spacy"] == spacy.__version__


def test_convert_writes_docs_and_report(raw: Path, tmp_path: Path) -> None:
    output, report = tmp_path / "out.spacy", tmp_path / "report.json"
    result = run("convert", raw, output, "--report", report)
    assert result.exit_code == 0, result.output
    docs = list(DocBin().from_disk(output).get_docs(spacy.blank("en").vocab))
    assert [len(get_relations(doc)) for doc in docs] == [1, 0, 0]
    assert json.loads(report.read_text())["dropped"]["mention_not_found"]["count"] == 1
    assert "mention_not_found" in result.output


def test_convert_takes_a_slice(raw: Path, tmp_path: Path) -> None:
    result = run("convert", raw, tmp_path / "out.spacy", "--start", 1, "--limit", 1)
    assert result.exit_code == 0, result.output
    (doc,) = read_docs(tmp_path / "out.spacy")
    assert doc.text == "Ada never saw Rome."


def test_inspect_counts_what_the_file_holds(corpus: Path) -> None:
    result = run("inspect", corpus, "--json")
    assert result.exit_code == 0, result.output
    (summary,) = json.loads(result.output)
    docs = list(read_docs(corpus))
    assert summary["counts"]["docs"] == len(docs)
    assert summary["counts"]["triples"] == sum(len(get_relations(doc)) for doc in docs)
    assert summary["flat_tags_recall"] == 1.0
    assert sum(summary["relation_labels"].values()) == summary["counts"]["triples"]
    assert sum(row[-1] for row in summary["signatures"]) == summary["counts"]["triples"]
    assert ["PER", "born_in", "LOC", 12] in summary["signatures"]


def test_inspect_prints_tables(corpus: Path) -> None:
    result = run("inspect", corpus)
    assert result.exit_code == 0 and "born_in" in result.output
    assert "6 type signatures (head, relation, tail):" in result.output


@pytest.mark.training
def test_evaluate_prints_and_writes(model: str, corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "results" / "toy.json"
    parts = ("--train", corpus, "--dev", corpus)
    result = run("evaluate", model, corpus, *parts, "--output", output)
    assert result.exit_code == 0, result.output
    data = json.loads(output.read_text())
    for key in ("scores", "by_overlap", "by_triples", "by_seen", "per_type", "joined", "config"):
        assert data[key]
    for key in ("seed", "chosen_on", "versions", "data", "train_seconds", "hardware"):
        assert key in data
    assert data["chosen_on"] == "dev" and isinstance(data["seed"], int)
    assert "authors_exact" in result.output
    assert "silence_negated" in result.output
    assert "scores: of " in result.output and "expected calibration error" in result.output
    assert {"silence", "silence_negated"} <= data["scores"].keys()


def test_render_draws_gold(corpus: Path, tmp_path: Path) -> None:
    result = run("render", corpus, tmp_path / "page.html", "--limit", 3)
    assert result.exit_code == 0, result.output
    assert "born_in" in (tmp_path / "page.html").read_text(encoding="utf8")


def test_export_writes_and_says_what_the_form_cannot_hold(corpus: Path, tmp_path: Path) -> None:
    docs = list(read_docs(corpus))
    docs[0].ents = []
    write_corpus(corpus, docs)
    result = run("export", corpus, tmp_path / "rel.spacy", "--format", "rel_component")
    assert result.exit_code == 0, result.output
    assert "left_out: 1" in result.output and get_relations(docs[0])[0].text in result.output
    result = run("export", corpus, tmp_path / "tasks.jsonl", "--format", "prodigy")
    assert result.exit_code == 0 and "undrawn: 1" in result.output
    result = run("convert", tmp_path / "tasks.jsonl", tmp_path / "back.spacy", "--strict")
    assert result.exit_code == 0, result.output
    texts = [[r.text for r in get_relations(doc)] for doc in read_docs(tmp_path / "back.spacy")]
    assert texts == [[r.text for r in get_relations(doc)] for doc in docs]


@pytest.mark.training
@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_render_draws_what_a_pipeline_finds(model: str, tmp_path: Path, suffix: str) -> None:
    text = "Alan Turing was born in New York ."
    source = tmp_path / f"texts{suffix}"
    source.write_text(text if suffix == ".txt" else json.dumps({"text": text}), encoding="utf8")
    result = run("render", source, tmp_path / "page.html", "--model", model)
    assert result.exit_code == 0, result.output
    assert "born_in" in (tmp_path / "page.html").read_text(encoding="utf8")


@pytest.mark.processes
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["convert", "missing.jsonl", "out.spacy"], ["missing.jsonl"]),
        (["inspect", "missing.spacy"], ["missing.spacy", "convert"]),
        (["evaluate", "no_such_model", "missing.spacy"], ["missing.spacy"]),
        (["render", "texts.txt", "page.html"], ["texts.txt", "--model"]),
        (["export", "missing.spacy", "a.jsonl", "--format", "prodigy"], ["missing.spacy"]),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    tmp_path: Path, args: list[str], words: list[str]
) -> None:
    done = run_python("-m", "spacy_rin", *args, cwd=tmp_path)
    output = done.stdout + done.stderr
    assert done.returncode == 1 and not done.stdout, output
    assert all(word in output for word in words), output
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.training
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["render", "gold.spacy", "gold.spacy"], "ends with .html"),
        (["render", "gold.spacy", "texts.txt"], "ends with .html"),
        (["graph", "gold.spacy", "gold.spacy"], "ends with .html"),
        (["evaluate", "MODEL", "gold.spacy", "--output", "gold.spacy"], "file to read"),
        (["evaluate", "MODEL", "gold.spacy", "--history", "h", "--output", "h"], "file to read"),
    ],
)
def test_nothing_that_is_read_is_written_over(
    model: str, corpus: Path, tmp_path: Path, args: list[str], words: str
) -> None:
    (corpus.parent / "texts.txt").write_text("Ada was born in London.", encoding="utf8")
    (corpus.parent / "h").write_text("{}", encoding="utf8")
    before = {path: path.read_bytes() for path in corpus.parent.iterdir() if path.is_file()}
    paths = [corpus.parent / a if a in ("gold.spacy", "texts.txt", "h") else a for a in args]
    result = run(*(model if a == "MODEL" else a for a in paths))
    assert result.exit_code == 1 and words in str(result.exception)
    assert before == {path: path.read_bytes() for path in corpus.parent.iterdir() if path.is_file()}


def test_render_says_that_a_pipeline_has_no_rin(corpus: Path, tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    result = run("render", corpus, tmp_path / "page.html", "--model", tmp_path / "blank")
    assert result.exit_code == 1 and "with a rin component" in str(result.exception)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.training
def test_evaluate_takes_a_label_that_train_lacks(model: str, tmp_path: Path) -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    docs[0].ents = [Span(docs[0], ent.start, ent.end, label="NEW") for ent in docs[0].ents]
    docs[0].user_data["spacy_rin.relations"][0][3] = "never_seen"
    test = write_corpus(tmp_path / "test.spacy", docs)
    result = run("evaluate", model, test, "--output", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["scores"]["authors_exact_r"] < 1.0


@pytest.mark.training
def test_evaluate_records_the_settings_that_counted(corpus: Path, tmp_path: Path) -> None:
    trained(threshold=0.9).to_disk(tmp_path / "model")
    result = run("evaluate", tmp_path / "model", corpus, "--output", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["settings"]["threshold"] == 0.9


@pytest.mark.training
def test_gold_without_relations_stops_the_evaluation(model: str, tmp_path: Path) -> None:
    path = tmp_path / "test.spacy"
    DocBin(docs=gold_docs(spacy.blank("en").vocab)).to_disk(path)
    result = run("evaluate", model, path)
    assert isinstance(result.exception, ValueError) and "store_user_data" in str(result.exception)


@pytest.mark.training
def test_row_without_text_is_named(model: str, tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    source.write_text('{"text": "a"}\n{"txt": "b"}\n', encoding="utf8")
    result = run("render", source, tmp_path / "page.html", "--model", model)
    assert isinstance(result.exception, ValueError) and "texts.jsonl:2" in str(result.exception)
    assert list(tmp_path.iterdir()) == [source]


def test_unknown_model_is_one_line(corpus: Path) -> None:
    result = run("evaluate", "no_such_model", corpus)
    assert isinstance(result.exception, OSError) and "no_such_model" in str(result.exception)
