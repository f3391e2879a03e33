"""Relations as dicts: through JSON and back, and as annotations of an Example."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drawn import docs as drawn_docs
from hypothesis import given
from sketches import ada
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_rin import example_from_dict, get_relations, has_relations

ENTITIES = [(24, 30, "CITY"), (0, 11, "PER")]  # not in the order of the text


def curie() -> Doc:
    return Doc(Vocab(), words=["Marie", "Curie", "was", "born", "in", "Warsaw", "."])


@given(drawn_docs())
def test_dicts_of_any_doc_give_its_relations_back(doc: Doc) -> None:
    twin = Doc(Vocab(), words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc])
    twin._.relation_dicts = json.loads(json.dumps(doc._.relation_dicts))
    assert [r.as_dict() for r in get_relations(twin)] == [r.as_dict() for r in get_relations(doc)]


def test_json_of_a_doc_keeps_its_relations() -> None:
    doc = ada()
    back = Doc(Vocab()).from_json(
        json.loads(json.dumps(doc.to_json(underscore=["relation_dicts"])))
    )
    assert [r.as_dict() for r in back._.relations] == [r.as_dict() for r in doc._.relations]
    assert len(back._.relations) == 4


def test_example_has_the_entities_and_relations_of_a_dict() -> None:
    relations = [{"head": 1, "label": "born_in", "tail": 0}]
    eg = example_from_dict(curie(), {"entities": ENTITIES, "relations": relations})
    (relation,) = eg.reference._.relations
    assert relation.text == "Marie Curie | born_in | Warsaw"
    assert (relation.head.label_, relation.tail.label_) == ("PER", "CITY")
    assert not has_relations(eg.predicted)


def test_entities_as_tags_are_counted_in_the_order_of_the_text() -> None:
    tags = ["B-PER", "L-PER", "O", "O", "O", "U-CITY", "O"]
    relations = [{"head": 0, "label": "born_in", "tail": 1}]
    eg = example_from_dict(curie(), {"entities": tags, "relations": relations})
    assert [r.text for r in eg.reference._.relations] == ["Marie Curie | born_in | Warsaw"]


def test_example_takes_what_as_dict_wrote() -> None:
    doc = ada()
    rows = [relation.as_dict() for relation in doc._.relations]
    eg = example_from_dict(doc, {"relations": rows})
    assert [r.as_dict() for r in eg.reference._.relations] == rows


def test_without_relations_it_is_spacys_own() -> None:
    annotations = {"entities": ENTITIES}
    eg = example_from_dict(curie(), annotations)
    assert eg.to_dict() == Example.from_dict(curie(), annotations).to_dict()
    assert not has_relations(eg.reference)
    assert has_relations(example_from_dict(curie(), {"relations": []}).reference)


@pytest.mark.parametrize(
    "row",
    [
        {"head": 0, "label": "x", "tail": 2},
        {"head": -1, "label": "x", "tail": 0},
        {"head": 0, "tail": 1},
        {"head": 0, "label": "x"},
        ("Marie", "x", "Warsaw"),
    ],
)
def test_malformed_relation_is_named(row: Any) -> None:
    with pytest.raises(ValueError, match=r"Expected a (relation|dict)"):
        example_from_dict(curie(), {"entities": ENTITIES, "relations": [row]})


@pytest.mark.filterwarnings("ignore:.*W030")
def test_entity_that_fits_no_tokens_is_no_end() -> None:
    annotations = {
        "entities": [(0, 8, "PER"), (24, 30, "CITY")],
        "relations": [{"head": 0, "label": "x", "tail": 1}],
    }
    with pytest.raises(ValueError, match="fit no tokens"):
        example_from_dict(curie(), annotations)
