"""Pictures: displaCy gets the right words and arcs, and whatever a text holds is escaped."""

from __future__ import annotations

from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_rin import Relation, set_relations
from spacy_rin.render import PLACE, parse_relations, render, write_page

Bounds = tuple[int, int, str]


def make_doc(
    text: str, triples: list[tuple[Bounds, str, Bounds]], sent_starts: list[int] | None = None
) -> Doc:
    words = text.split()
    starts = None if sent_starts is None else [k in sent_starts for k in range(len(words))]
    doc = Doc(Vocab(), words=words, sent_starts=starts)
    relations = [Relation(Span(doc, *h), label, Span(doc, *t)) for h, label, t in triples]
    set_relations(doc, relations)
    return doc


def test_entities_are_words_and_relations_are_arcs() -> None:
    doc = make_doc("Ada Lovelace lived in London .", [((0, 2, "PER"), "lives_in", (4, 5, "LOC"))])
    (picture,) = parse_relations(doc)
    assert [w["text"] for w in picture["words"]] == ["Ada Lovelace", "lived in", "London", "."]
    assert [w["tag"] for w in picture["words"]] == ["PER", "", "LOC", ""]
    assert picture["arcs"] == [{"start": 0, "end": 2, "label": "lives_in", "dir": "right"}]


def test_words_between_entities_share_places() -> None:
    doc = make_doc(
        "a was one of the people who later founded b", [((0, 1, "X"), "r", (9, 10, "X"))]
    )
    (picture,) = parse_relations(doc)
    texts = [word["text"] for word in picture["words"]]
    assert " ".join(texts) == doc.text.strip()
    assert texts[0] == "a" and texts[-1] == "b"
    assert all(len(text) <= PLACE for text in texts) and len(texts) < 6


def test_arc_points_back_where_the_tail_stands_first() -> None:
    doc = make_doc("London bore Ada", [((2, 3, "PER"), "born_in", (0, 1, "LOC"))])
    (picture,) = parse_relations(doc)
    assert picture["arcs"] == [{"start": 0, "end": 2, "label": "born_in", "dir": "left"}]


def test_each_sentence_is_a_picture() -> None:
    doc = make_doc("a b . c d .", [((3, 4, "X"), "r", (4, 5, "X"))], sent_starts=[0, 3])
    assert [len(p["arcs"]) for p in parse_relations(doc)] == [0, 1]


def test_sentences_that_a_relation_joins_are_one_picture() -> None:
    doc = make_doc("a b . c d . e .", [((0, 1, "X"), "r", (4, 5, "X"))], sent_starts=[0, 3, 6])
    pictures = list(parse_relations(doc))
    assert [word["text"] for word in pictures[0]["words"]] == ["a", "b . c", "d", "."]
    assert pictures[0]["arcs"] == [{"start": 0, "end": 2, "label": "r", "dir": "right"}]
    assert [word["text"] for word in pictures[1]["words"]] == ["e ."]


def test_nested_mention_hangs_on_the_word_that_holds_it() -> None:
    doc = make_doc(
        "University of Oxford in England",
        [((0, 3, "ORG"), "located_in", (2, 3, "LOC")), ((2, 3, "LOC"), "in", (4, 5, "LOC"))],
    )
    (picture,) = parse_relations(doc)
    assert picture["arcs"] == [{"start": 0, "end": 2, "label": "in", "dir": "right"}]
    assert picture["title"] == "University of Oxford | located_in | Oxford"


def test_text_and_labels_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    doc = make_doc(f"{evil} saw b", [((0, 1, "<i>"), "<b>&", (2, 3, "X"))])
    html = render(doc, page=True)
    assert "<script>" not in html and "<i>" not in html and "<b>&" not in html
    assert "&lt;script&gt;" in html and "&lt;b&gt;&amp;" in html


def test_docs_without_words_or_relations_are_drawn() -> None:
    empty, silent = make_doc("", []), make_doc("it rained", [])
    assert "rained" in render([empty, silent])


def test_page_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    write_page(path, [make_doc("a b", [((0, 1, "X"), "r", (1, 2, "X"))])])
    assert path.read_text(encoding="utf8").startswith("<!DOCTYPE html>")
    assert list(path.parent.iterdir()) == [path]
