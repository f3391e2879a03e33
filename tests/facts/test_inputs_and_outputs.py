"""The forms that facts are read from and written to, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sketches import ada, bob
from spacy.tokens import Doc
from toy import write_corpus
from triple_rows import make_row, read_table, write_rows

from spacy_rin import get_relations
from spacy_rin.extract.outputs import write_output
from spacy_rin.extract.rows import to_rows
from spacy_rin.facts import collect, database
from spacy_rin.facts.collect import collect_facts
from spacy_rin.files import working_folder
from spacy_rin.relations import Relation

duckdb = pytest.importorskip("duckdb", reason="needs the extra spacy-rin[kb]")

FACTS = "SELECT head, relation, tail, mentions, documents, best_score FROM facts ORDER BY ALL"
EVIDENCE = "SELECT sentence, head_text, head_start, tail_text, tail_end FROM evidence ORDER BY ALL"


def docs() -> list[Doc]:
    return [ada(), bob()]


def written(folder: Path, form: str) -> Path:
    """The triples of two Docs in one of the forms."""
    path = folder / f"triples{'.jsonl' if form == 'by document' else form}"
    if form == ".spacy":
        return write_corpus(path, docs())
    entries: list[dict[str, Any]] = [
        {"document": str(k), "words": len(doc), "triples": to_rows(doc)}
        for k, doc in enumerate(docs())
    ]
    entries.insert(1, {"document": "bad", "error": "no text"})
    entries.append({"document": "silent", "words": 1, "triples": []})
    write_output(path, entries, "document" if form == "by document" else "triple")
    return path


@pytest.mark.parametrize("form", [".jsonl", "by document", ".csv", ".parquet", ".spacy", "folder"])
def test_facts_are_read_from_every_form(tmp_path: Path, form: str) -> None:
    if form == ".parquet":
        pytest.importorskip("pyarrow", reason="needs the extra spacy-rin[parquet]")
    path = written(tmp_path, ".spacy" if form == "folder" else form)
    facts = collect_facts(tmp_path if form == "folder" else path, tmp_path / "facts.duckdb")
    relations = [relation for doc in docs() for relation in get_relations(doc)]
    assert (facts.rows, facts.documents) == (len(relations), 2)
    assert read_table(tmp_path / "facts.duckdb", FACTS) == sorted(
        (r.head.text, r.label, r.tail.text, 1, 1, r.score) for r in relations
    )
    rows = [row for doc in docs() for row in to_rows(doc)]
    names = ("sentence", "head", "head_start", "tail", "tail_end")
    assert read_table(tmp_path / "facts.duckdb", EVIDENCE) == sorted(
        tuple(row[name] for name in names) for row in rows
    )


def test_a_doc_is_known_by_its_file_and_its_text(tmp_path: Path) -> None:
    first, second = write_corpus(tmp_path / "a.spacy", docs()), tmp_path / "b.spacy"
    write_corpus(second, [bob()])
    output = tmp_path / "facts.duckdb"
    assert collect_facts([first, first], output).documents == 2
    assert collect_facts(first, output).added == 0
    assert collect_facts(second, output).documents == 3


def test_a_row_without_a_document_is_known_by_its_file_and_sentence(tmp_path: Path) -> None:
    rows = [make_row("", "Ada", "saw", place) for place in ("Rome", "Rome", "Paris")]
    path = write_rows(tmp_path / "a.jsonl", rows)
    facts = collect_facts(path, tmp_path / "facts.duckdb")
    assert (facts.rows, facts.mentions, facts.documents) == (3, 2, 2)


def test_texts_of_all_kinds_come_through(tmp_path: Path) -> None:
    names = ['a "b", c', "line\nbreak", "tab\t;", "中国", "😀", "back\\slash", "a\u2028b", "'"]
    rows = [make_row(f"d{k}", name, "is a", "x") for k, name in enumerate(names)]
    entries = [{"document": row["document"], "triples": [row]} for row in rows]
    found = []
    for suffix in (".jsonl", ".csv"):
        write_output(tmp_path / f"a{suffix}", entries)
        output = tmp_path / f"{suffix}.duckdb"
        collect_facts(tmp_path / f"a{suffix}", output)
        found.append(read_table(output, "SELECT DISTINCT head_text FROM evidence ORDER BY 1"))
    assert found == [[(name,) for name in sorted(names)]] * 2


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", '{"document": "a", "head": "x"}\n', r"a\.jsonl, line 1"),
        ("a.jsonl", "[]\n", r"a\.jsonl, line 1"),
        ("a.jsonl", "{\n", r"a\.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": [{"head": "x"}]}\n', r"a\.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": 5}\n', r"a\.jsonl"),
        ("a.csv", "head,tail\nx,y\n", r"a\.csv.*no column 'sentence'; found head, tail"),
        ("a.txt", "x", r"a\.txt.*extract"),
        ("a.spacy", None, r"a\.spacy"),
        ("a.jsonl", None, r"There is no file.*a\.jsonl"),
    ],
)
def test_what_is_no_triple_is_named(
    tmp_path: Path, name: str, content: str | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=expected):
        collect_facts(tmp_path / name, tmp_path / "facts.duckdb")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"score": 98}, r"score.*from 0 to 1, found 98"),
        ({"day": "1.3.2026"}, r"2026-01-31.*found '1\.3\.2026'"),
    ],
)
def test_score_or_date_that_is_none_is_an_error(
    tmp_path: Path, values: dict[str, Any], expected: str
) -> None:
    path = write_rows(tmp_path / "a.jsonl", [make_row("a", "Ada", "saw", "Rome", **values)])
    with pytest.raises(ValueError, match=expected):
        collect_facts(path, tmp_path / "facts.duckdb", date_field="day")


def test_csv_without_the_field_of_dates_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no column 'day'"):
        collect_facts(written(tmp_path, ".csv"), tmp_path / "facts.duckdb", date_field="day")


@pytest.mark.parametrize("name", ["facts.csv", "facts.parquet", "facts.ttl", "graph"])
def test_only_a_database_is_added_to(tmp_path: Path, name: str) -> None:
    if name == "facts.ttl":
        pytest.importorskip("rdflib", reason="needs the extra spacy-rin[rdf]")
    source, output = written(tmp_path, ".jsonl"), tmp_path / name
    collect_facts(source, output)
    with pytest.raises(ValueError, match=r"exists already.*--overwrite"):
        collect_facts(source, output)
    collect_facts(source, output, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "triples.jsonl"])


def test_database_is_begun_anew_with_overwrite(tmp_path: Path) -> None:
    source, output = written(tmp_path, ".jsonl"), tmp_path / "facts.duckdb"
    collect_facts(source, output)
    other = write_rows(tmp_path / "other.jsonl", [make_row("a", "Ada", "saw", "Rome")])
    assert collect_facts(other, output, overwrite=True).facts == 1
    assert read_table(output, "SELECT head FROM facts") == [("Ada",)]


def test_what_is_there_stays_if_it_is_not_ours(tmp_path: Path) -> None:
    source = written(tmp_path, ".jsonl")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"not replaced.*entities\.csv"):
        collect_facts(source, folder, overwrite=True)
    assert (folder / "mine.txt").read_text() == "mine"
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("CREATE TABLE facts (head VARCHAR)")
    with pytest.raises(ValueError, match="another database"):
        collect_facts(source, foreign)
    text = tmp_path / "text.duckdb"
    text.write_text("no database at all, but a text that is long enough to be read " * 100)
    with pytest.raises(ValueError, match=r"text\.duckdb"):
        collect_facts(source, text)
    with pytest.raises(ValueError, match=r"facts\.db.*\.duckdb, \.parquet"):
        collect_facts(source, tmp_path / "facts.db")
    with pytest.raises(ValueError, match="it is the file to read"):
        collect_facts(tmp_path / "triples.jsonl", tmp_path / "triples.jsonl")


def test_run_that_dies_leaves_the_facts_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_rows(tmp_path / "a.jsonl", [make_row("a", "Ada", "saw", "Rome")])
    second = write_rows(tmp_path / "b.jsonl", [make_row("b", "Ada", "saw", "Rome")])
    third = write_rows(tmp_path / "c.jsonl", [make_row("c", "Ada", "saw", "Rome")])
    output = tmp_path / "facts.duckdb"
    collect_facts(first, output)

    def die(connection: Any) -> tuple[int, int]:
        found = database.add_mentions(connection)
        if calls.pop():
            raise KeyboardInterrupt
        return found

    calls = [True, False]  # from the last
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(collect, "add_mentions", die)
        collect_facts([second, third], output)
    assert read_table(output, "SELECT documents FROM facts") == [(1,)]
    assert read_table(output, "SELECT document FROM mentions ORDER BY 1") == [("a",), ("b",)]
    facts = collect_facts([second, third], output)
    assert (facts.rows, facts.added) == (2, 1)
    assert read_table(output, "SELECT mentions, documents FROM facts") == [(3, 3)]


def test_tables_have_one_row_a_fact_with_its_evidence(tmp_path: Path) -> None:
    source = written(tmp_path, ".jsonl")
    collect_facts(source, tmp_path / "facts.csv")
    collect_facts(source, tmp_path / "facts.parquet")
    with (tmp_path / "facts.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = duckdb.execute("SELECT * FROM read_parquet($1)", [str(tmp_path / "facts.parquet")])
    names = [column[0] for column in found.description]
    table = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert names == list(rows[0]) and names[-1] == "evidence"
    key = ("head", "relation", "tail", "head_id", "tail_id")
    expected = {
        (r.head.text, r.label, r.tail.text, "", "") for d in docs() for r in get_relations(d)
    }
    for records in (rows, table):
        assert {tuple(row[name] for name in key) for row in records} == expected
    sentences = {proof["sentence"] for row in rows for proof in json.loads(row["evidence"])}
    assert sentences == {proof["sentence"] for row in table for proof in row["evidence"]}
    assert "Bob saw Paris" in sentences


def test_folder_for_neo4j_has_all_nodes_and_edges(tmp_path: Path) -> None:
    rows = [
        make_row("a", 'Ada "the \\ first"', "is a", "Ma;th", head_label="PER;SON"),
        make_row("b", "Ada", "saw`", "Rome", head_id="Q7259", tail_label=""),
    ]
    output = tmp_path / "graph"
    collect_facts(write_rows(tmp_path / "a.jsonl", rows), output)
    nodes, edges = (
        list(csv.reader((output / name).open(encoding="utf8", newline="")))
        for name in ("entities.csv", "facts.csv")
    )
    assert nodes[0] == ["key:ID", "name", "id", "mentions:long", "documents:long", ":LABEL"]
    assert edges[0][:3] == [":START_ID", ":END_ID", ":TYPE"]
    keys = {row[0]: row[1::4] for row in nodes[1:]}
    assert keys == {
        "id:Q7259": ["Ada", "Entity;PER"],
        'name:ada "the \\ first': ['Ada "the \\ first"', "Entity;PER,SON"],
        "name:ma;th": ["Ma;th", "Entity;LOC"],
        "name:rome": ["Rome", "Entity"],
    }
    assert {tuple(row[:3]) for row in edges[1:]} == {
        ("id:Q7259", "name:rome", "saw`"),
        ('name:ada "the \\ first', "name:ma;th", "is a"),
    }
    cypher = (output / "facts.cypher").read_text(encoding="utf8")
    assert "[fact:`saw```]" in cypher and "[fact:`is a`]" in cypher
    assert r'name: "Ada \"the \\ first\""' in cypher
    assert cypher.count(";\n") == 1 + 4 + 2  # the constraint, four kinds of nodes, two relations


def test_turtle_has_each_fact_with_its_evidence(tmp_path: Path) -> None:
    rdflib = pytest.importorskip("rdflib", reason="needs the extra spacy-rin[rdf]")
    rows = [
        make_row("a", "Ada", "saw", "New\nYork", 0.5, head_id="Q7259"),
        make_row("b b", "Ada", "saw", "New York", 0.75, head_id="Q7259"),
    ]
    collect_facts(write_rows(tmp_path / "a.jsonl", rows), tmp_path / "facts.ttl")
    graph = rdflib.Graph().parse(tmp_path / "facts.ttl", format="turtle")
    here = "https://example.org/"
    query = """
    SELECT ?head ?tail ?documents ?best ?document ?place {
      ?fact a rdf:Statement ; rdf:subject ?head ; rdf:object ?tail ; :documents ?documents ;
        :best_score ?best ; :evidence [ prov:wasDerivedFrom ?document ; :tail ?place ] .
    } ORDER BY ?document
    """
    found = [tuple(map(str, row)) for row in graph.query(query, initNs={"": here})]
    ends = (f"{here}id/Q7259", f"{here}entity/New%20York", "2", "0.75")
    assert found == [
        (*ends, f"{here}document/a", f"{here}document/a#char=8,16"),
        (*ends, f"{here}document/b%20b", f"{here}document/b%20b#char=8,16"),
    ]


def test_ids_of_docs_reach_the_facts(tmp_path: Path) -> None:
    doc = bob()
    bob_, paris = doc.ents
    bob_.kb_id_ = "Q1"
    doc.ents = [bob_, paris]
    doc._.relations = [Relation(bob_, "saw", paris)]
    collect_facts(write_corpus(tmp_path / "a.spacy", [doc]), tmp_path / "facts.duckdb")
    query = "SELECT head, head_id, tail_id FROM facts"
    assert read_table(tmp_path / "facts.duckdb", query) == [("Bob", "Q1", "")]


@pytest.mark.parametrize("name", ["facts.csv", "facts.duckdb", "neo4j"])
def test_what_a_killed_run_has_left_is_removed(tmp_path: Path, name: str) -> None:
    source, output = written(tmp_path, ".jsonl"), tmp_path / "out" / name
    with working_folder(output) as left:
        pass
    left.mkdir()
    (left / "facts.duckdb").write_bytes(b"half")
    collect_facts(source, output)
    collect_facts(source, output, overwrite=True)
    assert list(output.parent.iterdir()) == [output]


def test_two_runs_do_not_make_one_table(tmp_path: Path) -> None:
    source, output = written(tmp_path, ".jsonl"), tmp_path / "facts.csv"
    with (
        working_folder(output),
        pytest.raises(ValueError, match=r"Another run is writing .*facts\.csv"),
    ):
        collect_facts(source, output)


def test_damaged_corpus_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ".spacy")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"Can't read .*triples\.spacy: "):
        collect_facts(path, tmp_path / "facts.csv")


def test_input_that_changes_while_it_is_read_adds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = written(tmp_path, ".jsonl"), tmp_path / "facts.duckdb"
    read = collect.read_incoming

    def read_and_change(*args: Any) -> None:
        read(*args)
        with source.open("a") as file:
            file.write("\n")

    monkeypatch.setattr(collect, "read_incoming", read_and_change)
    with pytest.raises(ValueError, match=r"triples\.jsonl"):
        collect_facts(source, output)
    assert read_table(output, FACTS) == []
