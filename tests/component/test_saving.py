"""Saved, loaded and sourced pipelines say what they said before."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from processes import run_python
from spacy.language import Language
from toy import (
    RELATION_LABELS,
    TWO_WORDS,
    as_example,
    assert_same,
    blank,
    gold_doc,
    gold_examples,
    rin_of,
    texts,
    train_a_little,
    trained,
)

pytestmark = pytest.mark.training


def test_to_disk_and_back_gives_the_same_output(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text in texts():
        assert_same(loaded(text), nlp(text))


def test_to_bytes_and_back_gives_the_same_output(nlp: Language) -> None:
    loaded = blank().from_bytes(nlp.to_bytes())
    for text in texts():
        assert_same(loaded(text), nlp(text))


def test_loading_twice_over_the_same_component_gives_the_same_output(nlp: Language) -> None:
    other = trained()
    train_a_little(other)
    other.from_bytes(nlp.to_bytes())
    assert_same(other(TWO_WORDS), nlp(TWO_WORDS))


def test_settings_and_labels_are_saved(nlp: Language, tmp_path: Path) -> None:
    changed = trained(threshold=0.25, decode="partial", max_length=17)
    changed.to_disk(tmp_path)
    assert rin_of(spacy.load(tmp_path)).cfg == rin_of(changed).cfg


def test_pipeline_that_is_not_initialised_can_be_saved_and_loaded(tmp_path: Path) -> None:
    blank().to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert not rin_of(loaded).labels
    loaded.initialize(lambda: gold_examples(loaded))
    assert rin_of(loaded).labels == RELATION_LABELS


def test_sourced_component_gives_the_same_output(nlp: Language) -> None:
    other = spacy.blank("en")
    other.add_pipe("rin", source=nlp)
    for text in texts():
        assert_same(other(text), nlp(text))


def test_sourced_component_survives_saving(nlp: Language, tmp_path: Path) -> None:
    other = spacy.blank("en")
    other.add_pipe("rin", name="triples", source=nlp)
    other.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path)(TWO_WORDS), nlp(TWO_WORDS))


@pytest.mark.processes
def test_saved_pipeline_loads_in_a_fresh_process(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    code = (
        "import sys, spacy\n"
        "doc = spacy.load(sys.argv[1])(sys.argv[2])\n"
        "print([r.text for r in doc._.relations])"
    )
    found = run_python("-c", code, tmp_path, TWO_WORDS)
    assert found.stdout.strip() == "['Ada Lovelace | born_in | London']", found.stderr


def test_loaded_pipeline_can_be_trained_further(nlp: Language) -> None:
    other = trained()
    fresh = gold_doc(other.vocab, "P likes L .", [("P", "located_in", "L")])
    eg = as_example(other, fresh)
    optimizer = other.resume_training()
    losses = [other.update([eg], sgd=optimizer)["rin"] for _ in range(10)]
    assert losses[-1] < losses[0] / 2
