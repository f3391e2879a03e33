"""The README's commands, from raw records to a pipeline, on data that asks for care."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import pytest
import spacy.cli
import srsly
from spacy.util import load_config
from spacy.vocab import Vocab
from toy import gold_docs
from typer import Typer
from typer.testing import CliRunner

from spacy_rin import cli, get_relations

pytestmark = pytest.mark.training
# The training of the recipe takes minutes. This one has the same shape, but is small and short.
SHORTER = 6
WIDTHS = ["--components.rin.model.hidden_width", 32, "--components.rin.model.rounds", 1]


def call(app: Typer, *words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


def make_corpus(folder: Path, *options: str, **parts: list[dict[str, Any]]) -> list[object]:
    """Convert raw records, write a config for them, and return the words of `spacy train`."""
    for name, rows in parts.items():
        srsly.write_jsonl(folder / f"{name}.jsonl", rows)
        call(cli.app, "convert", folder / f"{name}.jsonl", folder / f"{name}.spacy", *options)
    train, dev = folder / "train.spacy", folder / "dev.spacy"
    call(cli.app, "init", train, folder / "my.cfg", "--dev", dev)
    words: list[object] = ["train", folder / "my.cfg", "--output", folder / "mine"]
    return [*words, "--paths.train", train, "--paths.dev", dev, *WIDTHS]


def raw_rows(start: int, end: int) -> list[dict[str, Any]]:
    """Some of the toy texts as a user would write them down."""
    return [
        {
            "text": doc.text,
            "entities": [
                {"start": ent.start_char, "end": ent.end_char, "label": ent.label_}
                for ent in doc.ents
            ],
            "relations": [
                {"head": rel.head.text, "label": rel.label, "tail": rel.tail.text}
                for rel in get_relations(doc)
            ],
        }
        for doc in gold_docs(Vocab())[start:end]
    ]


def test_28_sentences_are_looked_at_often_and_learned(tmp_path: Path) -> None:
    words = make_corpus(tmp_path, train=raw_rows(0, 28), dev=raw_rows(28, 38))
    plan = load_config(tmp_path / "my.cfg")["training"]
    epochs, frequency = plan["max_epochs"], plan["eval_frequency"]
    steps = ceil(28 / plan["batcher"]["size"])
    assert epochs * steps / frequency >= 10, "looks at dev, as the recipe has it"
    history = tmp_path / "history.jsonl"
    words += ["--paths.history", history, "--training.max_epochs", epochs // SHORTER]
    call(spacy.cli.app, *words, "--training.eval_frequency", frequency // SHORTER)
    looks = [row for row in srsly.read_jsonl(history) if "score" in row]
    assert len({row["step"] for row in looks}) >= 10
    best = max(looks, key=lambda row: row["score"])
    assert best["step"] > 0 and best["score"] > looks[0]["score"]
    # The pipeline that was saved is that of the best look, and finds relations.
    pipeline = tmp_path / "mine" / "model-best"
    assert srsly.read_json(pipeline / "meta.json")["performance"]["rel_f"] > 0.3
    nlp = spacy.load(pipeline)
    found = [len(get_relations(doc)) for doc in nlp.pipe(row["text"] for row in raw_rows(0, 28))]
    assert sum(found) >= 14


def test_chinese_gold_and_an_english_pipeline_are_warned_of(tmp_path: Path) -> None:
    names = [("张三", "北京"), ("李四", "上海"), ("王五", "广州")]
    rows = [
        {
            "text": f"{person}在{city}工作。",
            "entities": [
                {"start": 0, "end": 2, "label": "PER"},
                {"start": 3, "end": 5, "label": "LOC"},
            ],
            "relations": [{"head": 0, "label": "works_in", "tail": 1}],
        }
        for person, city in names
    ]
    words = make_corpus(tmp_path, "--lang", "zh", train=rows * 3, dev=rows)
    words += ["--training.max_epochs", 1]
    with pytest.warns(UserWarning, match=r"Only 0 of 18 gold .*now 'en'"):
        call(spacy.cli.app, *words)
