"""Type signatures of a component: learned, given, saved, and kept in decoding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Span
from toy import (
    TWO_WORDS,
    as_example,
    blank,
    gold_docs,
    gold_examples,
    rin_of,
    trained,
    triple_texts,
)

from spacy_rin import Relation, set_relations

# Those of the toy corpus, with their counts.
SEEN = [
    ("PER", "born_in", "LOC", 12),
    ("PER", "knows", "PER", 8),
    ("PER", "works_for", "ORG", 8),
    ("LOC", "capital_of", "LOC", 4),
    ("LOC", "located_in", "LOC", 4),
    ("ORG", "based_in", "LOC", 4),
]
BORN = ("Ada Lovelace", "born_in", "London")


def without_born_in() -> list[list[object]]:
    return [list(row) for row in SEEN if row[1] != "born_in"]


def test_signatures_are_counted_in_the_training_data() -> None:
    nlp = blank()
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).cfg["seen_signatures"] == SEEN


def test_own_list_takes_the_place_of_those_of_the_data(tmp_path: Path) -> None:
    rows = [{"head": "PER", "label": "born_in", "tail": tail} for tail in ("ORG", "LOC")]
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf8")
    nlp = blank(signatures="seen")
    nlp.config["initialize"]["components"] = {"rin": {"signatures": str(path)}}
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).cfg["seen_signatures"] == [
        ("PER", "born_in", "LOC", 12),
        ("PER", "born_in", "ORG", 0),
    ]


def test_own_list_with_a_mistake_stops_the_initialisation(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"head": "PER", "label": "bron_in", "tail": "LOC"}', encoding="utf8")
    nlp = blank()
    with pytest.raises(ValueError, match=r"own\.jsonl, line 1.*'bron_in'"):
        rin_of(nlp).initialize(lambda: gold_examples(nlp), signatures=str(path))


@pytest.mark.training
def test_types_that_train_never_has_are_no_triple() -> None:
    nlp = trained(seen_signatures=without_born_in())
    assert triple_texts(nlp(TWO_WORDS)) == {BORN}
    rin_of(nlp).cfg["signatures"] = "seen"
    assert triple_texts(nlp(TWO_WORDS)) == set()
    rin_of(nlp).cfg["seen_signatures"] = SEEN
    assert triple_texts(nlp(TWO_WORDS)) == {BORN}


@pytest.mark.training
@pytest.mark.parametrize(("label", "found"), [("PHILOSOPHER", True), ("ORG", False)])
def test_kept_entity_passes_if_the_model_does_not_know_its_label(label: str, found: bool) -> None:
    nlp = trained(signatures="seen", overwrite=False)
    doc = nlp.make_doc("Plato was born in Athens .")
    doc.ents = [Span(doc, 0, 1, label)]
    assert bool(nlp(doc)._.relations) is found


def test_relations_between_spans_without_label_allow_every_label() -> None:
    nlp = blank(signatures="seen")
    gold = gold_docs(nlp.vocab)
    for doc in gold:
        ends = [
            (doc[r.head.start : r.head.end], r, doc[r.tail.start : r.tail.end])
            for r in doc._.relations
        ]
        set_relations(doc, [Relation(head, r.label, tail) for head, r, tail in ends])
    nlp.initialize(lambda: [as_example(nlp, doc) for doc in gold])
    assert {(row[0], row[2]) for row in rin_of(nlp).cfg["seen_signatures"]} == {("", "")}
    rin = rin_of(nlp)
    rin.cfg["threshold"] = 0.001
    texts = [doc.text for doc in gold]
    strict = [triple_texts(doc) for doc in nlp.pipe(texts)]
    rin.cfg["signatures"] = "off"
    assert strict == [triple_texts(doc) for doc in nlp.pipe(texts)]
    assert any(strict)


@pytest.mark.training
def test_pipeline_without_counts_says_what_to_do() -> None:
    nlp = trained(signatures="seen", seen_signatures=[])
    with pytest.raises(ValueError, match="Train it again"):
        nlp(TWO_WORDS)


@pytest.mark.training
def test_signatures_are_saved(tmp_path: Path) -> None:
    trained(signatures="seen", seen_signatures=without_born_in()).to_disk(tmp_path)
    assert triple_texts(spacy.load(tmp_path)(TWO_WORDS)) == set()


@pytest.mark.training
def test_pipeline_of_an_earlier_version_loads_as_it_was(tmp_path: Path) -> None:
    """Neither its config nor its `cfg` knows the settings that came later."""
    nlp = trained(threshold=0.4)
    expected = [(r.text, r.score) for r in nlp(TWO_WORDS)._.relations]
    nlp.to_disk(tmp_path)
    scaled = ("temperature", "score_bias")
    later = ("signatures", "seen_signatures", "label_thresholds", *scaled)
    cfg = json.loads((tmp_path / "rin" / "cfg").read_text(encoding="utf8"))
    old = {name: value for name, value in cfg.items() if name not in later}
    (tmp_path / "rin" / "cfg").write_text(json.dumps(old), encoding="utf8")
    (tmp_path / "rin" / "checksums").unlink()
    config = spacy.util.load_config(tmp_path / "config.cfg", interpolate=False)
    for name in ("signatures", "label_thresholds", *scaled):
        del config["components"]["rin"][name]
    del config["training"]["score_weights"]["rel_f_best"]
    config.to_disk(tmp_path / "config.cfg")
    loaded = spacy.load(tmp_path)
    assert [(r.text, r.score) for r in loaded(TWO_WORDS)._.relations] == expected != []
    cfg = rin_of(loaded).cfg
    assert {name: cfg[name] for name in later} == {
        "signatures": "off",
        "seen_signatures": [],
        "label_thresholds": {},
        "temperature": 1.0,
        "score_bias": 0.0,
    }
