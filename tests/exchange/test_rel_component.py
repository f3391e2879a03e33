"""Docs ↔ `doc._.rel` of spaCy's tutorial, written and read as its own code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from drawn import cell, docs
from hypothesis import given, settings
from paths import ROOT
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab
from toy import gold_docs

from spacy_rin import Relation, get_relations
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.exchange.rel_component import (
    REL_KEY,
    find_left_out,
    from_rel_component,
    to_rel_component,
)

LABELS = ["born_in", "near"]


@pytest.fixture
def tutorial() -> Iterator[None]:
    """Register what the tutorial's scripts register."""
    Doc.set_extension("rel", default={})
    yield
    Doc.remove_extension("rel")


def make_doc() -> Doc:
    doc = Doc(Vocab(), words=["Ada", "Lovelace", "was", "born", "in", "New", "York"])
    doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 5, 7, "LOC")]
    return doc


def related_doc() -> Doc:
    doc = make_doc()
    doc._.relations = [Relation(doc.ents[0], "born_in", doc.ents[1])]
    return doc


def count_as_the_tutorial(gold: Doc, pred: Doc, threshold: float) -> tuple[int, int, int]:
    """Count true positives, false positives and misses, as the tutorial's scorer does."""
    tp = fp = fn = 0
    for pair, scores in pred._.rel.items():
        right = {label for label, score in gold._.rel[pair].items() if score == 1.0}
        for label, score in scores.items():
            found = score >= threshold
            tp, fp, fn = (
                tp + (found and label in right),
                fp + (found and label not in right),
                fn + (not found and label in right),
            )
    return tp, fp, fn


def test_every_pair_has_a_score_for_every_label() -> None:
    table = to_rel_component(related_doc(), LABELS)
    assert table.keys() == {(0, 0), (0, 5), (5, 0), (5, 5)}
    assert all(list(scores) == LABELS for scores in table.values())
    assert [pair for pair, scores in table.items() if scores["born_in"] == 1.0] == [(0, 5)]
    assert sum(map(sum, (scores.values() for scores in table.values()))) == 1.0


def test_tutorial_reads_what_is_written(tutorial: None) -> None:
    """The tutorial's scorer finds all relations of a Doc, and no others."""
    gold = gold_docs(spacy.blank("en").vocab)
    labels = sorted({r.label for doc in gold for r in get_relations(doc)})
    for doc in gold:
        doc._.rel = to_rel_component(doc, labels)
        assert count_as_the_tutorial(doc, doc, 0.5) == (len(get_relations(doc)), 0, 0)


def test_docbin_of_the_tutorial_is_read(tutorial: None) -> None:
    doc = make_doc()
    doc._.rel[(0, 5)] = {"born_in": 1.0, "near": 0.0}
    doc._.rel[(5, 0)] = {"born_in": 0.0, "near": 1.0}
    data = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (loaded,) = DocBin().from_bytes(data).get_docs(Vocab())
    loaded._.relations = from_rel_component(loaded)
    assert [relation.text for relation in loaded._.relations] == [
        "Ada Lovelace | born_in | New York",
        "New York | near | Ada Lovelace",
    ]


def test_rel_does_not_survive_bytes() -> None:
    """The way of the docs' page takes a DocBin for this reason, so a change should be noticed."""
    doc = make_doc()
    doc.user_data[REL_KEY] = to_rel_component(doc, LABELS)
    with pytest.raises(TypeError):
        Doc(Vocab()).from_bytes(doc.to_bytes())


def test_way_over_of_the_docs_page(
    tutorial: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ROOT / "docs" / "exchange.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf8"), re.DOTALL)
    (code,) = (block for block in blocks if "from_rel_component" in block)
    gold = related_doc()
    gold._.rel = to_rel_component(gold, LABELS)
    (tmp_path / "data").mkdir()
    for part in ("train", "dev", "test"):
        DocBin(docs=[gold], store_user_data=True).to_disk(tmp_path / "data" / f"{part}.spacy")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    (doc,) = read_docs(tmp_path / "corpus" / "test.spacy")
    assert list(map(cell, get_relations(doc))) == list(map(cell, gold._.relations))
    assert Doc(Vocab()).from_bytes(doc.to_bytes()).user_data.keys() == {"spacy_rin.relations"}


@pytest.mark.parametrize(("threshold", "found"), [(0.3, 2), (0.5, 1), (0.75, 1), (0.8, 0)])
def test_predictions_are_read_from_the_threshold_on(threshold: float, found: int) -> None:
    doc = make_doc()
    doc.user_data[REL_KEY] = {(0, 5): {"born_in": np.float32(0.75), "near": np.float32(0.375)}}
    relations = from_rel_component(doc, threshold)
    assert [relation.score for relation in relations] == [0.75, 0.375][:found]
    assert all(type(relation.score) is float for relation in relations)


def test_lost_rel_is_an_error() -> None:
    doc = make_doc()
    with pytest.raises(ValueError, match="store_user_data=True"):
        from_rel_component(doc)
    doc.user_data[REL_KEY] = {}
    assert from_rel_component(doc) == []
    doc = make_doc()
    doc.ents = doc.ents[:1]
    assert from_rel_component(doc) == []


def test_rel_of_other_tokens_is_an_error() -> None:
    doc = related_doc()
    doc.user_data[REL_KEY] = to_rel_component(doc, LABELS)
    merged = spacy.pipeline.functions.merge_entities(doc)
    with pytest.raises(ValueError, match="tokens 0 and 5 as 'born_in', but entities start at 0, 4"):
        from_rel_component(merged)


def test_what_has_no_place_is_found() -> None:
    doc = related_doc()
    person, city = doc.ents
    kept = doc._.relations[0]
    others = [
        Relation(person, "near", Span(doc, 6, 7, "LOC")),  # nested
        Relation(Span(doc, 0, 1, "PER"), "near", city),  # starts as an entity does, and is none
        Relation(person, "knows", city),  # a label that the corpus lacks
        Relation(person, "born_in", city, 0.5),  # said twice
    ]
    doc._.relations = [kept, *others]
    left_out = find_left_out(doc, LABELS)
    assert {relation.text for relation in left_out} == {relation.text for relation in others}
    assert len(left_out) == 4
    doc.user_data[REL_KEY] = to_rel_component(doc, LABELS)
    assert from_rel_component(doc) == [kept]


@settings(max_examples=100, deadline=None)
@given(doc=docs())
def test_relations_between_entities_come_back(doc: Doc) -> None:
    labels = sorted({relation.label for relation in get_relations(doc)})
    left_out = [cell(relation) for relation in find_left_out(doc, labels)]
    ents: list[Any] = [(ent.start, ent.end) for ent in doc.ents]
    for head_start, head_end, _, tail_start, tail_end in left_out:
        assert (head_start, head_end) not in ents or (tail_start, tail_end) not in ents
    doc.user_data[REL_KEY] = to_rel_component(doc, labels)
    found = [cell(relation) for relation in from_rel_component(doc)]
    assert sorted([*found, *left_out]) == sorted(map(cell, get_relations(doc)))
