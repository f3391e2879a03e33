"""Comparisons with gold: counts against sets of offsets made by hand, and tokens that differ."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import spacy
from html_page import Page
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from toy import gold_docs, trained, write_corpus
from typer.testing import CliRunner

from spacy_rin import Relation
from spacy_rin.cli import app
from spacy_rin.component import find_rin
from spacy_rin.evaluation.compare import compare_examples
from spacy_rin.evaluation.report import evaluate
from spacy_rin.pictures.page import make_page
from spacy_rin.scorer import exact_key, score_relations

Triple = tuple[tuple[int, int], str, tuple[int, int]]
TEXT = "Ada  saw\nRome and Bob , Eve too ."  # two spaces, a line break


def make_doc(words: list[str], triples: list[tuple[Triple, float]]) -> Doc:
    """A Doc of TEXT in these tokens; triples by characters, which must be bounds of tokens."""
    _, spaces = spacy.util.get_words_and_spaces(words, TEXT)
    doc = Doc(Vocab(), *spacy.util.get_words_and_spaces(words, TEXT))
    assert doc.text == TEXT and len(spaces) == len(doc)
    relations = []
    for (head, label, tail), score in triples:
        ends = [doc.char_span(*bounds, label="X") for bounds in (head, tail)]
        assert ends[0] is not None and ends[1] is not None
        relations.append(Relation(ends[0], label, ends[1], score))
    doc._.relations = relations
    doc.ents = spacy.util.filter_spans([e for r in relations for e in (r.head, r.tail)])
    return doc


WORDS = TEXT.split()
BOUNDS = [(0, 3), (5, 8), (9, 13), (14, 17), (18, 21), (24, 27)]
triples_of = st.lists(
    st.tuples(
        st.tuples(
            st.sampled_from(BOUNDS), st.sampled_from(["saw", "met"]), st.sampled_from(BOUNDS)
        ),
        st.floats(0.1, 1),
    ),
    max_size=6,
)


@given(triples_of, triples_of)
def test_kinds_are_those_of_sets_of_offsets(
    found: list[tuple[Triple, float]], gold: list[tuple[Triple, float]]
) -> None:
    eg = Example(make_doc(WORDS, found), make_doc(WORDS, gold))
    (marked,) = compare_examples([eg])
    f, g = {t for t, _ in found}, {t for t, _ in gold}
    assert marked.counts == +Counter(right=len(f & g), wrong=len(f - g), missed=len(g - f))
    total = score_relations([eg], exact_key)
    assert (total.tp, total.fp, total.fn) == tuple(
        marked.counts[kind] for kind in ("right", "wrong", "missed")
    )
    for kind, relation in zip(marked.relations, marked.doc._.relations, strict=True):
        h, t = relation.head, relation.tail
        key = ((h.start_char, h.end_char), relation.label, (t.start_char, t.end_char))
        assert kind == ("right" if key in f & g else "wrong" if key in f else "missed")
        if kind != "missed":
            assert relation.score == pytest.approx(max(s for k, s in found if k == key))
    assert marked.doc.text == TEXT and len(marked.entities) == len(marked.doc.ents)


def test_mentions_that_fit_the_tokens_of_one_side_alone() -> None:
    letters = [letter for letter in TEXT if not letter.isspace()]
    found = make_doc(letters, [(((0, 2), "saw", (9, 13)), 0.9)])  # "Ad"
    gold = make_doc(["Ada", "saw", "Rome", "and", "Bob", ",", "Evetoo"[:3], "too", "."], [])
    gold._.relations = [Relation(gold[0:1], "saw", gold[4:5])]
    (marked,) = compare_examples([Example(found, gold)])
    texts = [(r.head.text, r.tail.text) for r in marked.doc._.relations]
    assert texts == [("Ad", "Rome"), ("Ada", "Rome")]
    assert marked.relations == ["wrong", "missed"]


def test_entities_are_compared_by_bounds_and_label() -> None:
    def doc(*ents: tuple[int, int, str]) -> Doc:
        doc = Doc(Vocab(), words=["Ada", "saw", "Rome", "and", "Bob"])
        doc.ents = [Span(doc, *ent) for ent in ents]
        doc._.relations = []
        return doc

    found, gold = doc((0, 1, "P"), (4, 5, "L")), doc((0, 1, "P"), (2, 3, "L"))
    (marked,) = compare_examples([Example(found, gold)])
    shown = {ent.text: kind for ent, kind in zip(marked.doc.ents, marked.entities, strict=True)}
    assert shown == {"Ada": "right", "Rome": "missed", "Bob": "wrong"}


def test_worst_texts_are_first_and_keep_their_numbers() -> None:
    one = [(((0, 3), "saw", (9, 13)), 1.0)]
    two = [*one, (((0, 3), "met", (18, 21)), 1.0)]
    pairs = [(one, one), (one, []), ([], two), ([], []), (one, [])]
    examples = [Example(make_doc(WORDS, f), make_doc(WORDS, g)) for f, g in pairs]
    docs = compare_examples(examples)
    assert [doc.number for doc in docs] == [3, 2, 5, 1, 4]
    headings = Page(make_page(docs)).texts("h2")
    assert headings[0] == "Document 3: ○ 2 missed" and headings[-1] == "Document 4"


def test_sentences_of_gold_are_kept() -> None:
    gold = make_doc(WORDS, [])
    for token in gold:
        token.is_sent_start = token.text in ("Ada", "Bob")
    (marked,) = compare_examples([Example(make_doc(WORDS, []), gold)])
    assert [sent.text.strip() for sent in marked.doc.sents] == ["Ada  saw\nRome and", TEXT[18:]]


@pytest.mark.training
def test_page_has_the_counts_of_evaluate(tmp_path: Path) -> None:
    nlp = trained(threshold=0.2)
    docs = gold_docs(spacy.blank("en").vocab)
    for doc in docs[::3]:  # what is found there is wrong
        doc._.relations = []
    for doc in docs[1::3]:
        doc._.relations = [Relation(r.tail, r.label, r.head) for r in doc._.relations]
    nlp.to_disk(tmp_path / "model")
    corpus = write_corpus(tmp_path / "gold.spacy", docs)
    page = tmp_path / "page.html"
    words = ["render", str(corpus), str(page), "--model", str(tmp_path / "model")]
    result = CliRunner().invoke(app, [*words, "--limit", "500"])
    assert result.exit_code == 0, result.output
    report = evaluate(nlp, corpus)
    labels = report["by_label"].values()
    n_gold = sum(row["triples"] for row in labels)
    n_found = sum(row["predicted"] for row in labels)
    right = round(report["scores"]["rel_r"] * n_gold)
    counts = {"right": right, "wrong": n_found - right, "missed": n_gold - right}
    assert all(counts.values())
    shown = Page(page.read_text(encoding="utf8"))
    rows = Counter(row["data-kind"] for row in shown.attributes("tr") if "data-kind" in row)
    assert rows == counts
    boxes = [text.split() for text in shown.texts("label") if text.split()[0] in "✓✗○"]
    assert {kind: int(count) for _, kind, count in boxes} == counts
    (about,) = shown.texts("p", class_="about")
    assert all(f"{n} {kind} (" in about for kind, n in counts.items())
    assert f"F\u00a0{100 * report['scores']['rel_f']:.1f}" in about
    (title,) = shown.texts("h1")
    assert title == f"Right, wrong and missed: {tmp_path / 'model'} on gold.spacy"
    assert find_rin(nlp).cfg["unit"] == "sentence"  # restored


@pytest.mark.training
def test_page_of_the_worst_says_so(model: str, tmp_path: Path) -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    docs[5]._.relations = []
    corpus, page = write_corpus(tmp_path / "gold.spacy", docs), tmp_path / "page.html"
    words = ["render", str(corpus), str(page), "--model", model, "--limit", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    shown = Page(page.read_text(encoding="utf8"))
    assert shown.texts("h2")[0].startswith("Document 6: ")
    assert f"the worst of {len(docs)} texts" in shown.texts("p", class_="about")[0]


@pytest.mark.training
def test_texts_without_gold_are_drawn_as_they_are_found(model: str, tmp_path: Path) -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    for doc in docs:
        doc.user_data.clear()
    corpus, page = write_corpus(tmp_path / "plain.spacy", docs), tmp_path / "page.html"
    result = CliRunner().invoke(app, ["render", str(corpus), str(page), "--model", model])
    assert result.exit_code == 0, result.output
    shown = Page(page.read_text(encoding="utf8"))
    assert shown.texts("p", class_="about") == []
    assert shown.texts("h1") == [f"Relations that {model} finds in plain.spacy"]
