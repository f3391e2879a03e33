"""Pages, read by Python's HTML parser: nothing is lost, escaped twice or fetched from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
import spacy
from html_page import Page
from hypothesis import given
from hypothesis import strategies as st
from sketches import ada, bob, evil, hebrew, make_doc, silent, sketches
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_rin import Relation, set_relations
from spacy_rin.pictures.page import make_page, write_page

# Attributes that make a browser load something.
LOADING = {"src", "srcset", "data", "action", "background", "poster", "xlink:href"}


def test_each_document_has_its_text_its_picture_and_its_triples() -> None:
    docs = [ada(), bob(), silent()]
    page = Page(make_page(docs))
    assert page.texts("p", class_="text") == [doc.text for doc in docs]
    assert len(page.attributes("article")) == 3 and len(page.attributes("svg")) == 2
    cells = page.texts("td")
    rows = [tuple(cells[k : k + 4]) for k in range(0, len(cells), 4)]
    assert rows == [
        (
            f"{relation.head.text} {relation.head.label_}",
            relation.label,
            f"{relation.tail.text} {relation.tail.label_}",
            f"{relation.score:.2f}",
        )
        for doc in docs
        for relation in doc._.relations
    ]
    assert page.texts("p", class_="none") == ["No triples"]
    assert page.texts("p", id="shown") == ["5 triples in 3 documents"]


def test_arcs_rows_and_check_boxes_go_by_the_same_numbers() -> None:
    page = Page(make_page([ada(), bob()]))
    boxes = [attrs["value"] for attrs in page.attributes("input") if attrs["type"] == "checkbox"]
    labels = [text.split() for text in page.texts("label") if text.split()[-1].isdigit()]
    assert labels == [["lives_in", "2"], ["founded", "2"], ["home_of", "1"]]
    number = {label: box for box, (label, _) in zip(boxes, labels, strict=True)}
    rows = [attrs for attrs in page.attributes("tr") if "data-relation" in attrs]
    relations = [relation for doc in (ada(), bob()) for relation in doc._.relations]
    assert [row["data-relation"] for row in rows] == [number[r.label] for r in relations]
    arcs = [attrs["data-triple"] for attrs in page.attributes("g")]
    assert Counter(arcs) == Counter(row["data-triple"] for row in rows)


def test_entities_are_marked() -> None:
    page = Page(make_page([ada()]))
    assert page.texts("mark") == ["Ada Lovelace", "London", "Acme Steel"]
    assert [attrs["data-label"] for attrs in page.attributes("mark")] == ["PER", "LOC", "ORG"]


def test_script_is_the_one_that_the_policy_allows() -> None:
    page = Page(make_page([ada()]))
    (policy,) = [a["content"] for a in page.attributes("meta") if "http-equiv" in a]
    (script,) = page.texts("script")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}


def test_nothing_is_loaded_from_anywhere() -> None:
    page = Page(make_page(sketches()))
    for tag, attributes, _ in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed"}
        assert not LOADING & attributes.keys()
        assert str(attributes.get("href", "#")).startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    (style,) = page.texts("style")
    assert "url(" not in style and "@import" not in style


def test_every_field_has_a_name_and_every_id_is_there_once() -> None:
    page = Page(make_page([ada()]))
    ids = [str(a["id"]) for _, a, _ in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    named = {a["for"] for a in page.attributes("label") if "for" in a}
    for field in page.attributes("input"):
        assert field["type"] == "checkbox" or field["id"] in named
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in page.attributes("div") if a)


def test_direction_and_language_are_those_of_each_document() -> None:
    english = make_doc("a b", [], vocab=spacy.blank("en").vocab)
    page = Page(make_page([hebrew(), english, ada()]))
    assert [a["dir"] for a in page.attributes("article")] == ["rtl", "ltr", "ltr"]
    texts = [a for a in page.attributes("p") if a.get("class") == "text"]
    assert [a.get("lang") for a in texts] == ["he", "en", None]


def test_text_and_labels_are_escaped() -> None:
    page = Page(make_page([evil()], title="<b>&amp;"))
    assert page.texts("title") == page.texts("h1") == ["<b>&amp;"]
    assert len(page.texts("script")) == 1 and page.texts("b") == page.texts("i") == []
    assert page.texts("p", class_="text") == [evil().text]


# No letters that XML and HTML forbid: no parser would give them back.
letters = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
words = st.text(letters, min_size=1, max_size=8)


@given(st.lists(words, min_size=2, max_size=6), words, words)
def test_any_text_comes_back_from_the_page(tokens: list[str], label: str, title: str) -> None:
    doc = Doc(Vocab(), words=tokens)
    set_relations(doc, [Relation(Span(doc, 0, 1, label), label, Span(doc, 1, 2))])
    page = Page(make_page([doc], title=title))
    assert page.texts("p", class_="text") == [doc.text]
    assert page.texts("td")[1] == label
    assert page.texts("text", class_="rin-tag") == [label]
    assert page.texts("h1") == [title]


def test_page_without_documents_is_a_page() -> None:
    page = Page(make_page([]))
    assert page.texts("p", id="shown") == ["0 triples in 0 documents"]


def test_page_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    write_page(path, iter([ada()]), title="Two names")
    assert path.read_text(encoding="utf8") == make_page([ada()], title="Two names")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="nlp"):
        write_page(path, ["a text"])  # type: ignore[list-item]
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
