"""Tables, Parquet and Arrow files, rows in memory, WebNLG's XML, and .spacy files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_records import DOCCANO, RECORDS, WORDS, lines, read, reasons, texts
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_rin import Relation, get_relations
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import Dropped, Reason, Record, detect_format
from spacy_rin.exchange.prodigy import to_prodigy
from spacy_rin.exchange.rel_component import REL_KEY, to_rel_component
from spacy_rin.stores import KEY

NAMES = "sentence head relation tail"
CITY = 'The mayor of "New York City" is in New York, she says.'
ROWS = [
    (CITY, "New York City", "in", "New York"),
    ("It rained.", "", "", ""),
    (CITY, "New York", "has", "New York City"),
    (CITY, "New York", "has", "New York City"),
    ("Zürich 😀 won, it seems.", "Zürich", "beat", "Bern"),
]


def table(path: Path, delimiter: str, end: str = "\n", names: str = NAMES) -> Path:
    quoted = ['"' + cell.replace('"', '""') + '"' for row in ROWS for cell in row]
    cells = [names.split(), *(quoted[i : i + 4] for i in range(0, len(quoted), 4))]
    path.write_text(end.join(map(delimiter.join, cells)) + end, encoding="utf-8-sig", newline="")
    return path


@pytest.mark.parametrize(
    ("name", "delimiter", "end", "names"),
    [
        ("t.csv", ",", "\n", "sentence head relation tail"),
        ("t.csv", ";", "\r\n", "text subject predicate object"),
        ("t.tsv", "\t", "\n", "Sentence Head Relation Tail"),
    ],
)
def test_tables(tmp_path: Path, name: str, delimiter: str, end: str, names: str) -> None:
    path = table(tmp_path / name, delimiter, end, names)
    assert detect_format(path) == "csv"
    rain, city, zurich = read(path)
    assert isinstance(rain, Record) and isinstance(city, Record) and isinstance(zurich, Record)
    assert rain.triples == [] and rain.dropped == []
    found = [("New York City", "in", "New York"), ("New York", "has", "New York City")]
    assert texts(city) == found and reasons(city) == [Reason.DUPLICATE]
    assert city.triples[0].tail == city.triples[1].head
    assert city.triples[0].tail.start > city.triples[0].head.start
    assert reasons(zurich) == [Reason.MENTION_NOT_FOUND] and zurich.unplaced == 1


def test_table_with_offsets_and_labels(tmp_path: Path) -> None:
    """The columns of `spacy-rin extract`, whose offsets count from the start of the text."""
    fields = {"document": "d", "sentence": "Ada met Ada.", "sentence_start": 10, "score": 0.9}
    head = {"head": "Ada", "head_start": 18, "head_end": 21, "head_label": "PER"}
    tail = {"tail": "Ada", "tail_start": 10, "tail_end": 13, "tail_label": "PER"}
    [record] = read([{**fields, **head, **tail, "relation": "met", "error": ""}])
    assert isinstance(record, Record)
    assert record.triples == [((2, 3, "PER"), "met", (0, 1, "PER"))]


def test_table_lacks_a_column(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ",", names="sentence head relation end")
    with pytest.raises(ValueError, match="lacks the columns tail; found sentence, head"):
        detect_format(path)
    with pytest.raises(ValueError, match=r"looks like csv, but has no column 'tail'"):
        detect_format(lines(tmp_path, {"sentence": "x", "head": "x", "relation": "y"}))


def test_table_counts_equal_an_independent_parse(tmp_path: Path) -> None:
    report = convert(table(tmp_path / "t.csv", ","), tmp_path / "out.spacy")
    triples = {row for row in ROWS if row[1]}
    placed = {row for row in triples if row[1] in row[0] and row[3] in row[0]}
    assert report.docs == len({row[0] for row in ROWS})
    assert (report.triples, report.unplaced) == (len(placed), len(triples - placed))


def test_rows_in_memory_and_data_frames(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    names = ("sentence", "head", "relation", "tail")
    rows = [{k: v or None for k, v in zip(names, row, strict=True)} for row in ROWS]
    for given in (rows, pandas.DataFrame(rows), iter(rows)):
        report = convert(given, tmp_path / "out.spacy")
        assert (report.docs, report.triples, report.unplaced) == (3, 2, 1)
    assert report.longest_source.startswith("row ")
    with pytest.raises(ValueError, match="at least one file"):
        convert(pandas.DataFrame(), tmp_path / "out.spacy")


@pytest.mark.parametrize("name", [name for name in RECORDS if name not in ("jointer", "casrel")])
def test_every_form_in_memory(tmp_path: Path, name: str) -> None:
    rows = [RECORDS[name], {"odd": 1}]
    record, malformed = read(rows, name)
    assert isinstance(record, Record) and record.words == WORDS and len(record.triples) == 1
    assert isinstance(malformed, Dropped) and malformed.source == "row 2"
    assert detect_format(rows) == name


@pytest.mark.parametrize("name", ["rin", "spert", "copyre", "prodigy", "doccano"])
@pytest.mark.parametrize("kind", ["parquet", "file.arrow", "stream.arrow"])
def test_parquet_and_arrow(tmp_path: Path, name: str, kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    row = {**RECORDS, "doccano": DOCCANO}[name]
    # `datasets` stores a list of objects as an object of lists.
    turned = {
        key: {f: [item[f] for item in value] for f in value[0]} if key == "relations" else value
        for key, value in row.items()
    }
    tables = [pa.Table.from_pylist([given] * 3) for given in (row, turned)]
    for number, data in enumerate(tables):
        path = tmp_path / f"{number}.{kind}"
        if kind == "parquet":
            pytest.importorskip("pyarrow.parquet").write_table(data, path)
        else:
            new = pa.ipc.new_file if kind.startswith("file") else pa.ipc.new_stream
            with pa.OSFile(str(path), "wb") as sink, new(sink, data.schema) as writer:
                writer.write_table(data)
        assert detect_format(path) == name
        expected = read(lines(tmp_path, row), name)[0]
        assert isinstance(expected, Record)
        found = read(path)
        assert len(found) == 3
        assert all(isinstance(r, Record) and r.triples == expected.triples for r in found)


def test_broken_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match="Can't read the table"):
        detect_format(tmp_path / "x.parquet")


# WebNLG: the structures of the challenge's files and of webnlg v1.6

PLAIN = """<?xml version="1.0" ?><benchmark><entries>
<entry category="Airport" eid="Id1" size="2"><originaltripleset><otriple>x | y | z</otriple>
</originaltripleset><modifiedtripleset><mtriple>Ada_Lovelace | born | London_(city)</mtriple>
<mtriple>London_(city) | motto | "We &amp; they"@en</mtriple>
<mtriple>Ada_Lovelace | saw | Rome</mtriple>
</modifiedtripleset>
<lex comment="good" lid="Id1">Ada Lovelace was born in London, "We &amp; they".</lex>
<lex comment="good" lid="Id2">In London (city) Ada Lovelace was born.</lex></entry>
<entry category="Airport" eid="Id2" size="1"><modifiedtripleset><mtriple>a | b</mtriple>
</modifiedtripleset><lex>Broken.</lex></entry></entries></benchmark>"""
ENRICHED = """<benchmark><entries><entry category="C" eid="Id1" size="1">
<modifiedtripleset><mtriple>Ada | born | London</mtriple></modifiedtripleset>
<lex comment="good" lid="Id1"><sortedtripleset><sentence ID="1">
<striple>Ada | born | London</striple>
</sentence></sortedtripleset><references>
<reference entity="London" number="1" tag="PATIENT-1" type="description">The city</reference>
<reference entity="Ada" number="2" tag="AGENT-1" type="pronoun">her</reference>
<reference entity="Ada" number="3" tag="AGENT-1" type="name">Ada</reference>
</references>
<text>The city saw her mother , Ada , and another Ada .</text></lex>
</entry></entries></benchmark>"""


def test_webnlg(tmp_path: Path) -> None:
    path = tmp_path / "plain.xml"
    path.write_text(PLAIN, encoding="utf-8")
    assert detect_format(path) == detect_format(tmp_path) == "webnlg"
    first, second, broken = read(path)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert texts(first) == [("Ada Lovelace", "born", "London"), ("London", "motto", "We & they")]
    assert first.unplaced == 1 and first.dropped[0].example == "Ada_Lovelace | saw | Rome"
    assert texts(second)[0] == ("Ada Lovelace", "born", "London ( city )")
    assert isinstance(broken, Dropped) and "head | relation | tail" in broken.example
    path.write_text(PLAIN[:200], encoding="utf-8")
    with pytest.raises(ValueError, match="Broken XML"):
        read(path)


def test_enriched_webnlg_has_its_mentions(tmp_path: Path) -> None:
    path = tmp_path / "enriched.xml"
    path.write_text(ENRICHED, encoding="utf-8")
    [record] = read(path)
    assert isinstance(record, Record)
    assert [record.text(mention) for mention in record.entities] == ["The city", "her", "Ada"]
    assert record.triples == [((6, 7, "ENTITY"), "born", (0, 2, "ENTITY"))]


# Docs


def gold() -> Doc:
    doc = Doc(Vocab(), words=["Ada", "saw", "Rome", "."], spaces=[True, True, False, False])
    doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 2, 3, "LOC")]
    doc._.relations = [Relation(doc.ents[0], "saw", doc.ents[1])]
    return doc


def test_docs_of_rel_component(tmp_path: Path) -> None:
    doc, plain = gold(), Doc(Vocab(), words=["It", "rained"])
    doc.user_data[REL_KEY] = to_rel_component(doc, ["left", "saw"])
    doc.user_data = {REL_KEY: doc.user_data[REL_KEY]}
    lost = gold()
    lost.user_data.clear()
    DocBin(docs=[doc, plain, lost], store_user_data=True).to_disk(tmp_path / "rel.spacy")
    assert detect_format(tmp_path / "rel.spacy") == "docbin"
    report = convert(tmp_path / "rel.spacy", tmp_path / "out.spacy")
    assert (report.docs, report.triples) == (2, 1) and report.dropped == {Reason.MALFORMED: 1}
    first, _ = read_docs(tmp_path / "out.spacy")
    assert get_relations(first)[0].text == "Ada | saw | Rome" and first.text == "Ada saw Rome."
    assert [ent.label_ for ent in first.ents] == ["PER", "LOC"]


def test_own_docs_and_prodigy_come_back(tmp_path: Path) -> None:
    DocBin(docs=[gold()], store_user_data=True).to_disk(tmp_path / "own.spacy")
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(json.dumps(to_prodigy(gold())))
    found: list[Any] = []
    for source in (tmp_path / "own.spacy", tasks):
        convert(source, tmp_path / "out.spacy")
        (doc,) = read_docs(tmp_path / "out.spacy")
        found.append(
            (
                doc.text,
                [(ent.text, ent.label_) for ent in doc.ents],
                [rel.as_dict() for rel in get_relations(doc)],
            )
        )
    assert found[0] == found[1]
    assert found[0][1] == [("Ada", "PER"), ("Rome", "LOC")]


def test_damaged_docs(tmp_path: Path) -> None:
    (tmp_path / "x.spacy").write_bytes(b"\x78\x9c damaged")
    with pytest.raises(ValueError, match=r"Can't read .*x\.spacy: .* damaged"):
        read(tmp_path / "x.spacy")


def test_rows_of_a_table_that_are_malformed_are_counted_one_by_one(tmp_path: Path) -> None:
    good = {"sentence": "Ada saw Rome .", "head": "Ada", "relation": "saw", "tail": "Rome"}
    odd = [{**good, "sentence": value} for value in (["Ada"], {"a": 1}, 7, " ", "\ud800")]
    found = read(lines(tmp_path, good, "no json", 7, *odd, "{", good), "csv")
    (record,) = (row for row in found if isinstance(row, Record))
    assert texts(record) == [("Ada", "saw", "Rome")] and reasons(record) == [Reason.DUPLICATE]
    malformed = [row for row in found if isinstance(row, Dropped)]
    assert [int(row.source.rpartition(":")[2]) for row in malformed] == list(range(2, 10))
    assert {row.reason for row in malformed} == {Reason.MALFORMED}


@pytest.mark.parametrize("start", ["x", "1e999", "nan", "9" * 400, [1]])
def test_offset_that_is_no_number_costs_its_sentence(tmp_path: Path, start: Any) -> None:
    good = {"sentence": "Ada saw Rome .", "head": "Ada", "relation": "saw", "tail": "Rome"}
    bad = {**good, "sentence": "Bob left .", "head": "Bob", "head_start": start, "head_end": 3}
    record, malformed = read(lines(tmp_path, good, bad), "csv")
    assert isinstance(record, Record) and texts(record) == [("Ada", "saw", "Rome")]
    assert isinstance(malformed, Dropped) and "head_start, head_end" in malformed.example


def test_long_sentence_of_a_table_is_read(tmp_path: Path) -> None:
    sentence = "Ada saw Rome" + " again" * 30_000 + " ."
    path = tmp_path / "long.csv"
    path.write_text(f"sentence,head,relation,tail\n{sentence},Ada,saw,Rome\n")
    (record,) = read(path)
    assert isinstance(record, Record) and len(record.words) == 30_004


def test_entry_of_webnlg_without_a_text_is_counted(tmp_path: Path) -> None:
    entry = '<entry eid="Id9"><modifiedtripleset><mtriple>a | b | c</mtriple></modifiedtripleset>'
    path = tmp_path / "plain.xml"
    path.write_text(PLAIN.replace("</entries>", f"{entry}</entry></entries>"), encoding="utf-8")
    *_, dropped = read(path)
    assert isinstance(dropped, Dropped) and dropped.source.endswith("plain.xml:Id9")
    assert "<lex>" in dropped.example


@pytest.mark.parametrize("stored", [5, [[0, 1]], [[0, 3, "P", "r", 2**63, 2**63 + 1, "P", 0.5]]])
def test_relations_that_cannot_be_read_cost_their_doc(tmp_path: Path, stored: Any) -> None:
    bad = gold()
    bad.user_data[KEY] = stored
    path = tmp_path / "own.spacy"
    DocBin(docs=[bad, gold()], store_user_data=True).to_disk(path)
    first, second = read(path)
    assert isinstance(first, Dropped) and first.reason is Reason.MALFORMED
    assert isinstance(second, Record) and len(second.triples) == 1
