"""A pipeline that describes itself: on disk, in `spacy info` and in the package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.cli.info import info
from spacy.cli.package import package
from spacy.tokens import Doc
from spacy.vocab import Vocab
from toy import RELATION_LABELS, assert_same, gold_docs, texts, trained, write_corpus
from typer.testing import CliRunner, Result

from spacy_rin import Relation
from spacy_rin.cli import app
from spacy_rin.corpus.statistics import PHRASE, count_labels
from spacy_rin.evaluation.card import SCORES, score_names
from spacy_rin.evaluation.report import evaluate, make_record
from spacy_rin.evaluation.write_card import write_card

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored pipeline, its corpus and its result."""
    path = tmp_path_factory.mktemp("described")
    nlp = trained()
    nlp.meta.update(name="rin_toy", version="1.2.3", license="MIT")
    nlp.to_disk(path / "pipeline")
    corpus = write_corpus(path / "gold.spacy", gold_docs(Vocab()))
    result = make_record(nlp, evaluate(nlp, corpus, corpus), {"test": corpus}, [])
    srsly.write_json(path / "result.json", result)
    write_card(path / "pipeline", path / "described", path / "result.json", corpus)
    return path


def test_pipeline_is_the_same_but_for_what_it_says(workspace: Path) -> None:
    before, after = (spacy.load(workspace / name) for name in ("pipeline", "described"))
    for text in texts()[:9]:
        assert_same(after(text), before(text))
    files = {p.relative_to(workspace / "described") for p in (workspace / "described").rglob("*")}
    old = {p.relative_to(workspace / "pipeline") for p in (workspace / "pipeline").rglob("*")}
    assert {str(path) for path in files - old} == {"README.md"} and not old - files


def test_meta_has_the_scores_and_survives_loading(workspace: Path) -> None:
    result = srsly.read_json(workspace / "result.json")
    meta = spacy.load(workspace / "described").meta
    assert meta["performance"]["rel_f"] == result["scores"]["rel_f"]
    assert set(meta["performance"]["rel_per_type"]) == set(RELATION_LABELS)
    assert meta["performance"]["speed"] == result["speed"]["words_per_s"] > 0
    assert set(meta["labels"]["rin"]) == set(RELATION_LABELS)


def test_spacy_info_says_scores_limits_and_paper(workspace: Path) -> None:
    text = str(info(str(workspace / "described"), markdown=True, exclude=["labels"]))
    for words in ("authors_exact", "sentence by sentence", "EMNLP 2020", "MIT"):
        assert words in text


def test_readme_of_the_package_is_the_card(workspace: Path, tmp_path: Path) -> None:
    package(workspace / "described", tmp_path, create_sdist=False)
    card = (workspace / "described" / "README.md").read_text(encoding="utf8")
    assert (tmp_path / "en_rin_toy-1.2.3" / "README.md").read_text(encoding="utf8") == card
    assert "`born_in`" in card and "capital_of" in card


def test_every_example_is_a_triple_of_its_label() -> None:
    docs = gold_docs(Vocab())
    labels = count_labels(docs)
    for label, example in labels.examples.items():
        assert example in {r.text for doc in docs for r in doc._.relations if r.label == label}
    assert labels.docs == len(docs)
    assert labels.relations.total() == sum(len(doc._.relations) for doc in docs)


def test_long_mentions_are_cut_in_examples() -> None:
    doc = Doc(Vocab(), words=["word"] * 50)
    doc._.relations = [Relation(doc[0:1], "x", doc[0:50])]
    (example,) = count_labels([doc]).examples.values()
    head, _, tail = example.split(" | ")
    assert head == "word" and len(tail) <= PHRASE and tail.endswith("…")
    doc = Doc(Vocab(), words=["北京大学" * 15, "x"])  # without a space to cut at
    doc._.relations = [Relation(doc[1:2], "x", doc[0:1])]
    (example,) = count_labels([doc]).examples.values()
    assert example.endswith("北京 …") and len(example.split(" | ")[2]) == PHRASE


def change_result(path: Path, **changes: Any) -> Path:
    result = srsly.read_json(path / "result.json")
    removed = {name for name, value in changes.items() if value is None}
    kept = {k: v for k, v in {**result, **changes}.items() if k not in removed}
    (path / "changed.json").write_text(json.dumps(kept), encoding="utf8")
    return path / "changed.json"


def test_scores_of_another_pipeline_are_an_error(workspace: Path, tmp_path: Path) -> None:
    other = change_result(workspace, model="en_rin_other-1.2.3")
    with pytest.raises(ValueError, match=r"en_rin_other-1\.2\.3.*en_rin_toy-1\.2\.3"):
        write_card(workspace / "pipeline", tmp_path / "out", other, workspace / "gold.spacy")
    assert list(tmp_path.iterdir()) == []


def test_every_score_of_a_report_has_a_meaning(workspace: Path) -> None:
    scores = srsly.read_json(workspace / "result.json")["scores"]
    assert set(score_names(scores)) == {"ents", *SCORES}


def test_result_of_another_version_has_other_scores(workspace: Path, tmp_path: Path) -> None:
    scores = srsly.read_json(workspace / "result.json")["scores"]
    scores = {k.replace("rel_text", "rel_new"): v for k, v in scores.items()}
    result = change_result(workspace, scores=scores)
    write_card(workspace / "pipeline", tmp_path / "out", result, workspace / "gold.spacy")
    notes = srsly.read_json(tmp_path / "out" / "meta.json")["notes"]
    assert "rel_new" in notes and "rel_text" not in notes


def test_result_that_lacks_something_is_an_error(workspace: Path, tmp_path: Path) -> None:
    no_score = {"scores": {"ents_f": 0.5}}
    for name, changes in {
        "by_seen": {"by_seen": None},
        "seed": {"seed": None},
        "hardware": {"hardware": None},
        "scores.rel_f": no_score,
        "scores.rel_f, data.test": {**no_score, "data": []},
    }.items():
        lacking = change_result(workspace, **changes)
        with pytest.raises(ValueError, match=f"lacks {name}"):
            write_card(workspace / "pipeline", tmp_path / "out", lacking, workspace / "gold.spacy")


@pytest.mark.parametrize("content", ["", "[1]", "not JSON"])
def test_what_is_no_result_is_an_error(workspace: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(ValueError, match=r"result\.json.*evaluate"):
        write_card(
            workspace / "pipeline",
            tmp_path / "out",
            tmp_path / "result.json",
            workspace / "gold.spacy",
        )


def run(pipeline: Path, output: Path, workspace: Path) -> Result:
    options = {"--result": workspace / "result.json", "--train": workspace / "gold.spacy"}
    args = ["card", pipeline, output, *(part for pair in options.items() for part in pair)]
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_command_writes_the_card(workspace: Path, tmp_path: Path) -> None:
    result = run(workspace / "pipeline", tmp_path / "out", workspace)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "README.md").is_file()


def test_directory_with_other_things_is_not_replaced(workspace: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert run(workspace / "pipeline", output, workspace).exit_code == 0
    (output / "thesis.txt").write_text("years of work")
    result = run(workspace / "pipeline", output, workspace)
    assert result.exit_code == 1 and "other things in it" in str(result.exception)
    assert (output / "thesis.txt").is_file()


def test_command_writes_the_card_again(workspace: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run(workspace / "pipeline", tmp_path / "out", workspace).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("notes", "other things in it"),
        ("notes/a.txt", "a file"),
        ("pipeline", "the pipeline to describe"),
        ("pipeline/described", "inside the other"),
        (".", "inside the other"),
    ],
)
def test_card_replaces_nothing_but_a_card(
    workspace: Path, tmp_path: Path, place: str, reason: str
) -> None:
    shutil.copytree(workspace / "pipeline", tmp_path / "pipeline")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    result = run(tmp_path / "pipeline", tmp_path / place, workspace)
    assert isinstance(result.exception, ValueError) and reason in str(result.exception)
    assert sorted(tmp_path.rglob("*")) == before


def test_command_names_a_directory_without_pipeline(workspace: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "nothing", tmp_path / "out", workspace)
    assert isinstance(result.exception, ValueError) and "meta.json" in str(result.exception)


@pytest.mark.parametrize("name", ["sentencizer", "entity_ruler", "attribute_ruler"])
def test_card_is_written_again_whatever_the_components_save(
    workspace: Path, tmp_path: Path, name: str
) -> None:
    nlp = spacy.load(workspace / "pipeline")
    nlp.add_pipe(name)
    nlp.to_disk(tmp_path / "pipeline")
    for _ in range(2):
        write_card(
            tmp_path / "pipeline",
            tmp_path / "described",
            workspace / "result.json",
            workspace / "gold.spacy",
        )
    (tmp_path / "described" / "notes.txt").touch()
    with pytest.raises(ValueError, match="other things"):
        write_card(
            tmp_path / "pipeline",
            tmp_path / "described",
            workspace / "result.json",
            workspace / "gold.spacy",
        )


@pytest.mark.parametrize(
    "text",
    ["", "[" * 100_000, "\xff\xfe", "[]", "5", '{"scores": NaN}'],
    ids=["empty", "deep", "binary", "list", "number", "NaN"],
)
def test_odd_result_is_said_with_its_name(workspace: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"odd\.json is not what"):
        write_card(
            workspace / "pipeline",
            tmp_path / "card",
            tmp_path / "odd.json",
            workspace / "gold.spacy",
        )


@pytest.mark.parametrize(
    "change",
    [
        {"scores": {"rel_f": "high"}},
        {"config": {"components": {}}},
        {"config": {"components": []}},
        {"hardware": None, "data": {"test": 5}},
        {"by_seen": [1]},
        {"joined": 5},
    ],
    ids=str,
)
def test_result_of_another_shape_is_said_with_its_name(
    workspace: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    result = {**srsly.read_json(workspace / "result.json"), **change}
    (tmp_path / "odd.json").write_text(json.dumps(result))
    with pytest.raises(ValueError, match=r"odd\.json is not what"):
        write_card(
            workspace / "pipeline",
            tmp_path / "card",
            tmp_path / "odd.json",
            workspace / "gold.spacy",
        )
    assert not (tmp_path / "card").exists()
