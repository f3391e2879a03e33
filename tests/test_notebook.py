"""What a person does with relations in a notebook."""

from __future__ import annotations

import copy

import pytest
from sketches import ada, bob, evil
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

import spacy_rin
from spacy_rin import Relation, get_relations, relations_in, to_networkx, to_rows


def test_rows_make_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(to_rows(ada()))
    assert list(table["relation"]) == [relation.label for relation in ada()._.relations]
    assert {"head", "tail", "score", "head_id", "sentence"} <= set(table.columns)


def test_relations_can_be_copied_deeply() -> None:
    relations = ada()._.relations
    assert copy.deepcopy(relations) == relations
    assert copy.deepcopy({"found": relations[0]})["found"] == relations[0]


def test_doc_is_copied_deeply_with_its_relations() -> None:
    doc = ada()
    twin = copy.deepcopy(doc)
    assert [r.as_dict() for r in twin._.relations] == [r.as_dict() for r in doc._.relations]
    assert all(relation.doc is twin for relation in twin._.relations)
    twin._.relations = []
    assert len(doc._.relations) == 4


def test_span_without_relations_in_it_says_nothing(recwarn: pytest.WarningsRecorder) -> None:
    doc = ada()
    assert doc[6:8]._.relations == [] and doc[0:2]._.relations
    assert not recwarn.list


def test_relation_knows_its_doc_and_its_sentence() -> None:
    doc = ada()
    first, *_, last = doc._.relations
    assert first.doc is doc
    assert first.sent == doc[0:6]
    assert last.sent == doc[0:15]  # from Acme Steel back to London
    assert bob()._.relations[0].sent.text == "Bob saw Paris"


def test_relations_within_a_sentence() -> None:
    doc = ada()
    first, second = doc.sents
    inside = [relations_in(sent) for sent in (first, second)]
    for sent, found in zip((first, second), inside, strict=True):
        assert all(sent.start <= e.start < sent.end for r in found for e in (r.head, r.tail))
    assert len(inside[0]) == 2
    with pytest.warns(UserWarning, match=r"but 2 lie within it.*relations_in"):
        assert first._.relations == []
    assert relations_in(doc[:]) == get_relations(doc)


def test_notebook_shows_a_table_and_text_stays_text() -> None:
    html = evil()._.relations._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html
    (relation,) = bob()._.relations
    assert relation._repr_html_().count("<tr>") == 2
    assert bob()[0:1]._.relations._repr_html_() == relation._repr_html_()


def test_graph_of_networkx_has_entities_by_id_and_an_edge_a_relation() -> None:
    pytest.importorskip("networkx")
    doc = Doc(Vocab(), words=["Ada", "saw", "Rome", "and", "ADA", "saw", "Rome"])
    ends = [Span(doc, k, k + 1, "X", kb_id="Q1" if k in (0, 4) else "") for k in (0, 2, 4, 6)]
    doc.ents = ends
    doc._.relations = [Relation(ends[0], "saw", ends[1]), Relation(ends[2], "saw", ends[3], 0.5)]
    graph = to_networkx([doc, bob()])
    assert set(graph) == {"Q1", "Rome", "Bob", "Paris"}
    assert sorted(graph.edges(data="score")) == [
        ("Bob", "Paris", 0.6),
        ("Q1", "Rome", 0.5),
        ("Q1", "Rome", 1.0),
    ]


def test_what_is_lazy_is_listed() -> None:
    assert all(hasattr(spacy_rin, name) for name in spacy_rin.__all__)
