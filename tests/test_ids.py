"""The ids of entities, from the Doc to every output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_rin import Relation
from spacy_rin.arrays.annotate import annotate
from spacy_rin.arrays.decode import PredictedTriple, Prediction
from spacy_rin.extract.outputs import write_output
from spacy_rin.extract.rows import COLUMNS, IDS, to_rows
from spacy_rin.extract.triples import read_triples
from spacy_rin.pictures.graph import TextTriple, build_graph
from spacy_rin.relations import span_id


def linked(head: Span, tail: Span, doc: Doc) -> Doc:
    doc.ents = [head, tail]
    doc._.relations = [Relation(head, "lives_in", tail)]
    return doc


def make_doc() -> Doc:
    """A head that a linker has linked, and a tail that a ruler has named."""
    doc = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    return linked(
        Span(doc, 0, 1, "PER", kb_id="Q7259", span_id="ada"),
        Span(doc, 3, 4, "LOC", span_id="city"),
        doc,
    )


def ids(doc: Doc) -> list[tuple[str, str]]:
    return [(span_id(r.head), span_id(r.tail)) for r in doc._.relations]


def by_docbin(doc: Doc) -> Doc:
    return next(DocBin(docs=[doc], store_user_data=True).get_docs(Vocab()))


def by_bytes(doc: Doc) -> Doc:
    return Doc(Vocab()).from_bytes(doc.to_bytes())


def test_id_of_the_knowledge_base_comes_before_that_of_a_ruler() -> None:
    assert ids(make_doc()) == [("Q7259", "city")]


def test_entity_that_a_linker_did_not_find_has_no_id() -> None:
    doc = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    head, tail = Span(doc, 0, 1, "PER", kb_id="NIL"), Span(doc, 3, 4, "LOC", "NIL", span_id="city")
    assert ids(linked(head, tail, doc)) == [("", "city")]


def test_head_and_tail_are_the_entities_with_their_ids() -> None:
    doc = make_doc()
    (relation,) = doc._.relations
    assert (relation.head, relation.tail) == doc.ents


def test_ids_that_are_set_after_the_relations_are_found() -> None:
    doc = make_doc()
    doc.ents = [Span(doc, 0, 1, "PER", kb_id="Q1"), Span(doc, 3, 4, "LOC", kb_id="Q84")]
    assert ids(doc) == [("Q1", "Q84")]


def test_ruler_behind_gives_ids_to_the_ends_of_relations() -> None:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "PER", "pattern": "Ada", "id": "ada"}])
    doc = nlp.make_doc("Ada lives in London")
    doc._.relations = [Relation(Span(doc, 0, 1, "PER"), "lives_in", Span(doc, 3, 4, "LOC"))]
    assert ids(nlp(doc)) == [("ada", "")]


@pytest.mark.parametrize("make_copy", [by_docbin, by_bytes])
def test_ids_survive_a_copy(make_copy: Callable[[Doc], Doc]) -> None:
    assert ids(make_copy(make_doc())) == [("Q7259", "city")]


@pytest.mark.parametrize("make_copy", [by_docbin, by_bytes])
def test_id_of_a_span_that_is_no_entity_survives(make_copy: Callable[[Doc], Doc]) -> None:
    doc = make_doc()
    doc._.relations = [Relation(Span(doc, 0, 3, "X", kb_id="Q5"), "r", doc[1:2])]
    assert ids(make_copy(doc)) == [("Q5", "")]


def test_dict_has_an_id_where_there_is_one() -> None:
    doc = make_doc()
    row = doc._.relations[0].as_dict()
    assert (row["head"]["id"], row["tail"]["id"]) == ("Q7259", "city")
    doc.ents = []
    doc._.relations = [Relation(doc[0:1], "r", doc[3:4])]
    assert "id" not in doc._.relations[0].as_dict()["head"]
    again = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    again._.relations = [Relation.from_dict(again, json.loads(json.dumps(row)))]
    assert ids(again) == [("Q7259", "city")]


@pytest.mark.parametrize("keep", [True, False])
def test_entity_that_is_found_as_it_was_keeps_its_ids(keep: bool) -> None:
    doc = make_doc()
    found = [(0, 1, "PER"), (3, 4, "LOC")]
    annotate(doc, Prediction(found, [PredictedTriple(found[0], "r", found[1], 0.5)]), keep)
    assert [(ent.kb_id_, ent.id_) for ent in doc.ents] == [("Q7259", "ada"), ("", "city")]
    assert ids(doc) == [("Q7259", "city")]


def test_entity_of_another_label_loses_the_ids_when_it_is_replaced() -> None:
    doc = make_doc()
    annotate(doc, Prediction([(0, 1, "ORG"), (3, 4, "LOC")], []), keep=False)
    assert [(ent.label_, span_id(ent)) for ent in doc.ents] == [("ORG", ""), ("LOC", "city")]


def test_ids_are_the_last_columns_before_the_error() -> None:
    assert list(COLUMNS)[-3:] == [*IDS, "error"]
    (row,) = to_rows(make_doc())
    assert [row[name] for name in IDS] == ["Q7259", "city"]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_ids_are_read_from_what_is_written(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="needs the extra spacy-rin[parquet]")
    path = tmp_path / f"triples{suffix}"
    write_output(path, [{"document": "a", "words": 4, "triples": to_rows(make_doc())}])
    (row,) = read_triples(path)
    assert [row[name] for name in IDS] == ["Q7259", "city"]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_output_of_an_earlier_version_has_no_ids(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"triples{suffix}"
    (row,) = to_rows(make_doc())
    old = {"document": "a", **{name: row[name] for name in row if name not in IDS}, "error": ""}
    if suffix == ".jsonl":
        path.write_text(json.dumps(old) + "\n", encoding="utf8")
    elif suffix == ".csv":
        lines = [",".join(old), ",".join(map(str, old.values()))]
        path.write_text("\n".join(lines) + "\n", encoding="utf8")
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        pa = pytest.importorskip("pyarrow")
        parquet.write_table(pa.Table.from_pylist([old]), path)
    (found,) = read_triples(path)
    assert found == {**row, "head_id": "", "tail_id": ""}


def test_graph_joins_what_has_the_same_id_and_parts_what_has_another() -> None:
    def triple(head: str, tail: str, head_id: str = "", tail_id: str = "") -> TextTriple:
        return TextTriple(head, "PER", "knows", tail, "PER", 0.5, head_id, tail_id)

    graph = build_graph(
        [
            triple("Kennedy", "Ada", "Q9696"),
            triple("Kennedy", "Ada", "Q9696"),
            triple("JFK", "Ada", "Q9696"),
            triple("Kennedy", "Ada", "Q25310"),
            triple("Kennedy", "Ada"),
        ]
    )
    assert [(edge.head, edge.count) for edge in graph.edges] == [
        ("Kennedy (Q9696)", 3),
        ("Kennedy (Q25310)", 1),
        ("Kennedy", 1),
    ]


def test_turtle_names_entities_by_their_ids() -> None:
    rdflib = pytest.importorskip("rdflib")
    from spacy_rin.exchange.turtle import to_graph

    here = "https://example.org/"
    doc = make_doc()
    plain = Doc(Vocab(), words=["Ada", "lives", "in", "London"])
    linked(Span(plain, 0, 1, "PER"), Span(plain, 3, 4, "LOC"), plain)
    lives_in = rdflib.URIRef(f"{here}relation/lives_in")
    found = {(str(s), str(o)) for s, o in to_graph([doc, plain], here).subject_objects(lives_in)}
    assert found == {
        (f"{here}id/Q7259", f"{here}id/city"),
        (f"{here}entity/Ada", f"{here}entity/London"),
    }
