"""Initialisation: what it wants of examples and pipeline, and what does not work before it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from toy import RELATION_LABELS, TWO_WORDS, blank, gold_examples, rin_of, texts, trained

from spacy_rin import set_relations


def test_add_pipe_makes_a_component_without_labels() -> None:
    pipe = rin_of(blank())
    assert pipe.labels == pipe.entity_labels == ()
    assert "doc._.relations" in blank().get_pipe_meta("rin").assigns


def test_default_config_can_be_added_and_initialised() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("rin")
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).labels == RELATION_LABELS


def test_prediction_before_initialisation_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="has no parameters yet"):
        blank()(TWO_WORDS)


def test_update_before_initialisation_is_an_error_that_says_so() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="has no parameters yet"):
        rin_of(nlp).update(gold_examples(nlp)[:2])


def empty_example(nlp: Language) -> Example:
    doc = Doc(nlp.vocab)
    set_relations(doc, [])
    return Example(Doc(nlp.vocab), doc)


def test_first_examples_may_be_empty() -> None:
    nlp = blank()
    examples = [empty_example(nlp)] * 12 + gold_examples(nlp)
    nlp.initialize(lambda: examples)
    assert rin_of(nlp).labels == RELATION_LABELS


def test_initialize_reads_the_examples_as_a_stream() -> None:
    nlp = blank()

    def stream() -> Iterable[Example]:
        yield from gold_examples(nlp)

    nlp.initialize(stream)
    assert rin_of(nlp).labels == RELATION_LABELS


@pytest.mark.training
def test_initialize_again_on_the_same_data_starts_afresh() -> None:
    nlp = trained()
    nlp.initialize(lambda: gold_examples(nlp))
    assert not any(nlp(text)._.relations for text in texts())


def test_initialize_again_on_other_data_takes_its_words_and_labels() -> None:
    nlp = blank()
    nlp.initialize(lambda: gold_examples(nlp)[:1])
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).labels == RELATION_LABELS
    assert math.isfinite(rin_of(nlp).update(gold_examples(nlp))["rin"])


def test_initialize_without_examples_is_spacys_own_error() -> None:
    with pytest.raises(TypeError, match="E930"):
        blank().initialize(lambda: [])


def test_tagger_that_left_its_tok2vec_behind_is_named() -> None:
    other = spacy.blank("en")
    other.add_pipe("tok2vec")
    tagger = other.add_pipe(
        "tagger",
        config={
            "model": {
                "@architectures": "spacy.Tagger.v2",
                "tok2vec": {
                    "@architectures": "spacy.Tok2VecListener.v1",
                    "width": 96,
                    "upstream": "tok2vec",
                },
            }
        },
    )
    tagger.add_label("NN")
    other.initialize()
    nlp = blank()
    nlp.add_pipe("tagger", source=other, first=True)
    # disabled, as a frozen one is while spaCy initialises, and there all the same
    with (
        nlp.select_pipes(disable=["tagger"]),
        pytest.raises(ValueError, match=r"'tagger' listens to 'tok2vec'.*replace_listeners"),
    ):
        nlp.initialize(lambda: gold_examples(nlp))
    nlp.remove_pipe("tagger")
    other.replace_listeners("tok2vec", "tagger", ["model.tok2vec"])
    nlp.add_pipe("tagger", source=other, first=True)
    with nlp.select_pipes(disable=["tagger"]):
        nlp.initialize(lambda: gold_examples(nlp))
