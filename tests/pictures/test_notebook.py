"""Rendering: pictures of one Doc or many, as HTML or in a notebook."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from sketches import ada, evil, make_doc, silent

import spacy_rin
from spacy_rin.pictures.notebook import render


def test_one_doc_and_many_are_drawn() -> None:
    assert spacy_rin.render is render
    one = render(ada())
    assert one.count("<svg") == 1 and one.count('class="rin-arc"') == 4
    assert render([ada(), ada()]).count("<svg") == 2


def test_docs_without_words_or_relations_are_drawn() -> None:
    assert "rained" in render([make_doc("", []), silent()])
    assert render(make_doc("", [])) == ""


def test_what_has_no_arc_is_the_caption() -> None:
    doc = make_doc("University of <b>", [((0, 3, "ORG"), "in", (2, 3, "LOC"))])
    assert "<figcaption>University of &lt;b&gt; | in | &lt;b&gt;</figcaption>" in render(doc)
    assert "figcaption" not in render(ada())


def test_whatever_a_text_holds_is_escaped() -> None:
    html = render(evil())
    assert "<script" not in html and "<i>" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html and "&amp;lt;" in html


def test_page_is_whole() -> None:
    html = render([ada(), silent()], page=True, options={"font": "Times"})
    assert html.startswith("<!DOCTYPE html>") and html.count("<article") == 2
    assert "font-family: Times" in html


def test_text_is_not_taken_for_a_doc() -> None:
    with pytest.raises(ValueError, match="nlp"):
        render("Ada lived in London.")  # type: ignore[arg-type]


def test_notebook_shows_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    module.__dict__.update(HTML=str, display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    html = render(ada(), jupyter=False)
    assert shown == [] and html
    assert render(ada(), jupyter=True) == "" and shown == [html]
