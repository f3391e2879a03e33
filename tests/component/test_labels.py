"""Labels: read from the data, given, or added."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from spacy.language import Language
from toy import (
    ENTITY_LABELS,
    PATTERNS,
    RELATION_LABELS,
    as_example,
    blank,
    gold_doc,
    gold_examples,
    rin_of,
)


def test_labels_are_read_from_the_data(untrained: Language) -> None:
    assert rin_of(untrained).labels == RELATION_LABELS
    assert rin_of(untrained).entity_labels == ENTITY_LABELS


def test_labels_beyond_the_first_examples_are_read_too() -> None:
    nlp = blank()
    plain = [gold_doc(nlp.vocab, *PATTERNS[7])] * 50
    examples = [as_example(nlp, doc) for doc in [*plain, gold_doc(nlp.vocab, *PATTERNS[0])]]
    nlp.initialize(lambda: examples)
    assert rin_of(nlp).labels == ("born_in",)


def test_label_data_is_what_initialize_takes(untrained: Language) -> None:
    labels = rin_of(untrained).label_data
    assert labels == {"entities": list(ENTITY_LABELS), "relations": list(RELATION_LABELS)}
    nlp = blank()
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    assert rin_of(nlp).label_data == labels


def test_given_labels_keep_their_order_and_may_go_beyond_the_data() -> None:
    nlp = blank()
    labels = {"entities": ["PER", "ORG", "LOC"], "relations": ["zoo", *RELATION_LABELS]}
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    assert rin_of(nlp).label_data == labels
    assert math.isfinite(rin_of(nlp).update(gold_examples(nlp)[:2])["rin"])


@pytest.mark.parametrize("given", [{"relations": list(RELATION_LABELS)}, {"entities": ["PER"]}])
def test_labels_that_are_not_given_are_read_from_the_data(given: dict[str, list[str]]) -> None:
    nlp = blank()
    examples = [as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[5]))]  # PER and knows alone
    rin_of(nlp).initialize(lambda: examples, nlp=nlp, labels=given)
    assert rin_of(nlp).label_data == {"entities": ["PER"], "relations": ["knows"]} | given


@pytest.mark.parametrize("labels", [["born_in"], "born_in", {"relation": ["born_in"]}])
def test_labels_of_another_form_are_an_error_that_shows_the_right_one(labels: Any) -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="relations"):
        rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)


def test_labels_beyond_the_data_are_warned_of_since_words_are() -> None:
    nlp = blank()
    examples = gold_examples(nlp)
    labels = {"relations": [*RELATION_LABELS, "painted"]}
    with pytest.warns(UserWarning, match=r"\['painted'\].*first 100"):
        rin_of(nlp).initialize(lambda: examples, nlp=nlp, labels=labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rin_of(nlp).initialize(lambda: examples, nlp=nlp)


def test_gold_label_that_was_not_given_is_an_error_in_training() -> None:
    nlp = blank()
    labels = {"entities": list(ENTITY_LABELS), "relations": ["knows"]}
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    with pytest.raises(ValueError, match="born_in"):
        rin_of(nlp).update(gold_examples(nlp)[:1])


@pytest.mark.parametrize("pattern", [PATTERNS[6], PATTERNS[7]], ids=["no relation", "no entity"])
def test_data_without_labels_is_an_error(pattern: Any) -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="at least one entity label and one relation label"):
        nlp.initialize(lambda: [as_example(nlp, gold_doc(nlp.vocab, *pattern))])


def test_add_label_before_initialisation() -> None:
    nlp = blank()
    assert rin_of(nlp).add_label("knows") == 1
    assert rin_of(nlp).add_label("knows") == 0
    assert rin_of(nlp).add_label("GOD", "entity") == 1
    nlp.initialize(lambda: gold_examples(nlp))
    assert set(rin_of(nlp).labels) == set(RELATION_LABELS)
    assert set(rin_of(nlp).entity_labels) == {*ENTITY_LABELS, "GOD"}


def test_add_label_after_initialisation_is_an_error(untrained: Language) -> None:
    with pytest.raises(ValueError, match="new"):
        rin_of(untrained).add_label("new")
    assert rin_of(untrained).labels == RELATION_LABELS


def test_add_label_that_is_there_is_fine_after_initialisation(untrained: Language) -> None:
    assert rin_of(untrained).add_label("knows") == 0


def test_add_label_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="person"):
        rin_of(blank()).add_label("x", "person")  # type: ignore[arg-type]
