"""`spacy-rin inspect` of raw files, of Docs with doc._.rel, and of long Docs; whole reports."""

from __future__ import annotations

import json
from pathlib import Path

from raw_records import DOCCANO, lines
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_rin.cli import app
from spacy_rin.exchange.rel_component import REL_KEY


def run(*args: object) -> str:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_raw_file_says_its_form_and_how_to_read_it(tmp_path: Path) -> None:
    path = lines(tmp_path, DOCCANO)
    (summary,) = json.loads(run("inspect", path, "--json"))
    assert summary["form"] == "doccano"
    assert summary["convert"] == f"spacy-rin convert {path} corpus/data.spacy --format doccano"
    assert "It has the form doccano" in run("inspect", path)


def test_docs_with_rel_say_so(tmp_path: Path) -> None:
    doc = Doc(Vocab(), words=["Ada"] * 300)
    doc.user_data[REL_KEY] = {}
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "rel.spacy")
    (summary,) = json.loads(run("inspect", tmp_path / "rel.spacy", "--json"))
    assert summary["form"] == "docbin" and summary["counts"]["docs_with_rel"] == 1
    assert summary["counts"]["docs_over_max_length"] == 1
    shown = run("inspect", tmp_path / "rel.spacy")
    assert "doc._.rel" in shown and "--sentences sentencizer" in shown


def test_report_lists_all(tmp_path: Path) -> None:
    path = lines(tmp_path, DOCCANO, *["{"] * 9)
    report = tmp_path / "report.json"
    run("convert", path, tmp_path / "out.spacy", "--report", report)
    assert len(json.loads(report.read_text())["dropped"]["malformed"]["examples"]) == 5
    run("convert", path, tmp_path / "out.spacy", "--report", report, "--all")
    assert len(json.loads(report.read_text())["dropped"]["malformed"]["examples"]) == 9
