"""Pictures: which words stand side by side, and which relations join them."""

from __future__ import annotations

import pytest
import spacy
from sketches import hebrew, make_doc
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_rin.pictures.picture import Arc, each_doc, make_pictures, text_direction


def words(text: str) -> Doc:
    return Doc(Vocab(), words=text.split())


def test_entities_are_words_and_relations_are_arcs() -> None:
    doc = make_doc("Ada Lovelace lived in London .", [((0, 2, "PER"), "lives_in", (4, 5, "LOC"))])
    (picture,) = make_pictures(doc)
    assert [w.text for w in picture.words] == ["Ada Lovelace", "lived in", "London", "."]
    assert [w.label for w in picture.words] == ["PER", None, "LOC", None]
    assert picture.arcs == [Arc(head=0, tail=2, label="lives_in", triple=0)]


def test_arc_points_back_where_the_tail_stands_first() -> None:
    doc = make_doc("London bore Ada", [((2, 3, "PER"), "born_in", (0, 1, "LOC"))])
    (arc,) = next(make_pictures(doc)).arcs
    assert (arc.head, arc.tail) == (2, 0)
    assert (arc.left, arc.right) == (0, 2)


def test_each_sentence_is_a_picture() -> None:
    doc = make_doc("a b . c d .", [((3, 4, "X"), "r", (4, 5, "X"))], [0, 3])
    assert [len(picture.arcs) for picture in make_pictures(doc)] == [0, 1]


def test_sentences_that_a_relation_joins_are_one_picture() -> None:
    doc = make_doc("a b . c d . e .", [((0, 1, "X"), "r", (4, 5, "X"))], [0, 3, 6])
    pictures = list(make_pictures(doc))
    assert [word.text for word in pictures[0].words] == ["a", "b . c", "d", "."]
    assert pictures[0].arcs == [Arc(0, 2, "r", 0)]
    assert [word.text for word in pictures[1].words] == ["e ."]


def test_sentences_that_an_entity_joins_are_one_picture() -> None:
    doc = make_doc("in St. Ives he met Ann", [((1, 3, "LOC"), "r", (5, 6, "PER"))], [0, 2])
    (picture,) = make_pictures(doc)
    assert [word.text for word in picture.words] == ["in", "St. Ives", "he met", "Ann"]


def test_triples_go_by_their_place_in_the_doc() -> None:
    x, y, z = (0, 1, "X"), (1, 2, "X"), (3, 4, "X")
    doc = make_doc("a b . c d .", [(z, "s", (4, 5, "X")), (x, "r", y)], [0, 3])
    labels = [relation.label for relation in doc._.relations]
    for picture in make_pictures(doc):
        assert [labels[arc.triple] for arc in picture.arcs] == [a.label for a in picture.arcs]
    assert labels == ["r", "s"]


def test_nested_mention_hangs_on_the_word_that_holds_it() -> None:
    doc = make_doc(
        "University of Oxford in England",
        [((0, 3, "ORG"), "located_in", (2, 3, "LOC")), ((2, 3, "LOC"), "in", (4, 5, "LOC"))],
    )
    (picture,) = make_pictures(doc)
    assert picture.arcs == [Arc(0, 2, "in", 1)]
    assert [doc._.relations[k].label for k in picture.undrawn] == ["located_in"]


def test_relation_of_an_end_that_partly_overlaps_another_has_no_arc() -> None:
    ends = ((1, 5, "LOC"), "r", (6, 7, "X")), ((3, 6, "FAC"), "r", (6, 7, "X"))
    (picture,) = make_pictures(make_doc("in New York City Hall was built", list(ends)))
    assert [arc.triple for arc in picture.arcs] == [0] and picture.undrawn == [1]


def test_all_of_the_text_is_there() -> None:
    doc = make_doc("a b c d e f", [((1, 3, "X"), "r", (4, 5, "X"))])
    (picture,) = make_pictures(doc)
    assert " ".join(word.text for word in picture.words) == doc.text.strip()


def test_doc_without_words_has_no_picture() -> None:
    assert list(make_pictures(words(""))) == []


def test_what_is_no_doc_is_named() -> None:
    with pytest.raises(ValueError, match=r"found 'a text'.*nlp\(text\)"):
        next(each_doc("a text"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="found None"):
        list(each_doc([hebrew(), None]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada", "ltr"),
        ("12 חיפה and London", "rtl"),
        ("( عدن", "rtl"),
        ("東京", "ltr"),
        ("12.", "ltr"),
    ],
)
def test_direction_of_a_doc_without_language_is_that_of_its_first_letter(
    text: str, expected: str
) -> None:
    assert text_direction(words(text)) == expected


def test_direction_is_that_of_the_language() -> None:
    assert text_direction(hebrew()) == "rtl"
    assert text_direction(spacy.blank("he")("IBM חיפה")) == "rtl"
    assert text_direction(spacy.blank("en")("חיפה is Haifa")) == "ltr"
