"""Stored relations: one store for each attribute, and offsets that still belong to the Doc."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_rin import Relation, get_relations, has_relations, register, set_relations
from spacy_rin.stores import KEY, adopt_relations, storage_key, stored_attributes

NLP = spacy.blank("en")
TEXT = "It rained . Ada Park founded Acme in York , they say ."


def related() -> Doc:
    """A Doc whose two relations are both in its second sentence."""
    doc = Doc(NLP.vocab, words=TEXT.split())
    ada, acme, york = Span(doc, 3, 5, "PER"), Span(doc, 6, 7, "ORG"), Span(doc, 8, 9, "LOC")
    doc.ents = [ada, acme, york]
    doc._.relations = [Relation(ada, "founded", acme, 0.75), Relation(acme, "based_in", york)]
    return doc


TEXTS = ["Ada Park | founded | Acme", "Acme | based_in | York"]


def texts(doc: Doc, attribute: str = "relations") -> list[str]:
    return [relation.text for relation in get_relations(doc, attribute)]


def without_texts(doc: Doc) -> Doc:
    """The Doc as earlier versions stored it: eight values for each relation."""
    doc.user_data[KEY] = [row[:8] for row in doc.user_data[KEY]]
    return doc


@pytest.fixture
def triples() -> Iterator[str]:
    name = "rin_test_triples"
    register(name)
    yield name
    Doc.remove_extension(name)
    Span.remove_extension(name)


def test_relations_of_a_part_are_left_out_with_one_warning() -> None:
    part = related()[3:].as_doc(copy_user_data=True)
    with pytest.warns(UserWarning, match="2 of 2 relations .* are left out") as found:
        assert part._.relations == []
    assert len(found) == 1
    assert has_relations(part)


def test_relations_of_a_part_that_starts_with_the_doc_are_kept() -> None:
    part = related()[:7].as_doc(copy_user_data=True)
    with pytest.warns(UserWarning, match="1 of 2 relations"):
        assert texts(part) == TEXTS[:1]


def test_relations_behind_the_end_of_a_part_are_left_out() -> None:
    """Here the offsets lie outside the text."""
    part = related()[3:7].as_doc(copy_user_data=True)
    with pytest.warns(UserWarning, match="2 of 2"):
        assert texts(part) == []


@pytest.mark.parametrize(
    "change", [str.lower, lambda text: " " + text, lambda text: text.replace("rained", "snowed")]
)
def test_user_data_of_another_text_is_checked(change: object) -> None:
    """The third text differs in length elsewhere alone: its offsets are right."""
    doc = related()
    other = NLP.make_doc(change(doc.text))  # type: ignore[operator]
    other.user_data.update(doc.user_data)
    if "snowed" in other.text:
        assert texts(other) == TEXTS
    else:
        with pytest.warns(UserWarning, match="left out"):
            assert texts(other) == []


def test_relations_of_a_span_are_checked_too() -> None:
    part = related()[3:].as_doc(copy_user_data=True)
    with pytest.warns(UserWarning, match="left out"):
        assert part[0:2]._.relations == []


def test_relations_stored_without_texts_are_read_as_before() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert texts(without_texts(related())) == TEXTS
        part = without_texts(related())[3:].as_doc(copy_user_data=True)
        assert len(part._.relations) == 2  # where these are, nothing can tell


def test_nothing_is_warned_of_where_relations_belong_to_the_doc() -> None:
    doc = related()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_bytes = Doc(NLP.vocab).from_bytes(doc.to_bytes())
        data = DocBin(docs=[doc], store_user_data=True).to_bytes()
        (by_docbin,) = DocBin().from_bytes(data).get_docs(NLP.vocab)
        merged = spacy.pipeline.functions.merge_entities(doc.copy())
        for copied in (by_bytes, by_docbin, merged, pickle.loads(pickle.dumps(doc)), doc.copy()):
            assert texts(copied) == TEXTS


def test_each_attribute_has_its_own_relations(triples: str) -> None:
    doc = related()
    doc._.set(triples, [Relation(doc[8:9], "has", doc[6:7])])
    assert texts(doc) == TEXTS
    assert [relation.text for relation in doc._.get(triples)] == ["York | has | Acme"]
    assert [relation.text for relation in doc[8:9]._.get(triples)] == ["York | has | Acme"]
    assert stored_attributes(doc) == ["relations", triples]
    assert doc.user_data.keys() == {KEY, f"{KEY}.{triples}"}


def test_doc_with_the_old_key_alone_is_read_from_it(triples: str) -> None:
    doc = without_texts(related())
    assert [relation.text for relation in doc._.get(triples)] == TEXTS
    assert has_relations(doc, triples)


def test_store_of_an_attribute_may_be_empty(triples: str) -> None:
    doc = related()
    set_relations(doc, [], triples)
    assert get_relations(doc, triples) == [] and texts(doc) == TEXTS


def test_relations_of_an_attribute_become_those_of_the_doc(triples: str) -> None:
    doc = related()
    assert texts(adopt_relations(doc, triples)) == TEXTS
    set_relations(doc, [Relation(doc[8:9], "has", doc[6:7])], triples)
    assert texts(adopt_relations(doc, triples)) == ["York | has | Acme"]


def test_stores_survive_copies(triples: str) -> None:
    doc = related()
    set_relations(doc, [Relation(doc[8:9], "has", doc[6:7])], triples, writer="rin")
    data = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (by_docbin,) = DocBin().from_bytes(data).get_docs(NLP.vocab)
    by_bytes = Doc(NLP.vocab).from_bytes(doc.to_bytes())
    for copied in (by_docbin, by_bytes, doc.copy(), pickle.loads(pickle.dumps(doc))):
        assert texts(copied) == TEXTS
        assert texts(copied, triples) == ["York | has | Acme"]


def test_extensions_can_be_sent_to_another_process() -> None:
    getter, setter = Doc.get_extension("relations")[2:4]
    doc = related()
    assert pickle.loads(pickle.dumps(getter))(doc) == doc._.relations
    pickle.loads(pickle.dumps(setter))(doc, [])
    assert doc._.relations == [] and storage_key("relations") == KEY
