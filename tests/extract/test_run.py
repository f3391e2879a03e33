"""Documents become triples: every kind of output, every mistake, and every interruption."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import run_python
from toy import gold_docs, trained
from typer.testing import CliRunner, Result

from spacy_rin.cli import app
from spacy_rin.cli import extract as extract_command
from spacy_rin.extract import documents, outputs
from spacy_rin.extract.engines import worker as reading
from spacy_rin.extract.rows import COLUMNS
from spacy_rin.extract.run import extract, journal_path

pytestmark = pytest.mark.training

TEXTS = [doc.text for doc in gold_docs(spacy.blank("en").vocab)][:14]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf8")
    return path


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["extract", *map(str, args)])


def expected_rows(texts: list[str]) -> list[dict[str, Any]]:
    """The rows of the pipeline's relations, made by hand from `Relation.as_dict`."""
    rows = []
    for number, doc in enumerate(trained().pipe(texts), 1):
        for relation in doc._.relations:
            data = relation.as_dict()
            row = {"document": f"texts.txt:{number}", "relation": data["label"]}
            for side in ("head", "tail"):
                row[side] = data[side].pop("text")
                row |= {f"{side}_{name}": value for name, value in data[side].items()}
            ids = {"head_id": "", "tail_id": ""}  # no linker is in the pipeline
            rows.append({**row, **ids, "sentence": doc.text, "sentence_start": 0})
    return rows


def without_score(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in row if name != "score"} for row in rows]


def test_rows_are_what_the_pipeline_says(source: Path, model: str, tmp_path: Path) -> None:
    output = tmp_path / "new" / "out.jsonl"
    totals = extract([source], output, model, batch_size=4)
    rows = read_jsonl(output)
    assert without_score(rows) == expected_rows(TEXTS) and len(rows) > 5
    assert all(0.5 <= row["score"] <= 1 for row in rows)
    assert (totals.documents, totals.triples, totals.failed) == (len(TEXTS), len(rows), 0)
    assert [path.name for path in output.parent.iterdir()] == ["out.jsonl"]


def test_pipeline_that_was_replaced_is_loaded_anew(source: Path, tmp_path: Path) -> None:
    found = []
    for threshold in (0.5, 1.0):
        trained(threshold=threshold).to_disk(tmp_path / "model")
        totals = extract([source], tmp_path / "out.jsonl", tmp_path / "model", overwrite=True)
        found.append(totals.triples)
    assert found[0] > 0 == found[1]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_file_name_that_is_not_utf8(tmp_path: Path, model: str, kind: str) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text(TEXTS[0])
    output = tmp_path / f"out.{kind}"
    extract([path], output, model)
    (triple,) = outputs.read_output(output)
    assert triple["sentence"] == TEXTS[0]
    assert not journal_path(output).exists()


def test_every_kind_of_output_has_the_same_rows(source: Path, model: str, tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"out.{kind}" for kind in ("jsonl", "csv", "parquet")}
    for kind, path in paths.items():
        if kind == "parquet":
            pytest.importorskip("pyarrow")
        extract([source], path, model)
    rows = [{name: row.get(name) for name in COLUMNS} for row in read_jsonl(paths["jsonl"])]
    with paths["csv"].open(encoding="utf8", newline="") as file:
        as_text = [{name: "" if v is None else str(v) for name, v in row.items()} for row in rows]
        assert list(csv.DictReader(file)) == as_text
    import pyarrow.parquet as pq

    assert pq.read_table(paths["parquet"]).to_pylist() == rows


def test_one_row_a_document(source: Path, model: str, tmp_path: Path) -> None:
    extract([source], tmp_path / "out.jsonl", model, by="document")
    rows = read_jsonl(tmp_path / "out.jsonl")
    assert [row["document"] for row in rows] == [f"texts.txt:{k + 1}" for k in range(len(TEXTS))]
    flat = [{"document": row["document"], **triple} for row in rows for triple in row["triples"]]
    assert without_score(flat) == expected_rows(TEXTS)
    assert any(not row["triples"] for row in rows)


def test_document_that_fails_costs_itself_only(model: str, tmp_path: Path) -> None:
    texts = [*TEXTS[:3], "x" * 1_000_001, *TEXTS[3:]]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), encoding="utf8")
    totals = extract([path], tmp_path / "out.jsonl", model)
    rows = read_jsonl(tmp_path / "out.jsonl")
    (bad,) = [row for row in rows if "error" in row]
    assert bad["document"] == "texts.txt:4" and "E088" in bad["error"] and "\n" not in bad["error"]
    assert totals.failed == 1 and totals.documents == len(texts)
    assert {row["document"] for row in rows} - {"texts.txt:4"} == {
        row["document"] for row in expected_rows(["" if len(t) > 1e6 else t for t in texts])
    }


def test_malformed_record_stops_or_becomes_a_row(model: str, tmp_path: Path) -> None:
    path, output = tmp_path / "texts.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"text": text}) for text in TEXTS]
    path.write_text("\n".join([*lines[:6], "{broken", *lines[6:]]), encoding="utf8")
    with pytest.raises(
        ValueError, match=r"texts\.jsonl:7: not JSON: Expecting.*column 2.*--skip-bad"
    ):
        extract([path], output, model, batch_size=3)
    assert not output.exists() and journal_path(output).exists()
    totals = extract([path], output, model, batch_size=3, resume=True, skip_bad=True)
    assert totals.documents == len(TEXTS) + 1 and totals.failed == 1
    rows = read_jsonl(output)
    assert [row["document"] for row in rows if "error" in row] == ["texts.jsonl:7"]
    assert len(rows) == len(expected_rows(TEXTS)) + 1


def test_empty_input_is_an_empty_output(model: str, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = run(tmp_path / "empty.txt", "--model", model, "--output", tmp_path / "out.csv")
    assert result.exit_code == 0 and "no document" in result.output
    assert (tmp_path / "out.csv").read_text().strip() == ",".join(COLUMNS)


def test_standard_input(model: str, tmp_path: Path) -> None:
    args = ["extract", "-", "--model", model, "--output", str(tmp_path / "out.jsonl")]
    result = CliRunner().invoke(app, args, input="\n".join(TEXTS))
    assert result.exit_code == 0, result.output
    rows = read_jsonl(tmp_path / "out.jsonl")
    assert [row["document"] for row in rows] == [
        row["document"].replace("texts.txt", "stdin") for row in expected_rows(TEXTS)
    ]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def whole_run(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, str]:
    """A finished run: its input, and what its journal and output hold."""
    folder = tmp_path_factory.mktemp("whole")
    source, output = folder / "texts.txt", folder / "out.jsonl"
    source.write_text("\n".join(TEXTS), encoding="utf8")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr("spacy_rin.extract.run.write_output", _die)
        extract([source], output, model, batch_size=3)
    journal = journal_path(output).read_bytes()
    extract([source], output, model, batch_size=3, resume=True)
    return source, journal, output.read_text(encoding="utf8")


def _die(*args: object) -> None:
    raise Killed


@settings(max_examples=25)
@given(share=st.floats(0, 1))
def test_killed_at_any_byte_and_resumed(
    whole_run: tuple[Path, bytes, str], model: str, share: float
) -> None:
    source, journal, rows = whole_run
    output = source.with_name("resumed.jsonl")
    journal_path(output).write_bytes(journal[: round(share * len(journal))])
    totals = extract([source], output, model, batch_size=3, resume=True)
    assert output.read_text(encoding="utf8") == rows
    assert totals.documents == len(TEXTS)
    output.unlink()


def test_what_is_done_is_not_read_again(
    whole_run: tuple[Path, bytes, str], model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, journal, rows = whole_run
    output = source.with_name("again.jsonl")
    journal_path(output).write_bytes(journal)
    # documents without a triple are among them
    monkeypatch.setattr(reading.BatchReader, "__call__", _die)
    extract([source], output, model, batch_size=3, resume=True)
    assert output.read_text(encoding="utf8") == rows


@pytest.mark.parametrize("change", ["input", "model", "setting"])
def test_resuming_something_else_is_an_error(
    whole_run: tuple[Path, bytes, str], model: str, tmp_path: Path, change: str
) -> None:
    source, journal, _ = whole_run
    output = tmp_path / "out.jsonl"
    journal_path(output).write_bytes(journal)
    inputs, size = [source], 3
    if change == "input":
        inputs = [tmp_path / "texts.txt"]
        inputs[0].write_bytes(source.read_bytes())
    elif change == "model":
        trained(threshold=0.9).to_disk(tmp_path / "model")
        model = str(tmp_path / "model")
    else:
        size = 4
    with pytest.raises(ValueError, match=r"begun with other (inputs|model|batch_size)"):
        extract(inputs, output, model, batch_size=size, resume=True)
    assert not output.exists() and journal_path(output).read_bytes() == journal


def test_what_is_there_is_not_lost_unasked(source: Path, model: str, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    with pytest.raises(ValueError, match=r"exists already.*--overwrite"):
        extract([source], output, model)
    assert output.read_text() == "old"
    extract([source], output, model, overwrite=True)
    assert len(read_jsonl(output)) == len(expected_rows(TEXTS))
    output.unlink()
    journal_path(output).write_text("{}\n")
    with pytest.raises(ValueError, match="--resume, or begin anew with --overwrite"):
        extract([source], output, model)
    with pytest.raises(ValueError, match="not written by"):
        extract([source], output, model, resume=True)
    with pytest.raises(ValueError, match="exclude each other"):
        extract([source], output, model, resume=True, overwrite=True)
    extract([source], output, model, overwrite=True)
    assert len(read_jsonl(output)) == len(expected_rows(TEXTS))


def test_full_disk_at_the_end_keeps_the_journal(
    source: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, rows: Any) -> None:
        path.write_text(str(next(rows)))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    output = tmp_path / "out.jsonl"
    with monkeypatch.context() as patch, pytest.raises(OSError, match=r"out\.jsonl: No space left"):
        patch.setitem(outputs.WRITERS, ".jsonl", fail)
        extract([source], output, model)
    assert {path.name for path in tmp_path.iterdir()} == {"texts.txt", ".out.jsonl.journal"}
    extract([source], output, model, resume=True)
    assert without_score(read_jsonl(output)) == expected_rows(TEXTS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": "out.xml"}, r"\.jsonl, \.csv, \.parquet"),
        ({"output": "out.csv", "by": "document"}, r"\.jsonl"),
        ({"by": "word"}, "'word'.*triple"),
        ({"engine": "spark"}, "'spark'.*local.*ray"),
        ({"processes": 0}, "processes must be at least 1"),
        ({"model": "no_such_model"}, "no_such_model"),
        ({"text_field": "txt"}, "'txt' is missing"),
        ({"output": "a.jsonl", "overwrite": True}, "it is the file to read"),
    ],
)
def test_mistakes_leave_nothing(
    model: str, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "A."}\n')
    arguments = {"output": "out.jsonl", "model": model} | change
    output = tmp_path / arguments.pop("output")
    with pytest.raises((ValueError, OSError), match=words):
        extract([source], output, **arguments)
    assert list(tmp_path.iterdir()) == [source]


def test_pipeline_without_rin(source: Path, tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="rin component"):
        extract([source], tmp_path / "out.jsonl", tmp_path / "blank")


@pytest.mark.parametrize("package", ["pyarrow", "ray"])
def test_missing_package_is_said(
    source: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    output = tmp_path / ("out.parquet" if package == "pyarrow" else "out.jsonl")
    with pytest.raises(ValueError, match=f"pip install {package}"):
        extract([source], output, model, engine="ray" if package == "ray" else "local")


@pytest.mark.processes
def test_command_prints_what_it_wrote_and_mistakes_in_one_line(
    source: Path, model: str, tmp_path: Path
) -> None:
    command = ["-m", "spacy_rin", "extract", source, "--model", model]
    for output, code in (("out.jsonl", 0), ("out.jsonl", 1)):
        done = run_python(*command, "--output", output, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        if code:
            assert len(done.stderr.splitlines()) == 1 and "--overwrite" in done.stderr
        else:
            assert f"{len(expected_rows(TEXTS))} triples of 14 documents" in done.stdout
            assert done.stderr == ""


def test_memory_of_strings_stays_flat(model: str) -> None:
    reader = reading.BatchReader(model)
    strings = len(reader.nlp.vocab.strings)
    for k in range(3):
        texts = [f"Ada{k}x{n} was born in Town{k}x{n} ." for n in range(20)]
        entries = reader([documents.Document(text, text) for text in texts])
        assert [entry["words"] for entry in entries] == [6] * 20
    assert len(reader.nlp.vocab.strings) == strings


def test_one_input_may_be_its_name(model: str, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS), encoding="utf8")
    assert extract(str(path), tmp_path / "a.jsonl", model).documents == len(TEXTS)
    assert extract(path, tmp_path / "b.jsonl", model).documents == len(TEXTS)


@pytest.mark.processes
def test_script_that_starts_itself_again_is_told_so(model: str, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf8")
    script = tmp_path / "script.py"
    script.write_text(
        "from spacy_rin.extract.run import extract\n"
        f"extract('texts.txt', 'out.jsonl', {model!r}, processes=2)\n"
    )
    done = run_python(script, cwd=tmp_path)
    assert done.returncode == 1 and "__main__" in done.stderr.splitlines()[-1]
    assert "An earlier run" not in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_interruption_by_the_user_says_how_to_go_on(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(extract_command, "extract", interrupt)
    result = run(tmp_path / "texts.txt", "--model", model, "--output", tmp_path / "out.csv")
    assert result.exit_code == 130 and "--resume" in result.output
