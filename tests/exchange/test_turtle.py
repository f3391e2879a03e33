"""Docs → Turtle: a graph tool reads from the file what the Docs hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from drawn import docs
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import gold_docs, triple_texts, write_corpus

from spacy_rin import Relation, get_relations
from spacy_rin.exchange.export import export

rdflib = pytest.importorskip("rdflib")

from spacy_rin.exchange.turtle import to_graph, write_turtle  # noqa: E402

HERE = "https://example.org/facts/"
FACTS = """
SELECT ?head ?relation ?tail {
  ?subject ?predicate ?object . ?subject rdfs:label ?head . ?object rdfs:label ?tail .
  BIND (STRAFTER(STR(?predicate), "/relation/") AS ?relation) FILTER (?relation != "")
}
"""
FOUND = """
SELECT ?head ?tail ?score ?document {
  ?statement a rdf:Statement ; rdf:predicate ?predicate ; :head ?head ; :tail ?tail ;
    :score ?score ; prov:wasDerivedFrom ?document .
}
"""


def parsed(path: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(path, format="turtle")


def test_file_says_what_the_docs_say(tmp_path: Path) -> None:
    gold = gold_docs(Vocab())
    source = write_corpus(tmp_path / "gold.spacy", gold)
    export(source, tmp_path / "out.ttl", "turtle", namespace=HERE)
    rows = {tuple(map(str, row)) for row in parsed(tmp_path / "out.ttl").query(FACTS)}
    assert rows == set().union(*map(triple_texts, gold))


def test_statement_says_where_and_how_surely() -> None:
    doc = Doc(Vocab(), words=["Ada", "saw", "New", "York", "and", "Ada"])
    ada, city = Span(doc, 0, 1, "PER"), Span(doc, 2, 4, "LOC")
    doc._.relations = [Relation(ada, "saw", city, 0.25), Relation(doc[5:6], "saw", city)]
    graph = to_graph([Doc(Vocab()), doc], HERE)
    rows = sorted(tuple(map(str, row)) for row in graph.query(FOUND, initNs={"": HERE}))
    assert rows == [
        (f"{HERE}document/1#char=0,3", f"{HERE}document/1#char=8,16", "0.25", f"{HERE}document/1"),
        (f"{HERE}document/1#char=21,24", f"{HERE}document/1#char=8,16", "1.0", f"{HERE}document/1"),
    ]
    # two mentions, one fact
    assert len(graph.query(FACTS)) == 1


def test_graph_of_the_docs_page() -> None:
    page = ROOT / "docs" / "exchange.md"
    (block,) = re.findall(r"```turtle\n(.*?)```", page.read_text(encoding="utf8"), re.DOTALL)
    doc = Doc(Vocab(), words=["Ada", "Lovelace", "was", "born", "in", "London"])
    doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 5, 6, "LOC")]
    doc._.relations = [Relation(doc.ents[0], "born_in", doc.ents[1], 0.97)]
    graph = to_graph([doc], HERE)
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in graph.namespaces())
    shown = rdflib.Graph().parse(data=prefixes + block, format="turtle")
    assert len(shown) == 11 and set(shown) < set(graph)


def test_entity_without_relations_has_its_type() -> None:
    doc = Doc(Vocab(), words=["Café", "100%", "<b>"])
    doc.ents = [Span(doc, 0, 3, "BAR & GRILL")]
    (row,) = to_graph([doc], HERE).query("SELECT ?type ?name { ?x a ?type ; rdfs:label ?name }")
    assert str(row.type) == f"{HERE}type/BAR%20%26%20GRILL" and str(row.name) == "Café 100% <b>"


@settings(max_examples=30, deadline=None)
@given(given_docs=st.lists(docs(), max_size=3))
def test_file_of_any_docs_is_their_graph(given_docs: list[Doc]) -> None:
    graph = to_graph(given_docs, HERE)
    with TemporaryDirectory() as folder:
        write_turtle(Path(folder) / "out.ttl", given_docs, HERE)
        back = parsed(Path(folder) / "out.ttl")
    assert set(back) == set(graph)
    found = sum(len(get_relations(doc)) for doc in given_docs)
    assert len(set(back.subjects(rdflib.RDF.type, rdflib.RDF.Statement))) == found


@pytest.mark.parametrize(
    "namespace", ["", "example", "https://", "https://a b/", "https://a/<x>/", "https://a/#"]
)
def test_namespace_that_starts_no_iri_is_an_error(namespace: str) -> None:
    with pytest.raises(ValueError, match="start of an IRI"):
        to_graph([], namespace)


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_corpus(tmp_path / "gold.spacy", gold_docs(Vocab()))
    monkeypatch.delitem(sys.modules, "spacy_rin.exchange.turtle")
    monkeypatch.setitem(sys.modules, "rdflib", None)
    with pytest.raises(ValueError, match=r"spacy-rin\[rdf\]"):
        export(source, tmp_path / "out.ttl", "turtle")
    assert list(tmp_path.iterdir()) == [source]
