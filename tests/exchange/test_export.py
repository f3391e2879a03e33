"""DocBin files → files for other tools: what is written, what is counted, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab
from toy import gold_docs, write_corpus

from spacy_rin import Relation, get_relations
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.exchange.export import EXPORT_FORMATS, Change, export
from spacy_rin.exchange.rel_component import from_rel_component
from spacy_rin.stores import KEY


def nested_doc() -> Doc:
    doc = Doc(Vocab(), words=["New", "York", "fell"])
    doc.ents = [Span(doc, 0, 2, "LOC")]
    doc._.relations = [Relation(doc.ents[0], "has", Span(doc, 1, 2, "LOC"))]
    return doc


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "gold.spacy", gold_docs(Vocab()))


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_counts_are_those_of_the_docs(corpus: Path, tmp_path: Path, format: str) -> None:
    if format == "turtle":
        pytest.importorskip("rdflib")
    exported = export(corpus, tmp_path / f"out{EXPORT_FORMATS[format]}", format)
    docs = list(read_docs(corpus))
    assert exported.docs == len(docs)
    assert exported.entities == sum(len(doc.ents) for doc in docs)
    assert exported.relations == sum(len(get_relations(doc)) for doc in docs)
    assert not exported.changes


def test_prodigy_has_a_line_for_each_doc(corpus: Path, tmp_path: Path) -> None:
    export(corpus, tmp_path / "new" / "tasks.jsonl", "prodigy")
    lines = (tmp_path / "new" / "tasks.jsonl").read_text(encoding="utf8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == [doc.text for doc in read_docs(corpus)]


def test_directory_is_read_file_by_file(tmp_path: Path) -> None:
    docs = gold_docs(Vocab())
    for number, part in enumerate((docs[:5], docs[5:])):
        (tmp_path / "shards").mkdir(exist_ok=True)
        write_corpus(tmp_path / "shards" / f"{number:05}.spacy", part)
    exported = export(tmp_path / "shards", tmp_path / "tasks.jsonl", "prodigy")
    assert exported.docs == len(docs)


def test_rel_component_has_all_labels_of_the_corpus_and_no_other_data(
    corpus: Path, tmp_path: Path
) -> None:
    output = tmp_path / "rel.spacy"
    export(corpus, output, "rel_component")
    docs = list(DocBin().from_disk(output).get_docs(Vocab()))
    expected = list(read_docs(corpus))
    labels = {r.label for doc in expected for r in get_relations(doc)}
    for doc, gold in zip(docs, expected, strict=True):
        assert KEY not in doc.user_data
        (table,) = doc.user_data.values()
        assert all(scores.keys() == labels for scores in table.values())
        assert [r.text for r in from_rel_component(doc)] == [r.text for r in get_relations(gold)]
        assert [token.tag_ for token in doc] == [token.tag_ for token in gold]


@pytest.mark.parametrize(
    ("format", "change"),
    [("prodigy", Change.UNDRAWN), ("rel_component", Change.LEFT_OUT)],
)
def test_what_the_form_cannot_hold_is_counted(tmp_path: Path, format: str, change: Change) -> None:
    source = write_corpus(tmp_path / "gold.spacy", [nested_doc() for _ in range(7)])
    exported = export(source, tmp_path / f"out{EXPORT_FORMATS[format]}", format)
    assert exported.changes == {change: 7}
    assert exported.examples == {change: ["New York | has | York"] * 5}


def test_lost_relations_are_counted(tmp_path: Path) -> None:
    DocBin(docs=[nested_doc()]).to_disk(tmp_path / "gold.spacy")
    exported = export(tmp_path / "gold.spacy", tmp_path / "tasks.jsonl", "prodigy")
    assert exported.changes == {Change.NO_RELATIONS: 1} and exported.relations == 0


@pytest.mark.parametrize(
    ("output", "format", "message"),
    [
        ("out.jsonl", "brat", "Unknown format 'brat'. Expected one of prodigy, rel_component"),
        ("out.spacy", "prodigy", r"out\.spacy: the format prodigy .* ends with \.jsonl"),
        ("out.jsonl", "rel_component", r"ends with \.spacy"),
        ("out.rdf", "turtle", r"ends with \.ttl"),
        ("gold.spacy", "rel_component", "it is the file to read"),
    ],
)
def test_what_cannot_be_written_is_an_error(
    corpus: Path, tmp_path: Path, output: str, format: str, message: str
) -> None:
    before = corpus.read_bytes()
    with pytest.raises(ValueError, match=message):
        export(corpus, tmp_path / output, format)
    assert list(tmp_path.iterdir()) == [corpus] and corpus.read_bytes() == before


def test_files_of_a_directory_that_is_read_are_not_written(corpus: Path, tmp_path: Path) -> None:
    before = corpus.read_bytes()
    for name in ("gold.spacy", "new.spacy"):  # a new one would be read the next time
        with pytest.raises(ValueError, match="lies in the directory to read"):
            export(tmp_path, tmp_path / name, "rel_component")
    export(tmp_path, tmp_path / "tasks.jsonl", "prodigy")  # which is never read
    assert corpus.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_nothing_is_left_of_an_export_that_failed(tmp_path: Path) -> None:
    doc = nested_doc()
    row = doc.user_data[KEY][0]
    row[1:] = [99, *row[2:8]]  # as earlier versions stored relations, without texts
    source = write_corpus(tmp_path / "gold.spacy", [nested_doc(), doc])
    (tmp_path / "tasks.jsonl").write_text("before")
    with pytest.raises(ValueError, match="do not fit its text"):
        export(source, tmp_path / "tasks.jsonl", "prodigy")
    assert (tmp_path / "tasks.jsonl").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2
