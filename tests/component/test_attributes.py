"""Several rin components in one pipeline, each with relations of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from thinc.api import Config
from toy import (
    SMALL_CONFIG,
    TWO_WORDS,
    blank,
    gold_docs,
    gold_examples,
    rin_of,
    trained,
    triple_texts,
    write_corpus,
)

from spacy_rin import get_relations
from spacy_rin.component import find_rin
from spacy_rin.evaluation.report import evaluate, make_record
from spacy_rin.extract.documents import Document
from spacy_rin.extract.engines.worker import BatchReader

TRIPLES = "rin_test_triples"


@pytest.fixture(autouse=True)
def _forget_attributes() -> Iterator[None]:
    yield
    for owner in (Doc, Span):
        for name in (TRIPLES, "rin_test_others"):
            if owner.has_extension(name):
                owner.remove_extension(name)


def small(**settings: object) -> Config:
    return Config().from_str(SMALL_CONFIG) | settings


def two(threshold: float = 1.0, **settings: object) -> Language:
    """A trained `rin`, and behind it `others`, which is as `rin` but for its settings."""
    nlp = trained()
    nlp.add_pipe("rin", name="others", config=small(attribute=TRIPLES, **settings))
    nlp.get_pipe("others").from_bytes(rin_of(nlp).to_bytes(exclude=["cfg"]))
    others = nlp.get_pipe("others")
    others.cfg |= {k: v for k, v in rin_of(nlp).cfg.items() if k.endswith(("labels", "tags"))}
    others.cfg["threshold"] = threshold
    return nlp


@pytest.mark.training
def test_second_component_leaves_the_relations_of_the_first() -> None:
    nlp = two()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doc = nlp(TWO_WORDS)
    assert triple_texts(doc) == {("Ada Lovelace", "born_in", "London")}
    assert get_relations(doc, TRIPLES) == []
    assert nlp.get_pipe("others").cfg["attribute"] == TRIPLES


def test_second_component_with_the_attribute_of_the_first_is_an_error() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match=r"'more' and 'rin' both store .* as doc\._\.relations"):
        nlp.add_pipe("rin", name="more")
    assert nlp.pipe_names == ["rin"]
    nlp.replace_pipe("rin", "rin")  # the first one is gone then


def test_saved_pipeline_of_two_with_one_attribute_loads_with_a_warning(tmp_path: Path) -> None:
    nlp = blank()
    nlp.add_pipe("rin", name="more", config={"attribute": TRIPLES})
    nlp.to_disk(tmp_path)
    config = (tmp_path / "config.cfg").read_text()
    (tmp_path / "config.cfg").write_text(config.replace(TRIPLES, "relations"))
    with pytest.warns(UserWarning, match="'more' and 'rin' both store"):
        assert spacy.load(tmp_path).pipe_names == ["rin", "more"]


@pytest.mark.training
def test_sourced_component_that_replaces_relations_is_warned_of_once() -> None:
    nlp = trained()
    nlp.add_pipe("rin", name="more", source=trained())
    with pytest.warns(UserWarning, match="'more' has replaced .* 'rin' had just stored") as found:
        list(nlp.pipe([TWO_WORDS] * 3))
    assert len(found) == 1


@pytest.mark.training
def test_attribute_that_is_changed_takes_effect() -> None:
    nlp = trained()
    rin_of(nlp).cfg["attribute"] = TRIPLES
    doc = nlp(TWO_WORDS)
    assert [relation.text for relation in doc._.get(TRIPLES)] == ["Ada Lovelace | born_in | London"]
    assert doc._.relations == []


@pytest.mark.training
def test_attribute_changed_to_that_of_another_component_is_warned_of() -> None:
    nlp = two()
    nlp.get_pipe("others").cfg["attribute"] = "relations"
    with pytest.warns(UserWarning, match="'others' has replaced"):
        nlp(TWO_WORDS)


@pytest.mark.training
def test_doc_that_another_pipeline_reads_again_is_not_warned_of() -> None:
    first, second = trained(), trained()
    doc = first(TWO_WORDS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert triple_texts(second(doc))


@pytest.mark.training
def test_scores_of_an_attribute_have_its_name() -> None:
    nlp = two()
    scores = nlp.evaluate(gold_examples(nlp))
    assert scores["rel_f"] == scores["rel_text_f"] == 1.0
    assert scores[f"{TRIPLES}_rel_f"] == scores[f"{TRIPLES}_rel_partial_f"] == 0.0
    assert f"{TRIPLES}_rel_per_type" in scores and scores["ents_f"] == 1.0


@pytest.mark.training
def test_gold_of_an_attribute_is_what_its_component_is_scored_by() -> None:
    nlp = two(threshold=0.5)
    examples = gold_examples(nlp)
    for eg in examples:
        eg.reference.user_data[f"spacy_rin.relations.{TRIPLES}"] = []
    scores = nlp.evaluate(examples)
    assert scores["rel_f"] == 1.0 and scores[f"{TRIPLES}_rel_f"] == 0.0


@pytest.mark.training
def test_report_is_of_one_component(tmp_path: Path) -> None:
    nlp = two()
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab)[:9])
    first, second = (evaluate(nlp, test, train=test, component=n) for n in ("", "others"))
    assert first["scores"]["rel_f"] == 1.0 and second["scores"]["rel_f"] == 0.0
    assert first["joined"]["1"]["predicted"] and not second["joined"]["1"]["predicted"]
    assert first["by_seen"]["seen"]["triples"] == second["by_seen"]["seen"]["triples"] > 0
    assert [nlp.get_pipe(n).cfg["attribute"] for n in nlp.pipe_names] == ["relations", TRIPLES]
    record = make_record(nlp, second, {}, [], "others")
    assert record["component"] == "others" and record["settings"]["threshold"] == 1.0


def test_component_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"no rin component 'more'; it has \['rin'\]"):
        find_rin(blank(), "more")


@pytest.mark.training
def test_extraction_has_the_triples_of_a_component_with_another_attribute(tmp_path: Path) -> None:
    nlp = trained()
    rin_of(nlp).attribute = TRIPLES
    nlp.to_disk(tmp_path)
    (entry,) = BatchReader(str(tmp_path))([Document("1", TWO_WORDS)])
    assert [row["relation"] for row in entry["triples"]] == ["born_in"]  # type: ignore[index]


def test_training_chooses_by_the_scores_that_there_are() -> None:
    nlp = blank(attribute=TRIPLES)
    nlp.initialize(lambda: gold_examples(nlp))
    weights = nlp.config["training"]["score_weights"]
    assert weights[f"{TRIPLES}_rel_f"] == 1.0
    assert weights["rel_f"] is None and weights["ents_f"] == 0.0


def test_weights_stay_where_a_component_has_the_scores() -> None:
    nlp = blank()
    nlp.add_pipe("rin", name="more", config=small(attribute=TRIPLES))
    before = dict(nlp.config["training"]["score_weights"])
    nlp.initialize(lambda: gold_examples(nlp))
    assert nlp.config["training"]["score_weights"] == before
    assert before["rel_f"] == 1.0
