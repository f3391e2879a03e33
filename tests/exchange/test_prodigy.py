"""Docs ↔ Prodigy's `relations`: tasks have its form, and Docs come back unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import spacy
from drawn import content, docs
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from spacy.tokens import Doc, Span
from spacy.training import Corpus
from spacy.vocab import Vocab
from toy import gold_docs, write_corpus

from scripts.data.unpack_demo import ARCHIVE, unpack
from spacy_rin import Relation, get_relations, has_relations
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import Reason
from spacy_rin.exchange.export import export
from spacy_rin.exchange.prodigy import find_undrawn, from_prodigy, to_prodigy

# A task as Prodigy's database gives it, in the form that the rel_component tutorial reads.
ANSWER: dict[str, Any] = {
    "text": "IL-1beta message and EBV proteins.",
    "tokens": [
        {"text": "IL-1beta", "start": 0, "end": 8, "id": 0, "ws": True, "disabled": False},
        {"text": "message", "start": 9, "end": 16, "id": 1, "ws": True, "disabled": True},
        {"text": "and", "start": 17, "end": 20, "id": 2, "ws": True, "disabled": True},
        {"text": "EBV", "start": 21, "end": 24, "id": 3, "ws": True, "disabled": False},
        {"text": "proteins", "start": 25, "end": 33, "id": 4, "ws": False, "disabled": False},
        {"text": ".", "start": 33, "end": 34, "id": 5, "ws": False, "disabled": True},
    ],
    "spans": [
        {"start": 0, "end": 8, "token_start": 0, "token_end": 0, "type": "span", "label": "GGP"},
        {"start": 21, "end": 33, "token_start": 3, "token_end": 4, "type": "span", "label": "GGP"},
    ],
    "relations": [
        {
            "head": 4,
            "child": 0,
            "head_span": {"start": 21, "end": 33, "token_start": 3, "token_end": 4, "label": "GGP"},
            "child_span": {"start": 0, "end": 8, "token_start": 0, "token_end": 0, "label": "GGP"},
            "color": "#ffd882",
            "label": "Pos-Reg",
        }
    ],
    "_input_hash": -400334998,
    "_task_hash": 1861007191,
    "_session_id": None,
    "_view_id": "relations",
    "answer": "accept",
}


def there_and_back(given: list[Doc], folder: Path) -> list[Doc]:
    """Write files and read them as a user does: `spacy-rin export`, then `spacy-rin convert`."""
    write_corpus(folder / "gold.spacy", given)
    exported = export(folder / "gold.spacy", folder / "tasks.jsonl", "prodigy")
    report = convert(folder / "tasks.jsonl", folder / "back.spacy", strict=True)
    assert exported.docs == report.docs == len(given)
    assert exported.relations == report.triples
    return list(read_docs(folder / "back.spacy"))


def assert_same(given: list[Doc], folder: Path) -> None:
    back = there_and_back(given, folder)
    assert [content(doc) for doc in back] == [content(doc) for doc in given]


def nested_doc(unknown_spaces: bool = False) -> Doc:
    """ "York" within "New York", a span longer than an entity, and a word that is no entity."""
    words = ["Ada", "left", "New", "York", "in", "May", "1850"]
    doc = Doc(Vocab(), words=words, spaces=None if unknown_spaces else [True] * 6 + [False])
    doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 2, 4, "LOC"), Span(doc, 6, 7, "YEAR")]
    doc._.relations = [
        Relation(doc.ents[1], "has", Span(doc, 3, 4, "NAME")),
        Relation(doc.ents[0], "on", Span(doc, 5, 7, "DATE")),
        Relation(doc.ents[0], "does", Span(doc, 1, 2, "VERB")),
        Relation(doc.ents[0], "left", doc.ents[1]),
        Relation(doc.ents[0], "saw", doc.ents[1]),
        Relation(doc.ents[1], "left", doc.ents[0]),
    ]
    return doc


def test_answer_of_prodigy_comes_back_as_it_was() -> None:
    doc = from_prodigy(ANSWER, Vocab())
    assert [relation.text for relation in get_relations(doc)] == [
        "EBV proteins | Pos-Reg | IL-1beta"
    ]
    task = to_prodigy(doc)
    assert task["text"] == ANSWER["text"] and "answer" not in task
    for name in ("tokens", "spans", "relations"):
        extra = {"disabled", "type", "color", "score"}
        expected = [{k: v for k, v in item.items() if k not in extra} for item in ANSWER[name]]
        found = [{k: v for k, v in item.items() if k not in extra} for item in task[name]]
        assert found == expected


def test_ends_are_named_by_their_last_token() -> None:
    doc = nested_doc()
    for relation, row in zip(doc._.relations, to_prodigy(doc)["relations"], strict=True):
        assert (row["head"], row["child"]) == (relation.head.end - 1, relation.tail.end - 1)
        assert row["head_span"]["token_end"] == row["head"]


@pytest.mark.parametrize("unknown_spaces", [False, True])
def test_nested_and_other_ends_come_back(unknown_spaces: bool) -> None:
    doc = nested_doc(unknown_spaces)
    task = json.loads(json.dumps(to_prodigy(doc)))
    assert content(from_prodigy(task, Vocab())) == content(doc)


def test_what_prodigy_draws_elsewhere_is_found() -> None:
    undrawn = [relation.text for relation in find_undrawn(nested_doc())]
    assert undrawn == ["Ada | on | May 1850", "New York | has | York"]


def test_span_that_an_annotator_adds_is_an_entity() -> None:
    task = to_prodigy(nested_doc())
    verb = {"start": 4, "end": 8, "token_start": 1, "token_end": 1, "label": "VERB"}
    doc = from_prodigy({**task, "spans": [*task["spans"], verb]}, Vocab())
    assert [ent.text for ent in doc.ents] == ["Ada", "left", "New York", "1850"]


def test_end_without_a_label_has_that_of_the_entity_there() -> None:
    (relation,) = ANSWER["relations"]
    bare = {key: {**relation[key], "label": None} for key in ("head_span", "child_span")}
    doc = from_prodigy({**ANSWER, "relations": [relation | bare]}, Vocab())
    assert {span.label_ for r in doc._.relations for span in (r.head, r.tail)} == {"GGP"}


def test_relation_without_a_label_is_counted_and_the_others_kept(tmp_path: Path) -> None:
    (relation,) = ANSWER["relations"]
    rows = [
        {**ANSWER, "relations": [relation, {**relation, "label": label}]} for label in ("", None)
    ]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf8")
    report = convert(path, tmp_path / "out.spacy", strict=True)
    assert (report.docs, report.triples, report.unplaced) == (2, 2, 2)
    assert report.dropped == {Reason.UNKNOWN_LABEL: 2}


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_was_not_accepted_is_an_error(answer: str) -> None:
    with pytest.raises(ValueError, match=f"answer: {answer}"):
        from_prodigy({**ANSWER, "answer": answer}, Vocab())


def test_accepted_relations_are_certain() -> None:
    doc = nested_doc()
    doc._.relations = [Relation(doc.ents[0], "left", doc.ents[1], 0.6)]
    task = to_prodigy(doc)
    assert task["relations"][0]["score"] == 0.6
    assert from_prodigy(task, Vocab())._.relations[0].score == 1.0


def test_doc_that_was_never_annotated_is_a_task_without_relations() -> None:
    doc = Doc(Vocab(), words=["It", "rained"])
    assert not has_relations(doc) and to_prodigy(doc)["relations"] == []


@settings(max_examples=60, deadline=None)
@given(given_docs=st.lists(docs(), min_size=1, max_size=4))
def test_any_docs_come_back_from_a_file(given_docs: list[Doc]) -> None:
    with TemporaryDirectory() as folder:
        assert_same(given_docs, Path(folder))


def test_toy_corpus_comes_back(tmp_path: Path) -> None:
    assert_same(gold_docs(spacy.blank("en").vocab), tmp_path)


def test_training_reads_the_same_examples(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    there_and_back([*gold_docs(nlp.vocab), nested_doc(), nested_doc(True)], tmp_path)
    gold, back = (list(Corpus(tmp_path / f"{name}.spacy")(nlp)) for name in ("gold", "back"))
    for one, other in zip(gold, back, strict=True):
        assert content(one.reference) == content(other.reference)
        assert [t.text for t in one.predicted] == [t.text for t in other.predicted]


def test_merged_tokens_come_back(tmp_path: Path) -> None:
    merged = [
        spacy.pipeline.functions.merge_entities(doc) for doc in gold_docs(spacy.blank("en").vocab)
    ]
    assert any(" " in token.text for doc in merged for token in doc)
    assert_same(merged, tmp_path)


def test_demo_corpus_comes_back(tmp_path: Path) -> None:
    unpack(ROOT / ARCHIVE, tmp_path)
    convert(tmp_path / "dev.jsonl", tmp_path / "raw.spacy")
    given = list(read_docs(tmp_path / "raw.spacy"))
    assert any(find_undrawn(doc) for doc in given)  # cities within names
    assert_same(given, tmp_path)


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_conll04_comes_back(shared_data: Path, tmp_path: Path, part: str) -> None:
    convert(shared_data / "conll04" / f"{part}_triples.json", tmp_path / "raw.spacy")
    assert_same(list(read_docs(tmp_path / "raw.spacy")), tmp_path)
