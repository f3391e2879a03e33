"""The limits on the length of a text hold in every form, whether its words are given or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from raw_records import lines, read
from spacy.tokens import Doc
from spacy.vocab import Vocab
from toy import write_corpus
from typer.testing import CliRunner

from spacy_rin.cli import app
from spacy_rin.corpus.readers import FORMATS, Dropped, Record
from spacy_rin.relations import set_relations

GOOD = "Ada was born in London ."
RUN = f"{GOOD} {'(' * 1001}"
LONG = f"{GOOD} {'word ' * 50}".strip()
# Every form reads the tokens of these texts as they stand, so that they are the record's words.
Write = Callable[[Path, Sequence[str]], Any]


def by_row(make: Callable[[str], dict[str, Any]]) -> Write:
    """How a form is written that has a JSON object for each text."""
    return lambda folder, texts: lines(folder, *map(make, texts))


def write_docbin(folder: Path, texts: Sequence[str]) -> Path:
    docs = [Doc(Vocab(), words=text.split()) for text in texts]
    for doc in docs:
        set_relations(doc, [])
    return write_corpus(folder / "gold.spacy", docs)


def write_brat(folder: Path, texts: Sequence[str]) -> Path:
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text)
        (folder / f"{number}.ann").write_text("T1\tPER 0 3\tAda\n")
    return folder


def write_inception(folder: Path, texts: Sequence[str]) -> Path:
    rows, end = ["#FORMAT=WebAnno TSV 3.3", "#T_SP=custom.Span|label", ""], 0
    for number, text in enumerate(texts, 1):
        rows.append(f"#Text={text}")
        for place, word in enumerate(text.split(), 1):
            rows.append(f"{number}-{place}\t{end}-{end + len(word)}\t{word}\t_\t")
            end += len(word) + 1
        rows.append("")
    path = folder / "data.tsv"
    path.write_text("\n".join(rows))
    return path


def write_webnlg(folder: Path, texts: Sequence[str]) -> Path:
    entry = '<entry eid="Id1"><modifiedtripleset/><lex>{}</lex></entry>'
    entries = "".join(entry.format(escape(text)) for text in texts)
    path = folder / "data.xml"
    path.write_text(f"<benchmark><entries>{entries}</entries></benchmark>")
    return path


def write_csv(folder: Path, texts: Sequence[str]) -> Path:
    path = folder / "data.csv"
    path.write_text("sentence,head,relation,tail\n" + "".join(f"{text},,,\n" for text in texts))
    return path


def write_copymtl(folder: Path, texts: Sequence[str]) -> Path:
    ids = {word: number for number, word in enumerate(dict.fromkeys(" ".join(texts).split()))}
    (folder / "words2id.json").write_text(json.dumps(ids))
    (folder / "relations2id.json").write_text(json.dumps({"None": 0, "born": 1}))
    path = folder / "data.json"
    sentences = [[ids[word] for word in text.split()] for text in texts]
    path.write_text(json.dumps([sentences, [[0, 4, 1] for _ in texts]]))
    return path


def write_table(kind: str) -> Write:
    """How Parquet's and Arrow's files are written, here in the form "rin"."""

    def write(folder: Path, texts: Sequence[str]) -> Path:
        pa = pytest.importorskip("pyarrow")
        data = pa.Table.from_pylist([{"text": text, "relations": []} for text in texts])
        path = folder / f"data.{kind}"
        if kind == "parquet":
            pytest.importorskip("pyarrow.parquet").write_table(data, path)
        else:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, data.schema) as writer:
                writer.write_table(data)
        return path

    return write


ENTITY = {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}
FORMS: dict[str, Write] = {
    "docbin": write_docbin,
    "brat": write_brat,
    "inception": write_inception,
    "webnlg": write_webnlg,
    "csv": write_csv,
    "label_studio": by_row(lambda text: {"data": {"text": text}, "annotations": [{"result": []}]}),
    "doccano": by_row(lambda text: {"text": text, "entities": [ENTITY], "relations": []}),
    "dygie": by_row(lambda text: {"sentences": [text.split()], "ner": [[]], "relations": [[]]}),
    "docred": by_row(lambda text: {"sents": [text.split()], "vertexSet": []}),
    "jointer": by_row(lambda text: {"tokens": text.split(), "spo_details": []}),
    "copymtl": write_copymtl,
    "copyre": by_row(lambda text: {"sentText": text, "relationMentions": []}),
    "casrel": by_row(lambda text: {"text": text, "triple_list": []}),
    "prodigy": by_row(
        lambda text: {"tokens": [{"text": w} for w in text.split()], "relations": []}
    ),
    "spert": by_row(
        lambda text: {
            "tokens": text.split(),
            "entities": [{"type": "PER", "start": 0, "end": 1}],
            "relations": [],
        }
    ),
    "rin": by_row(lambda text: {"text": text, "relations": []}),
}
# The same forms in another shape.
SHAPES: dict[str, Write] = {
    "rin, tokens": by_row(lambda text: {"tokens": text.split(), "entities": [], "relations": []}),
    "copyre, tokens": by_row(lambda text: {"sentText": text.split(), "relationMentions": []}),
    "rin, parquet": write_table("parquet"),
    "rin, arrow": write_table("arrow"),
    "rows": lambda folder, texts: [{"text": text, "relations": []} for text in texts],
}


def test_every_form_is_tried() -> None:
    assert FORMS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", [*FORMS, *SHAPES])
@pytest.mark.parametrize(
    ("text", "settings", "reason"),
    [(RUN, {}, "run_too_long"), (LONG, {"max_length": 100}, "too_long")],
    ids=["run", "length"],
)
def test_long_text_is_left_out_and_counted(
    tmp_path: Path, name: str, text: str, settings: dict[str, int], reason: str
) -> None:
    source = (FORMS | SHAPES)[name](tmp_path, [GOOD, text])
    form = name.partition(",")[0]
    form = form if form in FORMATS else "auto"
    record, left_out = read(source, form, **settings)
    assert isinstance(record, Record) and record.words == GOOD.split()
    assert isinstance(left_out, Dropped) and left_out.reason.value == reason
    assert left_out.source and len(left_out.example) < 200
    # With wider limits the same record is read.
    wide = read(source, form, max_length=10_000, max_run=10_000)
    assert len(wide) == 2 and all(isinstance(found, Record) for found in wide)


@pytest.mark.parametrize("name", ["brat", "inception", "label_studio", "docbin"])
def test_command_counts_it(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    source, output = FORMS[name](folder, [GOOD, RUN]), tmp_path / "out.spacy"
    report = tmp_path / "report.json"
    words = ["convert", str(source), str(output), "--report", str(report)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0 and "run_too_long: 1" in result.output
    found = json.loads(report.read_text())
    assert found["docs"] == 1 and found["dropped"]["run_too_long"]["count"] == 1
