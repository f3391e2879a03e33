"""The way from annotations to facts, measured: what is made, what is run, what is published."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import srsly
from paths import ROOT
from typer.testing import CliRunner

import spacy_rin.cli
from scripts.bench import measure_way
from scripts.bench.modules.made_exports import read_sentences, write_brat, write_label_studio
from scripts.data.unpack_demo import ARCHIVE, unpack
from scripts.reproduce import publish
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.files import write_json

PAGE = ROOT / measure_way.PAGE
COUNT = 20


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    unpack(ROOT / ARCHIVE, folder)
    return folder


def triples(source: Path, output: Path, format: str) -> Counter[tuple[str, ...]]:
    """The triples of a source after its conversion, as texts with labels."""
    convert(source, output, format=format, strict=True, limit=0 if source.is_dir() else COUNT)
    return Counter(
        (rel.head.text, rel.head.label_, rel.label, rel.tail.text, rel.tail.label_)
        for doc in read_docs(output)
        for rel in doc._.relations
    )


def test_exports_say_what_the_corpus_says(demo: Path, tmp_path: Path) -> None:
    sentences = read_sentences(demo / "train.jsonl", COUNT)
    assert len(sentences) == COUNT
    expected = triples(demo / "train.jsonl", tmp_path / "own.spacy", "rin")
    tasks = write_label_studio(tmp_path / "export.json", sentences)
    assert triples(tasks, tmp_path / "tasks.spacy", "label_studio") == expected
    folder = write_brat(tmp_path / "brat", sentences, documents=4)
    assert len(list(folder.glob("*.ann"))) == 4
    assert triples(folder, tmp_path / "brat.spacy", "brat") == expected


def test_commands_of_the_page_lead_from_the_export_to_the_facts() -> None:
    lines = measure_way.find_commands(PAGE)
    assert lines[0] == f"spacy-rin inspect {measure_way.EXPORT}"  # without its comment
    wanted = ["convert", "facts", "init", "train", "evaluate", "extract", "facts"]
    found = [line.split()[1] for line in lines]
    places = [found.index(name) for name in wanted[:-1]]
    assert places == sorted(places) and found[-1] == "facts"
    for name in (measure_way.EXPORT, measure_way.TEXTS, measure_way.SCORES, measure_way.FACTS):
        assert any(name in line.split() for line in lines), name


def test_report_is_published_on_the_page(
    demo: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the page trains, the facts of the gold stand for what would be found."""
    scores = {"rel_p": 0.75, "rel_r": 0.5, "rel_f": 0.625, "ents_f": 0.875}
    Path("page.md").write_text(
        "```bash\nspacy-rin convert export.json gold.spacy\nspacy-rin facts gold.spacy gold.csv\n"
        "spacy-rin facts gold.spacy facts.duckdb  # all\n```\n"
    )
    folders: list[Path] = []

    def run_here(command: Sequence[str], folder: Path | None = None) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            if folder is None:
                patch.setattr(sys, "argv", ["-c", *command[3:]])
                exec(command[2], {})
            else:
                assert command[:3] == [sys.executable, "-m", "spacy_rin"]
                folders.append(folder)
                patch.chdir(folder)
                write_json(measure_way.SCORES, {"scores": scores})
                result = CliRunner().invoke(spacy_rin.cli.app, command[3:])
                assert result.exit_code == 0, result.output
        return {"seconds": 1.5, "peak_mb": 1234}

    pytest.importorskip("duckdb")
    monkeypatch.setattr(measure_way, "watch", run_here)
    monkeypatch.setattr(measure_way, "ARCHIVE", ROOT / ARCHIVE)
    output = workplace / "training/bench/way.json"
    measure_way.main(sentences=8, documents=4, page=workplace / "page.md", output=output)
    report = srsly.read_json(output)
    assert len(folders) == len(report["steps"]) == 3
    assert report["gold_seconds"] == 3.0 and report["seconds"] == 4.5
    gold = {
        (head, label, tail)
        for text, ents, relations in read_sentences(demo / "train.jsonl", 8)
        for names in [[text[start:end] for start, end, _ in ents]]
        for head, label, tail in [(names[h], label, names[t]) for h, label, t in relations]
    }
    assert report["facts"] == len(gold) and report["dev"] == scores
    assert {name: found["records"] for name, found in report["readers"].items()} == {
        "label_studio": 8,
        "brat": 4,
    }
    publish.main(["way"])
    assert srsly.read_json("results/way.json") == report
    page = Path("docs/from-annotations-to-facts.md").read_text(encoding="utf8")
    assert "| `spacy-rin facts gold.spacy` | 1.5 s | 1,234 MB |" in page
    assert "3.0 s to the facts of the gold, 4.5 s in all. `rel_f` is 62.5 on dev" in page
