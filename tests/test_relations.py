"""`doc._.relations`: what it stores, what it survives, and what it refuses."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import run_python
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_rin import (
    Relation,
    get_relations,
    get_span_relations,
    has_relations,
    register,
    set_relations,
)
from spacy_rin.stores import KEY

NLP = spacy.blank("en")


def make_doc() -> Doc:
    doc = Doc(NLP.vocab, words=["Ann", "Lee", "lives", "in", "New", "York", "near", "Bob"])
    doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 4, 6, "LOC"), Span(doc, 7, 8, "PER")]
    return doc


def related_doc() -> Doc:
    """Two triples, one of them with a nested mention ("York") that is not in doc.ents."""
    doc = make_doc()
    ann, new_york, bob = doc.ents
    doc._.relations = [
        Relation(ann, "lives_in", new_york, 0.75),
        Relation(bob, "near", Span(doc, 5, 6, "CITY")),
    ]
    return doc


RELATED = [
    ("Ann Lee", "PER", "lives_in", "New York", "LOC", 0.75),
    ("Bob", "PER", "near", "York", "CITY", 1.0),
]


def values(doc: Doc) -> list[tuple[str, str, str, str, str, float]]:
    return [
        (r.head.text, r.head.label_, r.label, r.tail.text, r.tail.label_, r.score)
        for r in doc._.relations
    ]


def by_bytes(doc: Doc) -> Doc:
    return Doc(NLP.vocab).from_bytes(doc.to_bytes())


def by_docbin(doc: Doc) -> Doc:
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    return next(iter(DocBin().from_bytes(data).get_docs(NLP.vocab)))


def by_pickle(doc: Doc) -> Doc:
    loaded: Doc = pickle.loads(pickle.dumps(doc))
    return loaded


def by_copy(doc: Doc) -> Doc:
    return doc.copy()


COPIES = [by_bytes, by_docbin, by_pickle, by_copy]
copies = pytest.mark.parametrize("make_copy", COPIES)


@pytest.fixture(params=[Doc, Span])
def owner(request: pytest.FixtureRequest) -> type[Doc] | type[Span]:
    taken: type[Doc] | type[Span] = request.param
    return taken


@pytest.fixture(params=[{"default": None}, {"getter": len}, {"method": len}])
def foreign_extension(
    request: pytest.FixtureRequest, owner: type[Doc] | type[Span]
) -> Iterator[str]:
    name = "rin_test_foreign"
    owner.set_extension(name, **request.param)
    yield name
    owner.remove_extension(name)


def test_getter_gives_what_the_setter_took() -> None:
    assert values(related_doc()) == RELATED


def test_spans_belong_to_the_doc_and_are_end_exclusive() -> None:
    doc = related_doc()
    relation = doc._.relations[0]
    assert relation.head.doc is doc and relation.tail.doc is doc
    assert (relation.head.start, relation.head.end) == (0, 2)
    assert (relation.tail.start, relation.tail.end) == (4, 6)


def test_functions_and_attribute_are_the_same() -> None:
    doc = make_doc()
    set_relations(doc, [Relation(doc[0:2], "r", doc[7:8])])
    assert get_relations(doc) == doc._.relations and len(doc._.relations) == 1


def test_relations_come_in_document_order_whatever_order_they_were_set_in() -> None:
    doc = make_doc()
    ordered = [
        Relation(doc[0:1], "b", doc[4:6]),
        Relation(doc[0:2], "b", doc[0:1]),
        Relation(doc[0:2], "b", doc[4:5]),
        Relation(doc[0:2], "a", doc[4:6]),
        Relation(doc[0:2], "b", doc[4:6]),
        Relation(doc[7:8], "a", doc[0:1]),
    ]
    for relations in permutations(ordered):
        doc._.relations = relations
        assert doc._.relations == ordered


def test_setting_again_replaces() -> None:
    doc = related_doc()
    doc._.relations = [Relation(doc[7:8], "knows", doc[0:2])]
    assert [r.text for r in doc._.relations] == ["Bob | knows | Ann Lee"]


def test_setter_takes_a_generator() -> None:
    doc = make_doc()
    doc._.relations = (Relation(doc[i : i + 1], "r", doc[0:1]) for i in (2, 1))
    assert [r.head.text for r in doc._.relations] == ["Lee", "lives"]


def test_doc_without_annotation_has_no_relations_and_says_so() -> None:
    doc = make_doc()
    assert doc._.relations == [] and not has_relations(doc)


def test_reading_does_not_make_the_key() -> None:
    doc = make_doc()
    assert not doc._.relations
    assert not has_relations(doc)


def test_empty_list_is_an_annotation() -> None:
    doc = make_doc()
    doc._.relations = []
    assert doc._.relations == [] and has_relations(doc)


@copies
def test_relations_survive_a_copy(make_copy: Callable[[Doc], Doc]) -> None:
    assert values(make_copy(related_doc())) == RELATED


@copies
def test_empty_list_and_missing_key_stay_different(make_copy: Callable[[Doc], Doc]) -> None:
    doc = make_doc()
    assert not has_relations(make_copy(doc))
    doc._.relations = []
    assert has_relations(make_copy(doc))


@copies
@pytest.mark.parametrize("then", COPIES)
def test_relations_survive_two_copies(
    make_copy: Callable[[Doc], Doc], then: Callable[[Doc], Doc]
) -> None:
    assert values(then(make_copy(related_doc()))) == RELATED


@copies
def test_copy_has_its_own_relations(make_copy: Callable[[Doc], Doc]) -> None:
    doc = related_doc()
    copied = make_copy(doc)
    copied._.relations = [Relation(copied[0:1], "other", copied[2:3])]
    assert values(doc) == RELATED
    assert [r.label for r in copied._.relations] == ["other"]


def test_docbin_without_user_data_loses_relations() -> None:
    data = DocBin(docs=[related_doc()]).to_bytes()
    loaded = next(iter(DocBin().from_bytes(data).get_docs(NLP.vocab)))
    assert not has_relations(loaded) and loaded._.relations == []


def test_relations_survive_merged_entities() -> None:
    doc = spacy.pipeline.functions.merge_entities(related_doc())
    assert [token.text for token in doc] == ["Ann Lee", "lives", "in", "New York", "near", "Bob"]
    relation = doc._.relations[0]
    assert (relation.head.start, relation.head.end) == (0, 1)
    assert (relation.tail.start, relation.tail.end) == (3, 4)
    assert relation.text == "Ann Lee | lives_in | New York"


def test_span_inside_a_merged_token_becomes_that_token() -> None:
    doc = spacy.pipeline.functions.merge_entities(related_doc())
    nested = doc._.relations[1].tail
    assert nested.text == "New York" and nested.label_ == "CITY"


def test_relations_survive_split_tokens() -> None:
    doc = Doc(NLP.vocab, words=["Ann", "likes", "NewYork", "most"])
    doc._.relations = [Relation(doc[3:4], "r", doc[2:3])]
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[2], ["New", "York"], heads=[doc[2], doc[2]])
    relation = doc._.relations[0]
    assert (relation.head.start, relation.tail.start, relation.tail.end) == (4, 2, 4)


def test_stored_values_are_plain() -> None:
    doc = make_doc()
    doc._.relations = [Relation(doc[0:2], "r", doc[4:6], np.float32(0.5))]
    assert [type(value) for value in doc.user_data[KEY][0]] == [
        *(int, int, str, str, int, int, str, float, str, str)
    ]


def test_as_dict_is_json() -> None:
    as_dicts = [relation.as_dict() for relation in related_doc()._.relations]
    assert json.loads(json.dumps(as_dicts))[0] == {
        "head": {"text": "Ann Lee", "start": 0, "end": 7, "label": "PER"},
        "label": "lives_in",
        "tail": {"text": "New York", "start": 17, "end": 25, "label": "LOC"},
        "score": 0.75,
    }


def test_text_is_for_the_reader() -> None:
    assert related_doc()._.relations[0].text == "Ann Lee | lives_in | New York"


def test_relation_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        related_doc()._.relations[0].label = "other"


@pytest.mark.parametrize("side", ["head", "tail"])
def test_span_of_another_doc_is_an_error(side: str) -> None:
    doc, other = make_doc(), make_doc()
    spans = {"head": doc[0:2], "tail": doc[4:6], side: other[7:8]}
    with pytest.raises(ValueError, match=f"{side} 'Bob' is a span of another Doc"):
        doc._.relations = [Relation(spans["head"], "r", spans["tail"])]


def test_something_else_than_a_relation_is_an_error() -> None:
    doc = make_doc()
    with pytest.raises(ValueError, match="takes Relation objects"):
        doc._.relations = [(doc[0:2], "r", doc[4:6])]


def test_a_refused_list_changes_nothing() -> None:
    doc, other = related_doc(), make_doc()
    with pytest.raises(ValueError):
        doc._.relations = [
            Relation(doc[0:1], "r", doc[1:2]),
            Relation(other[0:1], "r", other[1:2]),
        ]
    assert values(doc) == RELATED


@pytest.mark.parametrize("offsets", [(-1, 3), (0, 36), (35, 40), (1000, 1003), (-5, -2)])
def test_offsets_outside_the_text_are_an_error(offsets: tuple[int, int]) -> None:
    doc = make_doc()
    start, end = offsets
    doc.user_data[KEY] = [[0, 3, "PER", "r", start, end, "PER", 1.0]]
    with pytest.raises(ValueError, match=f"offsets {start}:{end}, but the text has 35 char"):
        get_relations(doc)


def test_register_again_is_fine() -> None:
    register()
    register()
    assert values(related_doc()) == RELATED


def test_foreign_extension_is_an_error(
    foreign_extension: str, owner: type[Doc] | type[Span]
) -> None:
    name = f"{owner.__name__.lower()}._.{foreign_extension}"
    with pytest.raises(ValueError, match=f"Can't register {name}"):
        register(foreign_extension)


def test_foreign_extension_is_left_alone(
    foreign_extension: str, owner: type[Doc] | type[Span]
) -> None:
    before = owner.get_extension(foreign_extension)
    with pytest.raises(ValueError):
        register(foreign_extension)
    assert owner.get_extension(foreign_extension) == before
    (other,) = {Doc, Span} - {owner}
    assert not other.has_extension(foreign_extension)


@pytest.mark.processes
def test_import_does_not_fail_where_another_package_holds_the_name(
    owner: type[Doc] | type[Span],
) -> None:
    code = (
        "from spacy.tokens import Doc, Span\n"
        "from spacy.vocab import Vocab\n"
        f"{owner.__name__}.set_extension('relations', default='theirs')\n"
        "import spacy_rin\n"
        "doc = Doc(Vocab(), words=['a'])\n"
        f"assert {'doc' if owner is Doc else 'doc[:]'}._.relations == 'theirs'\n"
        "try:\n    spacy_rin.register()\n"
        "except ValueError as error:\n    print(error)\n"
    )
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    assert f"Can't register {owner.__name__.lower()}._.relations" in done.stdout


def test_span_has_the_relations_that_start_or_end_there() -> None:
    doc = related_doc()
    ann, new_york, bob = doc.ents
    first, second = doc._.relations
    assert ann._.relations == [first] == new_york._.relations
    assert bob._.relations == [second]
    # The mention inside "New York", which is no entity.
    assert doc[5:6]._.relations == [second]


def test_bounds_of_a_span_count_and_not_its_label() -> None:
    doc = related_doc()
    by_hand = [Span(doc, 0, 2, "OTHER"), doc[0:2], doc.char_span(0, 7)]
    assert all(span._.relations == doc._.relations[:1] for span in by_hand)
    assert [doc[0:1]._.relations, doc[0:3]._.relations, doc[2:2]._.relations] == [[], [], []]


def test_relation_of_a_span_with_itself_comes_once() -> None:
    doc = make_doc()
    doc._.relations = [Relation(doc[0:2], "knows", doc[0:2])]
    assert len(doc.ents[0]._.relations) == 1


def test_span_of_a_merged_doc_has_the_relations_of_what_was_merged() -> None:
    doc = spacy.pipeline.functions.merge_entities(related_doc())
    new_york = doc.ents[1]
    # The tail of the second relation is "York", which is now inside the merged token.
    assert new_york._.relations == doc._.relations and len(doc._.relations) == 2


def test_relations_of_a_span_cannot_be_set() -> None:
    doc = related_doc()
    with pytest.raises(ValueError, match=r"cannot be set on it: 'Ann Lee'\. Set all"):
        doc.ents[0]._.relations = []
    assert values(doc) == RELATED


@copies
def test_dicts_give_the_relations_back(make_copy: Callable[[Doc], Doc]) -> None:
    doc = related_doc()
    rows = json.loads(json.dumps([relation.as_dict() for relation in doc._.relations]))
    other = make_copy(make_doc())
    other._.relations = [Relation.from_dict(other, row) for row in rows]
    assert values(other) == RELATED


def test_dict_of_another_text_is_an_error() -> None:
    row = related_doc()._.relations[0].as_dict()
    doc = Doc(NLP.vocab, words=["Bob", "Lee", "lives", "in", "New", "York"])
    with pytest.raises(ValueError, match=r"Expected 'Ann Lee' at the offsets 0:7 .* 'Bob Lee'"):
        Relation.from_dict(doc, row)


@pytest.mark.parametrize("missing", ["head", "label"])
def test_dict_that_lacks_a_field_is_an_error(missing: str) -> None:
    doc = related_doc()
    row = doc._.relations[0].as_dict()
    del row[missing]
    with pytest.raises(ValueError, match=r"as Relation\.as_dict\(\) returns it"):
        Relation.from_dict(doc, row)
    del (row := doc._.relations[0].as_dict())["tail"]["start"]
    with pytest.raises(ValueError, match=r"as Relation\.as_dict\(\) returns it"):
        Relation.from_dict(doc, row)


def test_offsets_count_characters_and_not_bytes() -> None:
    doc = Doc(NLP.vocab, words=["😀👩‍👩‍👧", "Ångström", "naïve", "東京", "e\u0301clair"])
    doc._.relations = [Relation(doc[1:2], "r", doc[3:5])]
    row = doc.user_data[KEY][0]
    assert doc.text[row[0] : row[1]] == "Ångström"
    assert doc.text[row[4] : row[5]] == "東京 e\u0301clair"
    assert by_bytes(doc)._.relations[0].text == "Ångström | r | 東京 e\u0301clair"


word = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1)


@settings(max_examples=50)
@pytest.mark.filterwarnings("ignore:No relation starts or ends at")
@given(words=st.lists(word, min_size=1, max_size=6), data=st.data())
def test_any_spans_of_any_text_survive(words: list[str], data: st.DataObject) -> None:
    spaces = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    starts = st.integers(0, len(words) - 1)
    expected = set()
    relations = []
    for _ in range(data.draw(st.integers(0, 4))):
        head, tail = data.draw(starts), data.draw(starts)
        head_end = data.draw(st.integers(head + 1, len(words)))
        tail_end = data.draw(st.integers(tail + 1, len(words)))
        relations.append(Relation(doc[head:head_end], "r", doc[tail:tail_end]))
        expected.add((head, head_end, tail, tail_end))
    doc._.relations = relations
    for copied in (doc, by_bytes(doc), by_docbin(doc)):
        found = [(r.head.start, r.head.end, r.tail.start, r.tail.end) for r in copied._.relations]
        assert set(found) == expected and len(found) == len(relations)
        spans = (copied[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1))
        for span in spans:
            bounds = (span.start, span.end)
            at_span = [row for row in found if bounds in (row[:2], row[2:])]
            of_span = [
                (r.head.start, r.head.end, r.tail.start, r.tail.end)
                for r in get_span_relations(span)
            ]
            assert of_span == at_span


@pytest.mark.parametrize("bad", ["token", "empty span", "no label"])
def test_relation_of_wrong_parts_is_refused(bad: str) -> None:
    doc = Doc(Vocab(), words=["Ada", "met", "Bob"])
    head = {"token": doc[0], "empty span": doc[1:1]}.get(bad, doc[0:1])
    label = None if bad == "no label" else "knows"
    with pytest.raises(ValueError, match=r"span of one|string as label"):
        set_relations(doc, [Relation(head, label, doc[2:3])])  # type: ignore[arg-type]
    assert not has_relations(doc)
